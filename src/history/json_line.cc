#include "history/json_line.h"

#include <charconv>
#include <cstring>

namespace tideline::history {

namespace {

constexpr int kSkippedDepthMax = 64;

void put_utf8(char*& out, unsigned code) {
    if (code < 0x80) {
        *out++ = static_cast<char>(code);
        return;
    }
    if (code < 0x800) {
        *out++ = static_cast<char>(0xC0 | (code >> 6));
    } else {
        *out++ = static_cast<char>(0xE0 | (code >> 12));
        *out++ = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    }
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
}

}  // namespace

bool JsonLine::fail() {
    ok_ = false;
    at_ = end_;
    return false;
}

void JsonLine::blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) {
        ++at_;
    }
}

bool JsonLine::at_end() {
    blanks();
    return at_ == end_;
}

bool JsonLine::expect(char wanted) {
    blanks();
    if (at_ == end_ || *at_ != wanted) {
        return fail();
    }
    ++at_;
    first_ = true;
    return true;
}

bool JsonLine::next(char closing) {
    blanks();
    if (at_ == end_) {
        return fail();
    }
    if (*at_ == closing) {
        ++at_;
        first_ = false;
        return false;
    }
    if (!first_) {
        if (*at_ != ',') {
            return fail();
        }
        ++at_;
    }
    first_ = false;
    return true;
}

bool JsonLine::next_field(std::string_view& name) {
    if (!next('}')) {
        return false;
    }
    name = string();
    blanks();
    if (at_ == end_ || *at_ != ':') {
        return fail();
    }
    ++at_;
    return true;
}

bool JsonLine::next_element() { return next(']'); }

bool JsonLine::is_string() {
    blanks();
    return at_ != end_ && *at_ == '"';
}

std::string_view JsonLine::string() {
    if (!is_string()) {
        fail();
        return {};
    }
    char* const begin = ++at_;
    char* out = begin;
    while (at_ != end_ && *at_ != '"') {
        if (*at_ == '\\') {
            unescape(out);
        } else {
            *out++ = *at_++;
        }
    }
    if (at_ == end_) {
        fail();
        return {};
    }
    ++at_;
    return {begin, static_cast<std::size_t>(out - begin)};
}

// What is unescaped is never longer than what stood there.
void JsonLine::unescape(char*& out) {
    if (end_ - at_ < 2) {
        fail();
        return;
    }
    const char kind = at_[1];
    at_ += 2;
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (const auto index = kNames.find(kind); index != std::string_view::npos) {
        *out++ = kMeant[index];
    } else if (kind == 'u') {
        unescape_unicode(out);
    } else {
        fail();
    }
}

// Halves of a surrogate pair become three bytes each: values need to be told apart, not to be printed well.
void JsonLine::unescape_unicode(char*& out) {
    unsigned code = 0;
    if (end_ - at_ < 4 || std::from_chars(at_, at_ + 4, code, 16).ptr != at_ + 4) {
        fail();
        return;
    }
    at_ += 4;
    put_utf8(out, code);
}

std::int64_t JsonLine::integer() {
    blanks();
    std::int64_t value = 0;
    const auto [after, error] = std::from_chars(at_, end_, value);
    if (error != std::errc{} || (after != end_ && (*after == '.' || *after == 'e' || *after == 'E'))) {
        fail();
        return 0;
    }
    at_ += after - at_;
    return value;
}

bool JsonLine::word(std::string_view wanted) {
    if (static_cast<std::size_t>(end_ - at_) < wanted.size() || std::memcmp(at_, wanted.data(), wanted.size()) != 0) {
        return false;
    }
    at_ += wanted.size();
    return true;
}

bool JsonLine::boolean() {
    blanks();
    if (word("true")) {
        return true;
    }
    return !word("false") && fail();
}

void JsonLine::skip() {
    if (is_string()) {
        string();
    } else if (at_ == end_) {
        fail();
    } else if (*at_ == '[' || *at_ == '{') {
        if (++skipped_depth_ > kSkippedDepthMax) {
            fail();
            return;
        }
        if (*at_ == '[') {
            for (begin_array(); next_element();) {
                skip();
            }
        } else {
            std::string_view name;
            for (begin_object(); next_field(name);) {
                skip();
            }
        }
        --skipped_depth_;
    } else if (!word("null") && !word("true") && !word("false")) {
        static constexpr std::string_view kOfNumbers = "+-.0123456789eE";
        char* const begin = at_;
        while (at_ != end_ && kOfNumbers.contains(*at_)) {
            ++at_;
        }
        if (at_ == begin) {
            fail();
        }
    }
}

}  // namespace tideline::history
