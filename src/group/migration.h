// group/migration.h: a group made anew in the other protocol, with its members and what they own.
//
// Both leave the old group alone: who calls them puts the new one in its place, after the old one's tombstones.
#pragma once

#include <expected>
#include <memory>
#include <set>
#include <string>

#include "group/classic_group.h"
#include "group/consumer_group.h"
#include "group/environment.h"
#include "protocol/messages/consumer_protocol_subscription.h"

namespace tideline::group {

// The members stay as they are and keep the generation as their epoch; `out` gets the records that make the group.
// An error says, for people, why the group cannot be moved.
std::expected<std::unique_ptr<ConsumerGroup>, std::string> upgraded(const ClassicGroup& group, const Environment& environment,
                                                                    Effects& out);

// All members but `leaving`, of which each speaks the classic protocol; stable, in the generation of the epoch, everybody with
// the target assignment. Null when the group cannot be moved.
std::unique_ptr<ClassicGroup> downgraded(const ConsumerGroup& group, const std::set<std::string>& leaving,
                                         const Environment& environment, std::int64_t now_ms);

// What a member of the classic protocol says of itself, as a consumer group writes it.
MemberMetadata classic_metadata(const ClassicMember& member, const protocol::ConsumerProtocolSubscription& subscription);

bool allows_upgrade(MigrationPolicy policy);
bool allows_downgrade(MigrationPolicy policy);

}  // namespace tideline::group
