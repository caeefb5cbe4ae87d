// group/consumer_protocol.h: consumer groups (KIP-848): heartbeats, target assignments, reconciliation.
//
// One heartbeat: the member is made or updated; if what the group wants has changed, its epoch moves and a new target assignment is
// computed; then this member takes its next step towards that. Others take theirs with their own heartbeats.
// A consumer member that joins a classic group makes a consumer group of it (migration.h); its members go on with the classic
// protocol. A join of theirs is what a heartbeat is to the others, and waits for nobody. When only they are left, the group
// becomes a classic one again. group.consumer.migration.policy says which of that is allowed.
#pragma once

#include <expected>
#include <memory>
#include <set>
#include <string>

#include "group/classic_protocol.h"
#include "group/consumer_changes.h"
#include "group/effects.h"
#include "group/environment.h"

namespace tideline::group {

// A topic that was just created is looked for by regular expressions this long after they were last resolved, at the earliest.
inline constexpr std::int64_t kRegexRefreshMinIntervalMs = 10'000;

class ConsumerProtocol {
public:
    // Both are borrowed.
    ConsumerProtocol(Environment& environment, ClassicProtocol& classic) : environment_(environment), classic_(classic) {}

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
    Judged<Response> leave(const Request&, const Now&, Effects&);
    std::optional<Refusal> why_invalid_request(const ClientInfo&, const Request&) const;
    // The group a heartbeat is for, or the one that a classic group is to become, with the records of that; nothing when it
    // is to be made.
    struct Found {
        ConsumerGroup* group = nullptr;
        std::unique_ptr<ConsumerGroup> upgraded;
        Effects upgrade;

        ConsumerGroup* any() const { return upgraded ? upgraded.get() : group; }
    };
    Judged<Found> find_group(const Request&) const;
    Judged<Plan> plan(const ConsumerGroup* group, const ClientInfo&, const Request&, const Now&) const;
    std::optional<Refusal> find_dynamic_member(const ConsumerGroup* group, const Request&, Plan&) const;
    std::optional<Refusal> find_static_member(const ConsumerGroup* group, const Request&, Plan&) const;
    std::optional<Refusal> plan_regex(const ConsumerGroup* group, const std::string& group_id, const Now&, Plan&) const;
    ConsumerGroup& make_group(const std::string& group_id, Effects&);
    ConsumerGroup& upgrade(Found, const Now&, Effects&);

    using JoinRequest = protocol::JoinGroupRequest;
    std::expected<Plan, ErrorCode> plan_classic(const ConsumerGroup&, const ClientInfo&, const JoinRequest&, ClassicProtocols) const;
    ErrorCode find_classic_member(const ConsumerGroup&, const JoinRequest&, Plan&) const;
    void join_by_plan(ConsumerGroup&, Ticket, const JoinRequest&, const Plan&, const Now&, Effects&);
    bool may_downgrade(const ConsumerGroup&, const std::set<std::string>& without, bool replaced) const;
    // Puts a classic group in its place; null when that cannot be, and nothing has changed. `group` is gone afterwards.
    ClassicGroup* downgrade(ConsumerGroup& group, const std::set<std::string>& leaving, const Now&, Effects&) const;

    void update_member(ConsumerGroup&, ConsumerChanges&, const Plan&) const;
    // What follows from it for the group, and for this member.
    void go_on(ConsumerGroup&, ConsumerChanges&, const Plan&, const Now&) const;
    // Whether an expression of the group matches other topics than before.
    bool refresh_regexes(ConsumerGroup&, ConsumerChanges&, const Now&) const;
    void update_epoch(ConsumerGroup&, ConsumerChanges&, bool bump) const;
    void update_targets(ConsumerGroup&, ConsumerChanges&) const;
    void reconcile_member(ConsumerGroup&, ConsumerChanges&, const Plan&, const Now&) const;
    // False when the group was downgraded, and is gone.
    bool fence(ConsumerGroup&, const std::vector<std::string>& member_ids, const Now&, Effects&) const;
    ResolvedRegex resolve(const std::string& regex, const Now&) const;
    std::string_view assignor_name(const ConsumerGroup&) const;
    bool fits(const Record& record) const;
    // Whether everything that the plan brings about does; null stands for a group that is to be made.
    bool fits(const ConsumerGroup* group, const std::string& group_id, const Plan&, const Now&) const;
    bool may_write_assignments(const ConsumerGroup* group, const Plan&) const;
    std::size_t assignment_bytes_max() const;

    Environment& environment_;
    ClassicProtocol& classic_;
    std::uint64_t metadata_serial_ = 1;  // moves with every image
    // Of an assignment of all partitions there are, and for which image that was counted.
    mutable std::size_t all_partitions_bytes_ = 0;
    mutable std::uint64_t all_partitions_serial_ = 0;
};

}  // namespace tideline::group
