// group/coordinator.h: the group coordinator of one partition of __consumer_offsets, as a state machine.
//
//   log ── replay() … finish_load() ──►  requests, tick()  ──► Effects: records to append, answers to give
//
// Every step maps (state, request, now) to effects and changes the state at once, so the next request sees it. It reads
// no clock, appends nothing and sends nothing: CoordinatorDriver does. When an append fails the state is ahead of the log;
// then it is thrown away and built again from there.
// Each request has a ticket. Most are answered by the step itself; a join and a sync may park until a later step. Who
// throws a coordinator away answers what is parked.
// Not here: authorization, and which topics and partitions exist (the server leaves out what does not); for the versions
// with topic ids the server fills in the names, and OffsetFetch before v8 comes in the form of v8.
// Errors:  Kafka's, as Apache Kafka 4.2 gives them.
#pragma once

#include <memory>

#include "group/effects.h"
#include "group/environment.h"
#include "group/offset_store.h"

namespace tideline::group {

class ClassicProtocol;
class ConsumerProtocol;
class OffsetManager;

class Coordinator {
public:
    // `topics` and `group_configs` are borrowed.
    Coordinator(GroupConfig config, const Topics& topics, const GroupConfigs& group_configs,
                std::function<std::uint64_t()> random);
    ~Coordinator();

    // The classic protocol.
    void join(Ticket, const ClientInfo&, const protocol::JoinGroupRequest&, const Now&, Effects&);
    void sync(Ticket, const ClientInfo&, const protocol::SyncGroupRequest&, const Now&, Effects&);
    void heartbeat(Ticket, const ClientInfo&, const protocol::HeartbeatRequest&, const Now&, Effects&);
    void leave(Ticket, const ClientInfo&, const protocol::LeaveGroupRequest&, const Now&, Effects&);

    // The consumer protocol (KIP-848).
    void consumer_heartbeat(Ticket, const ClientInfo&, const protocol::ConsumerGroupHeartbeatRequest&, const Now&, Effects&);
    void consumer_describe(Ticket, const ClientInfo&, const std::vector<std::string>& group_ids, const Now&, Effects&);

    // Offsets.
    void commit(Ticket, const ClientInfo&, const protocol::OffsetCommitRequest&, const Now&, Effects&);
    // TxnOffsetCommit: pends until end of the transaction, see Effects::transaction.
    void commit_in_transaction(Ticket, const ClientInfo&, const protocol::TxnOffsetCommitRequest&, std::uint64_t guard, const Now&,
                               Effects&);
    void fetch(Ticket, const ClientInfo&, const protocol::OffsetFetchRequest::OffsetFetchRequestGroup&, bool require_stable,
               const Now&, Effects&);
    void delete_offsets(Ticket, const ClientInfo&, const protocol::OffsetDeleteRequest&, const Now&, Effects&);

    // Groups of any kind.
    void delete_groups(Ticket, const ClientInfo&, const std::vector<std::string>& group_ids, const Now&, Effects&);
    void describe(Ticket, const ClientInfo&, const std::vector<std::string>& group_ids, const Now&, Effects&);
    void list(Ticket, const ClientInfo&, const protocol::ListGroupsRequest&, const Now&, Effects&);

    // When tick() is due; kNever while no timer runs.
    Instant next_deadline() const;
    void tick(const Now&, Effects&);

    // The metadata image moved: subscriptions of consumer groups are looked at again.
    void topics_changed(const Now&, Effects&);
    // Offsets of topics that were deleted go.
    void topics_deleted(const std::vector<std::string>& names, const Now&, Effects&);
    // Who is told what happens from now on; borrowed.
    void watch(Watcher* watcher) { environment_.watcher = watcher; }
    // What the members of all coordinators may take together; borrowed, and said before anything is loaded.
    void count_members_in(MemberMemory& memory) { environment_.groups.count_members_in(memory); }
    // When the first offset of the group expires if nothing more happens; nullopt when none will, or there is no such group.
    std::optional<std::int64_t> first_expiry_ms(std::string_view group_id) const;
    // What the group has committed; nullptr when that is nothing.
    const OffsetStore::Topics* offsets_of(std::string_view group_id) const;
    // The broker's properties, for what is decided from now on.
    void set_config(GroupConfig config);
    // How large key and value of a record may be together, from now on.
    void limit_records(std::size_t bytes_max) { environment_.config.record_bytes_max = bytes_max; }

    // Loading: every record of the log in its order, tombstones without a value, then finish_load(). Types and versions
    // from the future are skipped (they stay in the log). Records of a transaction count once its marker came. Transactional
    // records and markers come this way after the load, too, once they were appended.
    base::Result<> replay(base::ByteView key, std::optional<base::ByteView> value, std::int64_t producer_id, const Now&);
    void replay_end_transaction(std::int64_t producer_id, bool committed);
    // Starts the timers of what was loaded. Old groups may get records at once.
    void finish_load(const Now&, Effects&);

    // What a rebuild from the records brings back, for tests.
    std::string print_durable() const;

    // How many groups and committed offsets there are, for metrics.
    std::size_t group_count() const { return environment_.groups.size(); }
    std::size_t offset_count() const;

private:
    void clean_up(const Now& now, Effects& out);
    protocol::DescribeGroupsResponse::DescribedGroup describe_one(const std::string& group_id, std::int16_t version) const;

    Environment environment_;
    std::unique_ptr<OffsetManager> offsets_;
    std::unique_ptr<ClassicProtocol> classic_;
    std::unique_ptr<ConsumerProtocol> consumer_;
    Instant clean_up_at_ = kNever;
    std::vector<std::string> clean_up_left_;  // groups that this search for expired offsets still has to look at
};

}  // namespace tideline::group
