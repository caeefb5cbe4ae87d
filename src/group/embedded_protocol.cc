#include "group/embedded_protocol.h"

#include <algorithm>

#include "group/consumer_records.h"
#include "protocol/messages/consumer_protocol_assignment.h"
#include "protocol/reader.h"
#include "protocol/writer.h"

namespace tideline::group {

namespace {

template <class Message>
std::optional<Message> read(base::ByteView bytes) {
    const std::optional<std::int16_t> version = embedded_version(bytes);
    if (!version) {
        return std::nullopt;
    }
    protocol::Reader in(bytes);
    in.read_int16();
    auto message = Message::decode(in, std::min(*version, Message::kMaxVersion));
    return message ? std::optional<Message>(std::move(*message)) : std::nullopt;
}

template <class TopicPartitions>
Assignment by_topic_id(const TopicPartitions& named, const Topics& topics) {
    struct Entry {
        Uuid topic_id;
        PartitionList partitions;
    };
    std::vector<Entry> known;
    for (const auto& entry : named) {
        if (const std::optional<TopicInfo> topic = topics.find(entry.topic)) {
            known.push_back({.topic_id = topic->id, .partitions = entry.partitions});
        }
    }
    return to_assignment(known);
}

}  // namespace

std::optional<std::int16_t> embedded_version(base::ByteView bytes) {
    base::ByteReader in(bytes);
    const auto version = in.read_int16();
    return version && *version >= 0 ? std::optional<std::int16_t>(*version) : std::nullopt;
}

std::optional<protocol::ConsumerProtocolSubscription> read_subscription(base::ByteView bytes) {
    return read<protocol::ConsumerProtocolSubscription>(bytes);
}

std::optional<EmbeddedAssignment> read_assignment(base::ByteView bytes, const Topics& topics) {
    if (bytes.empty()) {
        return EmbeddedAssignment{};
    }
    const auto assignment = read<protocol::ConsumerProtocolAssignment>(bytes);
    if (!assignment) {
        return std::nullopt;
    }
    return EmbeddedAssignment{.partitions = by_topic_id(assignment->assigned_partitions, topics),
                              .has_user_data = assignment->user_data && !assignment->user_data->empty()};
}

base::Bytes write_assignment(const Assignment& assignment, const Topics& topics, std::int16_t version) {
    protocol::ConsumerProtocolAssignment message;
    for (const auto& [id, partitions] : assignment) {
        if (const std::optional<TopicInfo> topic = topics.find(id)) {
            auto& entry = message.assigned_partitions.emplace_back();
            entry.topic = topic->name;
            entry.partitions = partitions;
        }
    }
    const std::int16_t written = std::min(version, protocol::ConsumerProtocolAssignment::kMaxVersion);
    protocol::Writer out;
    out.write_int16(written);
    message.encode(out, written);
    return out.take();
}

Assignment owned_partitions(const protocol::ConsumerProtocolSubscription& subscription, const Topics& topics) {
    return by_topic_id(subscription.owned_partitions, topics);
}

}  // namespace tideline::group
