// Texts that people give to the command line, and the input of `tideline produce`. Byte 0 chooses which.
#include "base/check.h"
#include "cli/instant.h"
#include "cli/position.h"
#include "cli/record_format.h"
#include "cli/record_key.h"
#include "cli/record_splitter.h"
#include "cli/text_codec.h"
#include "input.h"

using namespace tideline;
using namespace tideline::cli;

namespace {

std::int64_t as_utc(std::int64_t) { return 0; }

void instants(std::string_view text) {
    if (auto ms = parse_iso8601(text, as_utc)) {
        TL_CHECK(parse_iso8601(format_iso8601(*ms), as_utc) == ms);
    }
    parse_duration_ms(text);
    if (auto position = parse_position(text, 1'700'000'000'000, as_utc)) {
        std::vector<std::string> warnings;
        resolve({.partition = 0, .earliest = 5, .latest = 9, .from_time = 7, .until_time = -1}, *position, *position, false, warnings);
        resolve({.partition = 0, .earliest = 0, .latest = 0}, *position, std::nullopt, true, warnings);
    }
}

void formats(fuzz::Input& input) {
    const base::ByteView format = input.take(input.byte());
    const std::string_view name = base::as_text(input.take(input.byte() % 8));
    const std::string_view value = base::as_text(input.rest());
    RecordView record{.topic = name, .partition = 3, .offset = 7, .timestamp_kind = TimestampKind::create_time, .timestamp_ms = 1, .key = name, .value = value, .headers = {{name, value}, {name, std::nullopt}}};
    std::string out;
    append_json(out, record);
    TL_CHECK(is_utf8(out) && out.ends_with("}\n"));
    if (auto parsed = RecordFormat::parse(base::as_text(format), "null")) {
        parsed->append(out, record);
    }
}

// Cutting the input at other places must not change its records.
void records(fuzz::Input& input) {
    const auto split_on = static_cast<SplitOn>(input.byte() % 3);
    std::optional<std::string> separator;
    if (const std::size_t length = input.byte() % 4; length > 0) {
        separator = base::as_text(input.take(length));
    }
    const std::size_t piece_bytes = 1 + input.byte() % 16;
    const base::ByteView bytes = input.rest();
    auto split = [&](std::size_t step) {
        if (separator && separator->empty()) {
            separator.reset();
        }
        RecordSplitter splitter(split_on, separator);
        std::vector<std::string> found;
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            splitter.buffer() += base::as_text(bytes.subspan(at, std::min(step, bytes.size() - at)));
            while (auto record = splitter.next()) {
                found.emplace_back(*record);
            }
        }
        if (auto record = splitter.finish()) {
            found.emplace_back(*record);
        }
        return found;
    };
    TL_CHECK(split(piece_bytes) == split(std::max<std::size_t>(1, bytes.size())));
}

void keys(fuzz::Input& input) {
    ProduceOptions options;
    const std::string pattern(base::as_text(input.take(input.byte() % 16)));
    (input.flag() ? options.key_separator : options.key_regex) = pattern;
    options.key_optional = input.flag();
    if (options.key_separator && options.key_separator->empty()) {
        return;
    }
    if (auto finder = KeyFinder::make(options)) {
        finder->find(base::as_text(input.rest()));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    switch (input.byte() % 5) {
        case 0: instants(base::as_text(input.rest())); break;
        case 1: formats(input); break;
        case 2: records(input); break;
        case 3: keys(input); break;
        default: (void)unescape(base::as_text(input.rest()));
    }
    return 0;
}
