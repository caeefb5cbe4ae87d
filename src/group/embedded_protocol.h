// group/embedded_protocol.h: what consumers tell each other inside the classic protocol: subscriptions and assignments as bytes.
//
// Each begins with its version in two bytes; a version from the future is read as the newest that is known.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "group/assignment.h"
#include "group/topics.h"
#include "protocol/messages/consumer_protocol_subscription.h"

namespace tideline::group {

// nullopt: not readable.
std::optional<std::int16_t> embedded_version(base::ByteView bytes);
std::optional<protocol::ConsumerProtocolSubscription> read_subscription(base::ByteView bytes);

struct EmbeddedAssignment {
    Assignment partitions;       // of the topics that exist
    bool has_user_data = false;  // an assignor's own, which nobody else understands
};
// No bytes at all are an assignment of nothing.
std::optional<EmbeddedAssignment> read_assignment(base::ByteView bytes, const Topics& topics);
base::Bytes write_assignment(const Assignment& assignment, const Topics& topics, std::int16_t version);
// What a subscription says its member owns.
Assignment owned_partitions(const protocol::ConsumerProtocolSubscription& subscription, const Topics& topics);

}  // namespace tideline::group
