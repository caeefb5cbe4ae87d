#include "history/event.h"

#include <utility>

#include "history/json_line.h"

namespace tideline::history {

namespace {

constexpr std::pair<std::string_view, std::string_view Event::*> kTexts[] = {
    {"event", &Event::event},         {"partition", &Event::partition},
    {"value", &Event::value},         {"outcome", &Event::outcome},
    {"name", &Event::name},           {"producer", &Event::producer},
    {"consumer", &Event::consumer},   {"action", &Event::action},
    {"group", &Event::group},         {"transactional_id", &Event::transactional_id},
    {"isolation", &Event::isolation},
};
constexpr std::pair<std::string_view, std::int64_t Event::*> kNumbers[] = {
    {"id", &Event::id},
    {"at", &Event::at},
    {"offset", &Event::offset},
    {"asked", &Event::asked},
    {"position", &Event::position},
    {"next", &Event::next},
    {"end", &Event::end},
    {"epoch", &Event::epoch},
    {"producer_id", &Event::producer_id},
    {"leader_epoch", &Event::leader_epoch},
    {"high_watermark", &Event::high_watermark},
    {"last_stable", &Event::last_stable},
    {"transaction_timeout_ms", &Event::transaction_timeout_ms},
    {"grace_ms", &Event::grace_ms},
};

bool read_text(JsonLine& line, std::string_view name, Event& event) {
    for (const auto& [known, member] : kTexts) {
        if (known == name) {
            event.*member = line.string();
            return true;
        }
    }
    return false;
}

bool read_number(JsonLine& line, std::string_view name, Event& event) {
    for (const auto& [known, member] : kNumbers) {
        if (known == name) {
            event.*member = line.integer();
            return true;
        }
    }
    return false;
}

// [partition, offset]
Event::PartitionOffset read_partition_offset(JsonLine& line) {
    Event::PartitionOffset read{};
    line.begin_array();
    for (int index = 0; line.next_element(); ++index) {
        if (index == 0) {
            read.partition = line.string();
        } else {
            read.offset = line.integer();
        }
    }
    return read;
}

// [offset, value] or [offset, value, intact]
Event::ReadRecord read_record(JsonLine& line) {
    Event::ReadRecord read{.offset = Event::kAbsent, .value = {}, .is_intact = true};
    line.begin_array();
    for (int index = 0; line.next_element(); ++index) {
        if (index == 0) {
            read.offset = line.integer();
        } else if (index == 1) {
            read.value = line.string();
        } else {
            read.is_intact = line.boolean();
        }
    }
    return read;
}

void read_list(JsonLine& line, std::string_view name, Event& event) {
    if (name == "from") {
        event.from = read_partition_offset(line);
        return;
    }
    for (line.begin_array(); line.next_element();) {
        if (name == "records") {
            event.records.push_back(read_record(line));
        } else if (name == "offsets") {
            event.offsets.push_back(read_partition_offset(line));
        } else {
            event.partitions.push_back(line.string());
        }
    }
}

void forget(Event& event) {
    for (const auto& [name, member] : kTexts) {
        event.*member = {};
    }
    for (const auto& [name, member] : kNumbers) {
        event.*member = Event::kAbsent;
    }
    event.is_final = false;
    event.makes_outputs = true;
    event.from = {};
    event.records.clear();
    event.offsets.clear();
    event.partitions.clear();
}

}  // namespace

base::Result<> Event::parse(std::span<char> text) {
    forget(*this);
    JsonLine line(text);
    std::string_view field;
    for (line.begin_object(); line.next_field(field);) {
        if (read_text(line, field, *this) || read_number(line, field, *this)) {
            continue;
        }
        if (field == "records" || field == "offsets" || field == "partitions" || field == "from") {
            read_list(line, field, *this);
        } else if (field == "final") {
            is_final = line.boolean();
        } else if (field == "makes_outputs") {
            makes_outputs = line.boolean();
        } else {
            line.skip();
        }
    }
    if (!line.ok() || !line.at_end()) {
        return base::fail(ErrorCode::invalid_request, "not one JSON object of the format");
    }
    return {};
}

}  // namespace tideline::history
