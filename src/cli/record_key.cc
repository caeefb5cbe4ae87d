#include "cli/record_key.h"

#include <re2/re2.h>

#include "base/result.h"
#include "cli/text_codec.h"

namespace tideline::cli {

// RE2 rather than std::regex: its time is linear in the record, and std::regex recurses once a character.
struct KeyFinder::Pattern {
    explicit Pattern(const std::string& text) : regex("(?m)" + text, RE2::Quiet) {}
    RE2 regex;
};

KeyFinder::KeyFinder() = default;
KeyFinder::KeyFinder(KeyFinder&&) noexcept = default;
KeyFinder::~KeyFinder() = default;

Outcome<KeyFinder> KeyFinder::make(const ProduceOptions& options) {
    KeyFinder finder;
    finder.null_marker_ = options.null_marker;
    finder.optional_ = options.key_optional || (!options.key_separator && !options.key_regex);
    if (options.key_separator) {
        TL_TRY(separator, unescape(*options.key_separator));
        finder.separator_ = separator;
    }
    if (options.key_regex) {
        finder.pattern_ = std::make_unique<Pattern>(*options.key_regex);
        if (!finder.pattern_->regex.ok()) {
            return usage_failure("--key-regex: " + finder.pattern_->regex.error(), "The syntax is RE2's");
        }
    }
    return finder;
}

std::optional<KeyedRecord> KeyFinder::find(std::string_view record) const {
    KeyedRecord keyed{std::nullopt, record};
    if (separator_) {
        if (std::size_t at = record.find(*separator_); at != record.npos) {
            keyed = {record.substr(0, at), record.substr(at + separator_->size())};
        }
    } else if (pattern_ != nullptr) {
        re2::StringPiece found[2];
        int groups = pattern_->regex.NumberOfCapturingGroups() > 0 ? 2 : 1;
        if (pattern_->regex.Match({record.data(), record.size()}, 0, record.size(), RE2::UNANCHORED, found, groups)) {
            const re2::StringPiece& key = found[groups - 1];
            keyed.key = std::string_view(key.data() == nullptr ? record.data() : key.data(), key.size());
        }
    }
    if (!keyed.key && !optional_) {
        return std::nullopt;
    }
    if (null_marker_) {
        keyed.key = keyed.key == *null_marker_ ? std::nullopt : keyed.key;
        keyed.value = keyed.value == *null_marker_ ? std::nullopt : keyed.value;
    }
    return keyed;
}

}  // namespace tideline::cli
