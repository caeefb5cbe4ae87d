#include "cli/group/group_view.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;

std::vector<PartitionView> partitions_of(const GroupOffsets& committed, const std::vector<GroupMember>& members) {
    std::map<TopicPartition, PartitionView> views;
    for (const auto& [at, offset] : committed) {
        views[at].committed = offset;
    }
    for (const GroupMember& member : members) {
        for (const TopicPartition& at : member.assignment) {
            views[at].member = member.name();
        }
    }
    std::vector<PartitionView> list;
    for (auto& [at, view] : views) {
        view.at = at;
        list.push_back(std::move(view));
    }
    return list;
}

}  // namespace

std::int64_t GroupView::total_lag() const {
    std::int64_t total = 0;
    for (const PartitionView& partition : partitions) {
        total += partition.lag().value_or(0);
    }
    return total;
}

Outcome<> look_up_bounds(KafkaClient& client, std::vector<PartitionView>& partitions) {
    TL_TRY(metadata, client.metadata());
    std::set<std::string> topics;
    for (const PartitionView& partition : partitions) {
        topics.insert(partition.at.topic);
    }
    for (const std::string& name : topics) {
        auto topic = metadata.topics.find(name);
        if (topic == metadata.topics.end()) {
            continue;
        }
        std::vector<std::int32_t> ids;
        for (const PartitionInfo& partition : topic->second.partitions) {
            ids.push_back(partition.id);
        }
        TL_TRY(earliest, client.offsets_at(topic->second, ids, kEarliest));
        TL_TRY(latest, client.offsets_at(topic->second, ids, kLatest));
        for (PartitionView& view : partitions) {
            if (view.at.topic == name && latest.contains(view.at.partition)) {
                view.earliest = earliest[view.at.partition];
                // Asked one after the other: a topic made anew meanwhile may end before it began.
                view.latest = std::max(view.earliest, latest[view.at.partition]);
            }
        }
    }
    return {};
}

std::optional<std::int64_t> timestamp_at(KafkaClient& client, const TopicPartition& at, std::int64_t offset) {
    rd_kafka_topic_t* topic = rd_kafka_topic_new(client.handle(), at.topic.c_str(), nullptr);
    std::optional<std::int64_t> found;
    if (rd_kafka_consume_start(topic, at.partition, offset) == 0) {
        rd_kafka_message_t* message = rd_kafka_consume(topic, at.partition, client.timeout_ms());
        if (message != nullptr) {
            std::int64_t timestamp = rd_kafka_message_timestamp(message, nullptr);
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && timestamp >= 0) {
                found = timestamp;
            }
            rd_kafka_message_destroy(message);
        }
        rd_kafka_consume_stop(topic, at.partition);
    }
    rd_kafka_topic_destroy(topic);
    return found;
}

Outcome<GroupView> look_at_group(KafkaClient& client, const std::string& group) {
    GroupAdmin admin(client);
    GroupView view;
    TL_TRY(description, admin.describe(group));
    view.description = std::move(description);
    TL_TRY(committed, admin.committed(group));
    if (!view.description.exists() && committed.empty()) {
        return std::unexpected(client.failure(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND, fmt::format("find '{}'", group),
                                              "there is no such group"));
    }
    view.partitions = partitions_of(committed, view.description.members);
    TL_TRY_VOID(look_up_bounds(client, view.partitions));
    return view;
}

Json to_json(const PartitionView& partition) {
    auto known = [](const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); };
    return {{"topic", partition.at.topic},
            {"partition", partition.at.partition},
            {"committed", known(partition.committed)},
            {"earliest", partition.earliest < 0 ? Json() : Json(partition.earliest)},
            {"latest", partition.latest < 0 ? Json() : Json(partition.latest)},
            {"lag", known(partition.lag())},
            {"lost", partition.lost()},
            {"member", partition.member.empty() ? Json() : Json(partition.member)}};
}

Json to_json(const std::vector<TopicPartition>& partitions) {
    Json list = Json::array();
    for (const TopicPartition& at : partitions) {
        list.push_back({{"topic", at.topic}, {"partition", at.partition}});
    }
    return list;
}

Json to_json(const GroupMember& member) {
    return {{"member", member.id},
            {"instance", member.instance_id.empty() ? Json() : Json(member.instance_id)},
            {"client", member.client_id},
            {"host", member.host},
            {"assignment", to_json(member.assignment)},
            {"moving_to", member.moving_to ? to_json(*member.moving_to) : Json()}};
}

std::string joined(const std::vector<TopicPartition>& partitions) {
    std::string text;
    for (const TopicPartition& at : partitions) {
        text += fmt::format("{}{}-{}", text.empty() ? "" : ", ", at.topic, at.partition);
    }
    return text;
}

Outcome<ExitCode> repeat(KafkaClient& client, Console& console, const std::optional<double>& every_seconds,
                         const std::function<Outcome<>()>& show) {
    constexpr int kSliceMs = 50;  // Ctrl-C is seen after one
    for (;;) {
        if (every_seconds && console.out_is_terminal()) {
            console.print("\x1b[H\x1b[2J");
        }
        TL_TRY_VOID(show());
        console.flush();
        if (!every_seconds) {
            return ExitCode::ok;
        }
        double next = terminal::steady_seconds() + *every_seconds;
        while (terminal::steady_seconds() < next) {
            rd_kafka_poll(client.handle(), kSliceMs);
            if (terminal::interrupted() || console.out_failed() || terminal::out_reader_gone()) {
                return ExitCode::ok;  // how a live view ends
            }
        }
    }
}

}  // namespace tideline::cli
