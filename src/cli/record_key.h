// cli/record_key.h: which part of the input is a record's key.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/failure.h"
#include "cli/options.h"

namespace tideline::cli {

// Views into the text it was made from; nullopt is a null key or value.
struct KeyedRecord {
    std::optional<std::string_view> key;
    std::optional<std::string_view> value;
};

class KeyFinder {
public:
    // Refuses a regular expression that does not parse.
    static Outcome<KeyFinder> make(const ProduceOptions& options);
    KeyFinder(KeyFinder&&) noexcept;
    ~KeyFinder();

    // nullopt: the record has no key though it should.
    std::optional<KeyedRecord> find(std::string_view record) const;

private:
    struct Pattern;  // hides RE2

    KeyFinder();

    std::optional<std::string> separator_;
    std::unique_ptr<Pattern> pattern_;
    std::optional<std::string> null_marker_;
    bool optional_ = false;
};

}  // namespace tideline::cli
