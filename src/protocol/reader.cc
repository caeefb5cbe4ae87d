#include "protocol/reader.h"

namespace tideline::protocol {
namespace {

constexpr std::int64_t kMaxStringLength = 0x7fff;  // also in the compact form

}  // namespace

void Reader::fail(ErrorCode code, std::string_view note) {
    if (!error_) {
        error_ = base::Error{code, note, static_cast<std::int64_t>(size_ - in_.remaining())};
    }
    in_ = base::ByteReader({});  // whatever is read from now on is short
}

// nullopt for null, and after a mistake. A length that is returned fits into the bytes that are left.
std::optional<std::size_t> Reader::read_length(bool flexible, bool nullable, bool is_string) {
    std::int64_t length = 0;
    if (flexible) {
        length = static_cast<std::int64_t>(read_unsigned_varint()) - 1;
    } else {
        length = is_string ? read_int16() : read_int32();
    }
    if (!ok()) {
        return std::nullopt;
    }
    if (length < 0) {
        if (!nullable) {
            fail(ErrorCode::corrupt_message, "null where the schema allows none");
        }
        return std::nullopt;
    }
    if (is_string && length > kMaxStringLength) {
        fail(ErrorCode::corrupt_message, "string of more than 32767 bytes");
        return std::nullopt;
    }
    if (static_cast<std::size_t>(length) > in_.remaining()) {
        fail(ErrorCode::corrupt_message, "length beyond the end of the message");
        return std::nullopt;
    }
    return static_cast<std::size_t>(length);
}

bool Reader::charge(std::size_t bytes) {
    if (bytes > budget_) {
        fail(ErrorCode::invalid_request, "message needs more memory than decoding may use");
        return false;
    }
    budget_ -= bytes;
    return true;
}

base::ByteView Reader::view(std::size_t count) { return take(in_.read_bytes(count)); }

std::string Reader::read_string(bool flexible) { return read_nullable_string(flexible, false).value_or(""); }

std::optional<std::string> Reader::read_nullable_string(bool flexible, bool nullable) {
    auto length = read_length(flexible, nullable, true);
    if (!length || !charge(*length)) {
        return std::nullopt;
    }
    return std::string(base::as_text(view(*length)));
}

base::Bytes Reader::read_bytes(bool flexible) { return read_nullable_bytes(flexible, false).value_or(base::Bytes{}); }

std::optional<base::Bytes> Reader::read_nullable_bytes(bool flexible, bool nullable) {
    auto length = read_length(flexible, nullable, false);
    if (!length || !charge(*length)) {
        return std::nullopt;
    }
    base::ByteView bytes = view(*length);
    return base::Bytes(bytes.begin(), bytes.end());
}

Records Reader::read_records(bool flexible, bool nullable) {
    auto length = read_length(flexible, nullable, false);
    return length ? Records::of(view(*length)) : Records::null();
}

std::size_t Reader::read_count(bool flexible, std::size_t min_size, std::size_t element_size) {
    return read_nullable_count(flexible, min_size, element_size, false).value_or(0);
}

std::optional<std::size_t> Reader::read_nullable_count(bool flexible, std::size_t min_size, std::size_t element_size,
                                                       bool nullable) {
    auto count = read_length(flexible, nullable, false);
    if (!count) {
        return std::nullopt;
    }
    if (*count > in_.remaining() / min_size) {
        fail(ErrorCode::corrupt_message, "array of more elements than the message can hold");
        return std::nullopt;
    }
    if (!charge(*count * element_size)) {
        return std::nullopt;
    }
    return count;
}

std::uint32_t Reader::read_tag_count() {
    std::uint32_t count = read_unsigned_varint();
    if (count > in_.remaining() / 2) {
        fail(ErrorCode::corrupt_message, "more tagged fields than the message can hold");
        return 0;
    }
    return count;
}

Reader::Tag Reader::read_tag() {
    std::uint32_t number = read_unsigned_varint();
    std::uint32_t size = read_unsigned_varint();
    if (size > in_.remaining()) {
        fail(ErrorCode::corrupt_message, "tagged field beyond the end of the message");
        return {number, 0};
    }
    return {number, in_.remaining() - size};
}

void Reader::skip_tag(const Tag& tag) {
    if (ok()) {
        view(in_.remaining() - tag.end);
    }
}

void Reader::end_tag(const Tag& tag) {
    if (ok() && in_.remaining() != tag.end) {
        fail(ErrorCode::corrupt_message, "tagged field is not as long as it says");
    }
}

void Reader::skip_tags() {
    for (std::uint32_t left = read_tag_count(); left > 0 && ok(); --left) {
        skip_tag(read_tag());
    }
}

}  // namespace tideline::protocol
