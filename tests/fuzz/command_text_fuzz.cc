// Texts that people give to the command line, the input of `tideline produce`, and what `tideline group reset` makes of offsets. Byte 0 chooses which.
#include "base/check.h"
#include "cli/group/reset_plan.h"
#include "cli/group/topic_selection.h"
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
    (void)parse_topic_selection(std::string(text));
    if (auto position = parse_position(text, 1'700'000'000'000, as_utc)) {
        std::vector<std::string> warnings;
        resolve({.partition = 0, .earliest = 5, .latest = 9, .from_time = 7, .until_time = -1}, *position, *position, false, warnings);
        resolve({.partition = 0, .earliest = 0, .latest = 0}, *position, std::nullopt, true, warnings);
    }
}

void formats(fuzz::Input& input) {
    const base::ByteView format = input.take(input.byte());
    const auto timestamp_ms = static_cast<std::int64_t>(input.number(8));
    const std::string_view name = base::as_text(input.take(input.byte() % 8));
    const std::string_view value = base::as_text(input.rest());
    RecordView record{.topic = name,
                      .partition = 3,
                      .offset = 7,
                      .timestamp_kind = TimestampKind::create_time,
                      .timestamp_ms = timestamp_ms,
                      .key = name,
                      .value = value,
                      .headers = {{name, value}, {name, std::nullopt}}};
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

// A file of offsets: what is read can be written and read again.
void offsets_files(std::string_view text) {
    const auto offsets = parse_offsets_file(text, "offsets.csv");
    if (!offsets) {
        TL_CHECK(!offsets.error().message.empty());
        return;
    }
    std::vector<ResetStep> steps;
    for (const auto& [at, offset] : *offsets) {
        steps.push_back({.now = {.at = at}});
    }
    const auto again = parse_offsets_file(offsets_file(steps, *offsets), "offsets.csv");
    TL_CHECK(again && *again == *offsets);
}

// Where a reset takes a partition, whatever the options say and brokers answer: to an offset that it has.
void resets(fuzz::Input& input) {
    auto offset = [&input] { return static_cast<std::int64_t>(input.number(8) >> 2); };
    const std::uint8_t which = input.byte();
    GroupResetOptions options{.to_earliest = which == 0, .to_latest = which == 1, .to_current = which == 2};
    ResetStep step;
    step.now.earliest = offset();
    step.now.latest = step.now.earliest + static_cast<std::int64_t>(input.number(4));
    if (input.flag()) {
        step.now.committed = offset();
    }
    if (input.flag()) {
        step.size_bytes = static_cast<std::int64_t>(input.number(6));
    }
    const auto number = static_cast<std::int64_t>(input.number(8));
    const std::string text(base::as_text(input.rest()));
    switch (which) {
        case 3: options.to_offset = number; break;
        case 4: options.shift_by = number; break;
        case 5: options.to_datetime = text; break;
        case 6: options.by_duration = text; break;
        case 7: options.from_file = text; break;
        default: break;
    }
    const auto target = reset_target(options, 1'700'000'000'000, as_utc);
    const auto planned = target ? target_offset(step.now, *target, number) : std::unexpected(target.error());
    if (!planned) {
        TL_CHECK(!planned.error().message.empty());
        return;
    }
    step.target = *planned;
    TL_CHECK(!step.target || (*step.target >= step.now.earliest && *step.target <= step.now.latest));
    const ResetSum sum = sum_of({step, step});
    TL_CHECK(sum.again >= 0 && sum.skipped >= 0 && sum.lost >= 0 && step.first() <= step.last());
    TL_CHECK(default_offsets_file(text, number).find('/') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    switch (input.byte() % 7) {
        case 0: instants(base::as_text(input.rest())); break;
        case 1: formats(input); break;
        case 2: records(input); break;
        case 3: keys(input); break;
        case 4: offsets_files(base::as_text(input.rest())); break;
        case 5: resets(input); break;
        default: (void)unescape(base::as_text(input.rest()));
    }
    return 0;
}
