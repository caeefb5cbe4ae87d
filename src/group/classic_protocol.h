// group/classic_protocol.h: what happens in classic groups: joins, syncs, heartbeats, leaves, and the timers.
//
// A rebalance: the first join moves the group to PreparingRebalance, all members join (or run out of time), everybody is
// answered with the new generation, the leader's sync brings the assignment, which is written and handed to all.
// A join and a sync park their ticket in the member until then.
#pragma once

#include "group/classic_group.h"
#include "group/environment.h"

namespace tideline::group {

// Limits that Kafka does not have. A group that needs more could not write its record anyway.
inline constexpr std::size_t kClassicProtocolsMax = 1'000;                       // of one member
inline constexpr std::size_t kClassicMemberBytesMax = std::size_t{4} << 20;      // of one member's protocols
inline constexpr std::size_t kClassicGroupBytesMax = std::size_t{64} << 20;      // of all members' protocols
inline constexpr std::size_t kClassicPendingMax = 1'000;                         // the oldest gives way
inline constexpr std::int32_t kNewMemberTimeoutMs = 300'000;                     // to finish the first join

// Without names that come twice, which would vote twice.
ClassicProtocols distinct_protocols(const protocol::JoinGroupRequest& request);
std::int32_t rebalance_timeout_of(const protocol::JoinGroupRequest& request);

class ClassicProtocol {
public:
    explicit ClassicProtocol(Environment& environment) : environment_(environment) {}

    // Why this join is refused whatever its group is; nullopt when it is not.
    std::optional<ErrorCode> why_refused(const protocol::JoinGroupRequest& request, const ClassicProtocols& protocols) const;
    // Why this join may not begin a group; nullopt when it may.
    std::optional<ErrorCode> why_no_new_group(const protocol::JoinGroupRequest& request) const;
    // The group is a classic one or does not exist.
    void join(Ticket, const ClientInfo&, const protocol::JoinGroupRequest&, const Now&, Effects&);
    void sync(ClassicGroup&, Ticket, const protocol::SyncGroupRequest&, const Now&, Effects&);
    void heartbeat(ClassicGroup&, Ticket, const protocol::HeartbeatRequest&, const Now&, Effects&);
    void leave(ClassicGroup&, Ticket, const ClientInfo&, const protocol::LeaveGroupRequest&, const Now&, Effects&);

    void expire(ClassicGroup&, const Now&, Effects&);
    // A commit of a member: it lives.
    void note_commit(ClassicGroup&, std::string_view member_id, const Now&);
    void finish_load(ClassicGroup&, const Now&, Effects&);

    // A group that has come from the consumer protocol, stable: its members' sessions run from now on.
    void adopt(ClassicGroup&, const Now&);
    // Everybody has to join again. Needs any state but PreparingRebalance.
    void prepare_rebalance(ClassicGroup&, const Now&, Effects&);

private:
    using JoinRequest = protocol::JoinGroupRequest;

    static const ClassicMember* predecessor(const ClassicGroup&, const JoinRequest&);
    bool has_room(const ClassicGroup&, const JoinRequest&) const;
    // Whether members may take so much instead of what they took before.
    bool has_memory(std::size_t before, std::size_t needed) const;
    // Why a member may not say this; `before` is what it was, nullptr for a new one.
    ErrorCode why_no_memory(const ClassicGroup&, const ClassicMember* before, const ClassicProtocols&) const;
    void join_as_new(ClassicGroup&, Ticket, const ClientInfo&, const JoinRequest&, ClassicProtocols, const Now&, Effects&);
    void join_as_pending(ClassicGroup&, std::string member_id, Ticket, const JoinRequest&, const Now&, Effects&);
    void join_again(ClassicGroup&, Ticket, const JoinRequest&, ClassicProtocols, const Now&, Effects&);
    void add_member(ClassicGroup&, std::string member_id, Ticket, const ClientInfo&, const JoinRequest&, ClassicProtocols,
                    const Now&, Effects&);
    void update_member(ClassicGroup&, ClassicMember&, Ticket, const JoinRequest&, ClassicProtocols, const Now&, Effects&);
    void replace_static_member(ClassicGroup&, const std::string& old_id, std::string new_id, Ticket, const ClientInfo&,
                               const JoinRequest&, ClassicProtocols, const Now&, Effects&);
    void answer_unchanged_static(ClassicGroup&, ClassicMember&, const std::optional<std::string>& old_leader,
                                 const ClientInfo&, const Now&, Effects&);

    void take_assignment(ClassicGroup&, const protocol::SyncGroupRequest&, const Now&, Effects&);
    // `bytes_before`: what the members took without the assignments that the record has.
    ErrorCode why_not_assigned(const ClassicGroup&, std::size_t bytes_before, const Record& record) const;
    void propagate_assignment(ClassicGroup&, ErrorCode, const Now&, Effects&);

    void rebalance_or_complete(ClassicGroup&, const Now&, Effects&);
    void maybe_complete_join(ClassicGroup&, const Now&, Effects&);
    void complete_join(ClassicGroup&, const Now&, Effects&);
    void end_initial_delay(ClassicGroup&, const Now&, Effects&);
    void expire_pending_sync(ClassicGroup&, const Now&, Effects&);
    void expire_session(ClassicGroup&, const std::string& member_id, const Now&, Effects&);
    void tell_of_removal(ClassicGroup&, const std::string& member_id, Removal why);
    void drop_pending(ClassicGroup&, const std::string& member_id, const Now&, Effects&);
    ErrorCode leave_one(ClassicGroup&, const protocol::LeaveGroupRequest::MemberIdentity&, Effects&);

    void keep_alive(ClassicGroup&, ClassicMember&, const Now&);

    Environment& environment_;
};

}  // namespace tideline::group
