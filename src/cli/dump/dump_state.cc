// Producer state and the text files with one number a line.
#include <fmt/format.h>

#include "base/result.h"
#include "cli/dump/dumpers.h"
#include "cli/json.h"
#include "log/checkpoint_file.h"
#include "log/leader_epochs.h"
#include "log/producer_snapshot.h"

namespace tideline::cli {
namespace {

std::string text_of(const log::ProducerEntry& p) {
    std::string text = fmt::format(
        "producer_id={} producer_epoch={} last_sequence={} last_offset={} offset_delta={} last_timestamp={} "
        "coordinator_epoch={}",
        p.producer_id, p.producer_epoch, p.last_sequence(), p.last_data_offset(), p.last_offset_delta(), p.last_timestamp,
        p.coordinator_epoch);
    return p.has_open_transaction() ? text + fmt::format(" transaction_first_offset={}", p.transaction_first_offset) : text;
}

std::string json_of(const log::ProducerEntry& p) {
    Json object{{"producer_id", p.producer_id},
                {"producer_epoch", p.producer_epoch},
                {"last_sequence", p.last_sequence()},
                {"last_offset", p.last_data_offset()},
                {"offset_delta", p.last_offset_delta()},
                {"last_timestamp", p.last_timestamp},
                {"coordinator_epoch", p.coordinator_epoch},
                {"transaction_first_offset",
                 p.has_open_transaction() ? Json(p.transaction_first_offset) : Json(nullptr)}};
    return object.dump();
}

// The byte where a line of `text` begins; lines are views into it.
std::uint64_t position_of(base::ByteView text, std::string_view line) {
    return static_cast<std::uint64_t>(reinterpret_cast<const std::uint8_t*>(line.data()) - text.data());
}

// The checkpoint's lines after version and count, or damage.
std::vector<std::string_view> lines_of(base::ByteView text, DumpOutput& out) {
    auto lines = log::read_checkpoint_lines(text);
    if (!lines) {
        // The first line is the version; everything else concerns the count below it.
        std::size_t first_end = base::as_text(text).find('\n');
        bool version_is_fine = base::as_text(text).substr(0, first_end) == "0";
        out.damage(version_is_fine && first_end != std::string_view::npos ? first_end + 1 : 0,
                   std::string(lines.error().note));
        return {};
    }
    return *lines;
}

}  // namespace

Outcome<> dump_producer_state(InputFile& file, DumpOutput& out) {
    TL_TRY(bytes, file.all());
    auto producers = log::decode_producer_snapshot(bytes);
    if (!producers) {
        out.damage(0, fmt::format("{} ({})", producers.error().note, producers.error().detail));
        return {};
    }
    for (const log::ProducerEntry& producer : *producers) {
        out.entry(out.json() ? json_of(producer) : text_of(producer));
    }
    return {};
}

Outcome<> dump_offset_checkpoint(InputFile& file, DumpOutput& out) {
    TL_TRY(bytes, file.all());
    for (std::string_view line : lines_of(bytes, out)) {
        std::size_t blank = line.find(' ');
        std::string_view topic = line.substr(0, blank);
        std::int64_t numbers[2];
        if (blank == line.npos || topic.empty() || !log::parse_numbers(line.substr(blank + 1), numbers)) {
            out.damage(position_of(bytes, line), "the line is not a topic, a partition and an offset");
            continue;
        }
        out.entry(out.json()
                      ? Json{{"topic", topic}, {"partition", numbers[0]}, {"offset", numbers[1]}}.dump(
                            -1, ' ', false, Json::error_handler_t::replace)
                      : fmt::format("topic={} partition={} offset={}", topic, numbers[0], numbers[1]));
    }
    return {};
}

Outcome<> dump_leader_epochs(InputFile& file, DumpOutput& out) {
    TL_TRY(bytes, file.all());
    std::int64_t epoch_before = -1;
    std::int64_t start_before = -1;
    for (std::string_view line : lines_of(bytes, out)) {
        std::int64_t numbers[2];
        if (!log::parse_numbers(line, numbers)) {
            out.damage(position_of(bytes, line), "the line is not an epoch and an offset");
            continue;
        }
        out.entry(out.json() ? fmt::format(R"({{"epoch":{},"start_offset":{}}})", numbers[0], numbers[1])
                             : fmt::format("epoch={} start_offset={}", numbers[0], numbers[1]));
        if (numbers[0] <= epoch_before || numbers[1] <= start_before) {
            out.damage(position_of(bytes, line), "epoch and start offset do not ascend");
        }
        epoch_before = numbers[0];
        start_before = numbers[1];
    }
    return {};
}

}  // namespace tideline::cli
