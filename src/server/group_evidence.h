// server/group_evidence.h: what one shard saw consumer groups and their clients do, for `tideline group doctor`.
//
// Evidence is not state: it is in memory only, begins with the broker, forgets the oldest, and decides nothing. What a
// shard saw is what came by its connections, and what its coordinators did by themselves; handlers/31001_group_evidence.cc
// puts the shards together. docs/decisions/0009-group-evidence.md says what a broker can know.
// Shard:  one.
// Limits: kGroupsMax groups, kEventsMax events of one and kAllEventsMax of all; kClientsMax clients with kLookupsMax lookups
//         each. Who was quiet for longest is forgotten first. Texts are cut, and of the partitions that one entry
//         tells of no more than kPartitionsMax are kept. Filled on purpose that is some 17 MB, with ordinary names 3 MB.
// Cost:   a hash lookup and some counters a commit; an event a member that comes or goes; nothing for a heartbeat, nor
//         for a fetch that finds its offset.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "group/coordinator.h"
#include "protocol/messages/group_evidence.h"
#include "server/recently_used.h"

namespace tideline::server {

class GroupEvidence final : public group::Watcher {
public:
    using Event = protocol::GroupEvidenceResponse::GroupEvent;
    using Lookup = protocol::GroupEvidenceResponse::Lookup;
    using Observed = protocol::GroupEvidenceResponse::ObservedGroup;
    using CommitFailure = protocol::GroupEvidenceResponse::CommitFailure;
    using WallClock = std::function<std::int64_t()>;

    static constexpr std::size_t kGroupsMax = 1'000;
    static constexpr std::size_t kEventsMax = 64;
    static constexpr std::size_t kAllEventsMax = 4'096;
    static constexpr std::size_t kClientsMax = 512;
    static constexpr std::size_t kLookupsMax = 16;
    static constexpr std::size_t kFailuresMax = 8;
    static constexpr std::size_t kPartitionsMax = 128;
    static constexpr std::size_t kTextMax = 128;
    static constexpr std::size_t kNameMax = 249;               // of a topic; of a group, more are told apart by so much of them
    static constexpr std::int64_t kWindowMs = 5 * 60'000;      // rates are of the running window and the one before

    // Who did it.
    struct Client {
        std::string_view id;
        std::string_view host;
        std::int32_t port = -1;
        std::string_view software;
    };

    // `since_ms`: now. The clock is the shard's own; it is not asked before the shard has something to tell.
    GroupEvidence(WallClock wall_ms, std::int64_t since_ms) : wall_ms_(std::move(wall_ms)), since_ms_(since_ms) {}

    void joined(std::string_view group_id, std::string_view member_id, const Client& client);
    void left(std::string_view group_id, std::string_view member_id, const Client& client, std::string_view reason);
    // A commit was answered with an error, for some partition at least.
    void commit_failed(std::string_view group_id, const Client& client, ErrorCode error);
    // A member asked where it stands in partitions for which nothing is committed.
    void found_no_offset(std::string_view group_id, const Client& client, std::string_view topic, const std::vector<std::int32_t>& partitions);
    // A client asked where a partition begins or ends, which is what one does that has no offset.
    void looked_up(const Client& client, std::string_view topic, std::int32_t partition, bool earliest);
    void out_of_range(const Client& client, std::string_view topic, std::int32_t partition, std::int64_t asked, std::int64_t log_start,
                      std::int64_t log_end);

    // group::Watcher
    void member_removed(std::string_view group_id, std::string_view member_id, std::string_view client_id, std::string_view client_host,
                        group::Removal why) override;
    void rebalanced(std::string_view group_id) override;
    void committed(std::string_view group_id, std::int64_t records) override;
    void offset_expired(std::string_view group_id, std::string_view topic, std::int32_t partition, std::int64_t offset) override;

    // Adds what is known of the group to `into`.
    void add_to(Observed& into) const;
    // Adds what a client of that id and host looked for.
    void add_lookups(std::string_view client_id, std::string_view client_host, std::vector<Lookup>& into) const;

private:
    struct Window {
        std::int64_t begin_ms = -1;
        std::int64_t commits = 0;
        std::int64_t failed = 0;
        std::int64_t records = 0;
        std::int64_t rebalances = 0;
    };
    struct Group {
        std::int64_t since_ms = -1;  // complete since then
        Window now;
        Window before;
        std::vector<CommitFailure> failures;
        std::deque<Event> events;  // oldest first
    };
    struct Trail {
        std::deque<Lookup> lookups;
    };

    Group& group(std::string_view group_id);
    void forget_oldest_group();
    Window& window(Group& group) const;
    Event& add_event(std::string_view group_id, std::string_view kind, const Client& client);
    Lookup& add_lookup(const Client& client, std::string_view kind, std::string_view topic, std::int32_t partition);

    WallClock wall_ms_;
    std::int64_t since_ms_;  // nothing of later is missing that is not in a group or client that is known
    RecentlyUsed<Group> groups_;
    RecentlyUsed<Trail> clients_;
    std::size_t events_ = 0;  // of all groups
    std::string client_key_;
};

// Kinds of events and of lookups, as they are told.
namespace evidence {
inline constexpr std::string_view kJoined = "joined";
inline constexpr std::string_view kLeft = "left";
inline constexpr std::string_view kSessionExpired = "session_expired";
inline constexpr std::string_view kRebalanceMissed = "rebalance_missed";
inline constexpr std::string_view kSyncMissed = "sync_missed";
inline constexpr std::string_view kNoOffset = "no_offset";
inline constexpr std::string_view kOffsetsExpired = "offsets_expired";
inline constexpr std::string_view kEarliest = "earliest";
inline constexpr std::string_view kLatest = "latest";
inline constexpr std::string_view kOutOfRange = "out_of_range";
}  // namespace evidence

}  // namespace tideline::server
