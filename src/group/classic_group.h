// group/classic_group.h: one group of the classic protocol: members, generation, votes, and who waits for an answer.
//
//   Empty ──prepare──► PreparingRebalance ──next_generation──► CompletingRebalance ──stabilize──► Stable
//     ▲                  │     ▲                                        │                          │
//     └─next_generation──┘     └────────────────prepare─────────────────┴──────────prepare─────────┘
//
// The class keeps the books straight (counts of votes and of waiting members, static members, deadlines); what happens
// when is decided by ClassicProtocol. A deleted group is gone: there is no Dead state here.
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "group/group.h"
#include "protocol/messages/group_metadata_record.h"

namespace tideline::group {

inline constexpr std::string_view kConsumerProtocolType = "consumer";

using ClassicProtocols = std::vector<protocol::JoinGroupRequest::JoinGroupRequestProtocol>;

struct ClassicMember {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string client_host;
    std::int32_t rebalance_timeout_ms = 0;
    std::int32_t session_timeout_ms = 0;
    ClassicProtocols protocols;  // the most wanted first, no name twice
    base::Bytes assignment;

    Ticket awaiting_join = kNoTicket;
    Ticket awaiting_sync = kNoTicket;
    bool is_new = false;  // has never finished a join: may expire while it waits for the first
    Instant session_deadline = kNever;

    // What it said for a protocol; empty for one that it does not name.
    const base::Bytes& metadata_for(std::string_view protocol) const;
    // Waiting for the coordinator counts as a sign of life.
    bool is_excused() const { return !is_new && (awaiting_join != kNoTicket || awaiting_sync != kNoTicket); }
};

std::size_t bytes_of(const ClassicProtocols& protocols);
// The same with what lists and strings take, about.
std::size_t memory_of(const ClassicProtocols& protocols);

class ClassicGroup : public Group {
public:
    enum class State : std::uint8_t { empty, preparing_rebalance, completing_rebalance, stable };
    using Members = std::map<std::string, ClassicMember, std::less<>>;

    ClassicGroup(std::string id, std::int64_t now_ms) : Group(std::move(id)), state_since_ms_(now_ms) {}
    // From a record; duplicates of members or instances in it are left out.
    static std::unique_ptr<ClassicGroup> from_record(std::string id, const protocol::GroupMetadataValue& value);
    protocol::GroupMetadataValue to_record() const;
    // The record of a group that has only just been named.
    protocol::GroupMetadataValue to_first_record() const;

    // Group
    GroupType type() const override { return GroupType::classic; }
    std::string_view state_name() const override;
    std::string_view protocol_type() const override { return protocol_type_; }
    bool is_empty() const override { return state_ == State::empty; }
    std::size_t member_count() const override { return members_.size(); }
    std::size_t member_bytes() const override { return member_bytes_; }
    bool is_subscribed_to(std::string_view topic) const override;
    base::Result<> check_commit(const CommitClaim& claim) const override;
    base::Result<> check_fetch(const std::optional<std::string>&, std::int32_t) const override { return {}; }
    base::Result<> check_delete_offsets() const override;
    base::Result<> check_delete() const override;
    void add_tombstones(Effects& out) const override;
    std::optional<OffsetClock> offset_clock() const override;
    Instant next_deadline() const override;
    void print_durable(std::string& out) const override;

    State state() const { return state_; }
    State previous_state() const { return previous_state_; }
    std::int32_t generation() const { return generation_; }
    const std::optional<std::string>& protocol_name() const { return protocol_name_; }
    const std::optional<std::string>& leader() const { return leader_; }
    bool is_leader(std::string_view member_id) const { return leader_ && *leader_ == member_id; }

    Members& members() { return members_; }
    const Members& members() const { return members_; }
    ClassicMember* find(std::string_view member_id);
    const std::string* static_member(std::string_view instance_id) const;  // its member id
    base::Result<> check_member(std::string_view member_id, const std::optional<std::string>& instance_id) const;

    // Whether somebody with these protocols may be a member.
    bool supports(std::string_view protocol_type, const ClassicProtocols& protocols) const;
    // The protocol that most members prefer among those that all have; needs members.
    std::string select_protocol() const;
    std::int32_t rebalance_timeout_ms() const;  // the longest of all members
    std::size_t metadata_bytes() const { return metadata_bytes_; }

    // Needs a new id and instance id, and supports(). The first member names the protocol type and leads.
    ClassicMember& add(ClassicMember member, std::string_view protocol_type);
    // Member or pending member; nothing when it is neither. Tickets must have been answered.
    void remove(std::string_view member_id);
    void update(ClassicMember& member, ClassicProtocols protocols, std::int32_t rebalance_timeout_ms,
                std::int32_t session_timeout_ms);
    // The same static member under a new member id. Tickets must have been answered.
    ClassicMember& replace_static(const std::string& old_id, std::string new_id);
    void assign(ClassicMember& member, base::Bytes assignment);
    void clear_assignments();

    void set_awaiting_join(ClassicMember& member, Ticket ticket);
    std::size_t awaiting_join_count() const { return awaiting_join_; }
    bool all_joined() const { return awaiting_join_ == members_.size() && pending_.empty(); }
    // False when there is no leader, and nobody who joined to take its place.
    bool elect_joined_leader();

    // Members that were told an id and have not come back with it.
    bool is_pending(std::string_view member_id) const { return pending_.contains(member_id); }
    void add_pending(std::string member_id, Instant deadline);
    std::size_t pending_count() const { return pending_.size(); }
    std::string oldest_pending() const;  // needs one

    void prepare(std::int64_t now_ms) { enter(State::preparing_rebalance, now_ms); }
    void next_generation(std::int64_t now_ms);  // then completing_rebalance, or empty without members
    void stabilize(std::int64_t now_ms) { enter(State::stable, now_ms); }
    // What a consumer group becomes when its last modern member leaves: stable at once, with the assignments as they are.
    void become_stable(std::int32_t generation, std::int64_t now_ms);

    // Members whose sync is still to come in this generation.
    std::set<std::string, std::less<>>& pending_sync() { return pending_sync_; }

    void keep_alive(ClassicMember& member, Instant deadline);
    // Members and pending ones whose session is over, and the instant to look again.
    std::vector<std::string> take_expired(Instant now);

    bool new_member_added = false;  // during the first delay of the first rebalance, which it prolongs
    Instant join_deadline = kNever;
    Instant sync_deadline = kNever;
    bool join_deadline_is_initial = false;  // the delay before the first rebalance, with this much left:
    std::int32_t initial_delay_ms = 0;
    std::int32_t initial_remaining_ms = 0;

private:
    void enter(State state, std::int64_t now_ms);
    // Votes and bytes of a member that comes (1) or goes (-1).
    void count(const ClassicMember& member, int change);
    void remove_pending(std::string_view member_id);  // nothing when it is not
    void compute_subscribed_topics();
    bool uses_consumer_protocol() const { return protocol_type_ == kConsumerProtocolType; }

    State state_ = State::empty;
    State previous_state_ = State::empty;
    std::optional<std::int64_t> state_since_ms_;
    std::string protocol_type_;
    std::optional<std::string> protocol_name_;
    std::int32_t generation_ = 0;
    std::optional<std::string> leader_;
    Members members_;
    std::map<std::string, std::string, std::less<>> static_members_;  // instance id to member id
    struct Pending {
        Instant deadline;
        std::uint64_t order;
    };
    std::map<std::string, Pending, std::less<>> pending_;
    std::uint64_t pendings_ = 0;  // ever
    std::set<std::string, std::less<>> pending_sync_;
    std::unordered_map<std::string, std::size_t> votes_;  // protocol to the number of members that have it
    std::size_t awaiting_join_ = 0;
    std::size_t metadata_bytes_ = 0;
    std::size_t member_bytes_ = 0;
    std::optional<std::unordered_set<std::string>> subscribed_topics_;  // nullopt: nobody knows
    Instant session_scan_ = kNever;  // no session ends before
};

}  // namespace tideline::group
