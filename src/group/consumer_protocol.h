// group/consumer_protocol.h: consumer groups (KIP-848): heartbeats, target assignments, reconciliation.
//
// One heartbeat: the member is made or updated; if what the group wants has changed, its epoch moves and a new target assignment is
// computed; then this member takes its next step towards that. Others take theirs with their own heartbeats.
// Not served: moving a group with members from one protocol to the other. A classic member of a consumer group finds
// INCONSISTENT_GROUP_PROTOCOL, a consumer member of a classic one GROUP_ID_NOT_FOUND, as in Kafka with
// group.consumer.migration.policy=disabled.
#pragma once

#include <expected>
#include <string>

#include "group/consumer_changes.h"
#include "group/effects.h"
#include "group/environment.h"

namespace tideline::group {

// A topic that was just created is looked for by regular expressions this long after they were last resolved, at the earliest.
inline constexpr std::int64_t kRegexRefreshMinIntervalMs = 10'000;

class ConsumerProtocol {
public:
    explicit ConsumerProtocol(Environment& environment) : environment_(environment) {}

    void heartbeat(Ticket, const ClientInfo&, const protocol::ConsumerGroupHeartbeatRequest&, const Now&, Effects&);
    void describe(Ticket, const ClientInfo&, const std::vector<std::string>& group_ids, const Now&, Effects&);

    // Members of a consumer group that speak the classic protocol. `group` is of type consumer; to a join it is not empty
    // (Coordinator turns an empty one into a classic group).
    void classic_join(Group& group, Ticket, const ClientInfo&, const protocol::JoinGroupRequest&, const Now&, Effects&);
    void classic_sync(Group& group, Ticket, const ClientInfo&, const protocol::SyncGroupRequest&, const Now&, Effects&);
    void classic_heartbeat(Group& group, Ticket, const ClientInfo&, const protocol::HeartbeatRequest&, const Now&, Effects&);
    void classic_leave(Group& group, Ticket, const ClientInfo&, const protocol::LeaveGroupRequest&, const Now&, Effects&);

    // A timer of `group` is due. Who changed a group's timers calls environment_.groups.schedule().
    void expire(Group& group, const Now&, Effects&);
    void topics_changed(const Now&, Effects&);

    // True when `type` (the record's key type) is one of the consumer protocol's.
    static bool owns(std::int16_t type);
    // `key` and `value` stand behind their two bytes of type or version.
    base::Result<> replay(std::int16_t type, base::ByteView key, std::optional<base::ByteView> value, const Now&);
    void finish_load(Group& group, const Now&, Effects&);

private:
    using Request = protocol::ConsumerGroupHeartbeatRequest;
    using Response = protocol::ConsumerGroupHeartbeatResponse;

    // What the client is told instead. Nothing has changed.
    struct Refusal {
        ErrorCode code;
        std::string message;
    };
    template <class T>
    using Judged = std::expected<T, Refusal>;
    static std::unexpected<Refusal> refuse(ErrorCode code, std::string message) {
        return std::unexpected(Refusal{code, std::move(message)});
    }

    // What a heartbeat will do, decided before anything changes.
    struct Plan {
        std::string member_id;
        std::string replaces;  // the member whose place it takes, of the same instance; often ""
        bool is_new = false;   // has no metadata in the group yet
        MemberMetadata before;
        MemberMetadata after;
        std::optional<Assignment> owned;
        std::string resolve;  // an expression nobody had before; often ""
        ResolvedRegex resolved;

        bool regex_changed() const { return before.subscribed_topic_regex != after.subscribed_topic_regex; }
        bool topics_changed() const { return before.subscribed_topic_names != after.subscribed_topic_names; }
    };

    Judged<Response> join_or_stay(const ClientInfo&, const Request&, const Now&, Effects&);
    Judged<Response> leave(const Request&, Effects&);
    std::optional<Refusal> why_invalid_request(const ClientInfo&, const Request&) const;
    // The group a heartbeat is for; null when it is to be made.
    Judged<ConsumerGroup*> find_group(const Request&) const;
    Judged<Plan> plan(const ConsumerGroup* group, const ClientInfo&, const Request&, const Now&) const;
    std::optional<Refusal> find_dynamic_member(const ConsumerGroup* group, const Request&, Plan&) const;
    std::optional<Refusal> find_static_member(const ConsumerGroup* group, const Request&, Plan&) const;
    std::optional<Refusal> plan_regex(const ConsumerGroup* group, const std::string& group_id, const Now&, Plan&) const;
    ConsumerGroup& make_group(const std::string& group_id, Effects&);

    void update_member(ConsumerGroup&, ConsumerChanges&, const Plan&) const;
    // Whether an expression of the group matches other topics than before.
    bool refresh_regexes(ConsumerGroup&, ConsumerChanges&, const Now&) const;
    void update_epoch(ConsumerGroup&, ConsumerChanges&, bool bump) const;
    void update_targets(ConsumerGroup&, ConsumerChanges&) const;
    void reconcile_member(ConsumerGroup&, ConsumerChanges&, const Plan&, const Now&) const;
    void fence(ConsumerGroup&, const std::vector<std::string>& member_ids, Effects&) const;
    ResolvedRegex resolve(const std::string& regex, const Now&) const;
    std::string_view assignor_name(const ConsumerGroup&) const;
    bool fits(const Record& record) const;

    Environment& environment_;
    std::uint64_t metadata_serial_ = 1;  // moves with every image
};

}  // namespace tideline::group
