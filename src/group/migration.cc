#include "group/migration.h"

#include <fmt/format.h>

#include <algorithm>

#include "group/consumer_changes.h"
#include "group/consumer_records.h"
#include "group/embedded_protocol.h"
#include "group/metadata_hash.h"

namespace tideline::group {

namespace {

using Metadata = std::map<std::string, MemberMetadata, std::less<>>;
using Assignments = std::map<std::string, Assignment, std::less<>>;

std::unexpected<std::string> refuse(const ClassicGroup& group, std::string_view why) {
    return std::unexpected(fmt::format("Cannot upgrade classic group {} to consumer group because {}.", group.id(), why));
}

// Leaders are trusted with assignments in the classic protocol, here they are not.
bool overlaps(const Assignments& assignments) {
    std::set<std::pair<Uuid, std::int32_t>> owned;
    for (const auto& [member_id, assignment] : assignments) {
        for (const auto& [topic, partitions] : assignment) {
            for (const std::int32_t partition : partitions) {
                if (!owned.emplace(topic, partition).second) {
                    return true;
                }
            }
        }
    }
    return false;
}

}  // namespace

MemberMetadata classic_metadata(const ClassicMember& member, const protocol::ConsumerProtocolSubscription& subscription) {
    MemberMetadata metadata = no_metadata();
    metadata.instance_id = member.instance_id;
    if (subscription.rack_id && !subscription.rack_id->empty()) {
        metadata.rack_id = subscription.rack_id;
    }
    metadata.client_id = member.client_id;
    metadata.client_host = member.client_host;
    metadata.subscribed_topic_names = subscription.topics;
    std::ranges::sort(metadata.subscribed_topic_names);
    const auto repeated = std::ranges::unique(metadata.subscribed_topic_names);
    metadata.subscribed_topic_names.erase(repeated.begin(), repeated.end());
    metadata.rebalance_timeout_ms = member.rebalance_timeout_ms;
    auto& classic = metadata.classic_member_metadata.emplace(MemberMetadata::ClassicMemberMetadata{});
    classic.session_timeout_ms = member.session_timeout_ms;
    for (const auto& supported : member.protocols) {
        auto& entry = classic.supported_protocols.emplace_back();
        entry.name = supported.name;
        entry.metadata = supported.metadata;
    }
    return metadata;
}

bool allows_upgrade(MigrationPolicy policy) {
    return policy == MigrationPolicy::upgrade || policy == MigrationPolicy::bidirectional;
}

bool allows_downgrade(MigrationPolicy policy) {
    return policy == MigrationPolicy::downgrade || policy == MigrationPolicy::bidirectional;
}

std::expected<std::unique_ptr<ConsumerGroup>, std::string> upgraded(const ClassicGroup& group, const Environment& environment,
                                                                    Effects& out) {
    if (!allows_upgrade(environment.config.consumer_migration_policy)) {
        return refuse(group, "online upgrade is disabled");
    }
    if (group.protocol_type() != kConsumerProtocolType) {
        return refuse(group, "the group does not use the consumer embedded protocol");
    }
    if (group.member_count() > static_cast<std::size_t>(environment.config.consumer_max_size)) {
        return refuse(group, "the group size exceeds the consumer group maximum size");
    }
    // The name of the last generation may be unset, or no longer everybody's.
    const std::string protocol = group.members().empty() ? "" : group.select_protocol();
    Metadata metadata;
    Assignments assignments;
    for (const auto& [member_id, member] : group.members()) {
        const auto assignment = read_assignment(member.assignment, environment.topics);
        const auto subscription = read_subscription(member.metadata_for(protocol));
        if (!assignment || !subscription) {
            return refuse(group, "the embedded consumer protocol is malformed");
        }
        if (assignment->has_user_data) {
            return refuse(group, "an unsupported custom assignor is in use. Please refer to the documentation or switch to a default "
                                 "assignor before re-attempting the upgrade");
        }
        const auto& said = metadata.emplace(member_id, classic_metadata(member, *subscription)).first->second;
        const Record record = member_metadata_record(group.id(), member_id, said);
        if (record.key.size() + record.value->size() > environment.config.record_bytes_max) {
            return refuse(group, "what a member says of itself does not fit into a record");
        }
        assignments.emplace(member_id, assignment->partitions);
    }
    if (overlaps(assignments)) {
        return refuse(group, "a partition is assigned to two members");
    }

    auto made = std::make_unique<ConsumerGroup>(group.id());
    ConsumerChanges changes(*made, out);
    for (const auto& [member_id, said] : metadata) {
        changes.set_metadata(member_id, said);
    }
    changes.set_epoch(group.generation(), metadata_hash(environment.topics, made->subscriptions().topic_names()));
    for (const auto& [member_id, assignment] : assignments) {
        changes.set_target(member_id, assignment);
    }
    changes.set_assignment_epoch(group.generation());
    for (const auto& [member_id, assignment] : assignments) {
        changes.set_current(member_id, {.epoch = group.generation(),
                                        .previous_epoch = group.generation(),
                                        .state = MemberState::stable,
                                        .assigned = assignment,
                                        .pending_revocation = {}});
    }
    return made;
}

std::unique_ptr<ClassicGroup> downgraded(const ConsumerGroup& group, const std::set<std::string>& leaving,
                                         const Environment& environment, std::int64_t now_ms) {
    auto made = std::make_unique<ClassicGroup>(group.id(), now_ms);
    for (const auto& [member_id, member] : group.members()) {
        if (leaving.contains(member_id)) {
            continue;
        }
        if (!member.uses_classic_protocol()) {
            return nullptr;
        }
        const auto& classic = *member.metadata.classic_member_metadata;
        ClassicProtocols protocols;
        for (const auto& supported : classic.supported_protocols) {
            auto& entry = protocols.emplace_back();
            entry.name = supported.name;
            entry.metadata = supported.metadata;
        }
        made->add({.id = member_id,
                   .instance_id = member.metadata.instance_id,
                   .client_id = member.metadata.client_id,
                   .client_host = member.metadata.client_host,
                   .rebalance_timeout_ms = member.metadata.rebalance_timeout_ms,
                   .session_timeout_ms = classic.session_timeout_ms,
                   .protocols = std::move(protocols)},
                  kConsumerProtocolType);
    }
    if (made->member_count() == 0 || made->member_count() > static_cast<std::size_t>(environment.config.max_size)) {
        return nullptr;
    }
    const std::string protocol = made->select_protocol();
    for (auto& [member_id, member] : made->members()) {
        const std::optional<std::int16_t> version = embedded_version(member.metadata_for(protocol));
        if (!version) {
            return nullptr;
        }
        made->assign(member, write_assignment(group.target(member_id), environment.topics, *version));
    }
    made->become_stable(group.epoch(), now_ms);
    return made;
}

}  // namespace tideline::group
