// server/group_service.h: the group coordinators of one shard, one for each partition of __consumer_offsets that it owns.
//
//   expect(image) ─► follow(image): partition is there ─► coordinator loads ─► ask()        drop_absent(), stop(): unloaded
//
// Shard:  its own. group_access.h asks from other shards.
// Errors: not_coordinator for a partition without a coordinator here, and those of group::CoordinatorDriver.
#pragma once

#include "group/coordinator_driver.h"
#include "server/coordinator_hosts.h"
#include "server/group_evidence.h"
#include "server/group_views.h"

namespace tideline::server {

inline constexpr std::string_view kOffsetsTopic = "__consumer_offsets";

class GroupService {
public:
    // All are borrowed; `member_memory` is that of the broker. `config` is the static configuration: no property of groups changes while the broker runs.
    GroupService(runtime::Shard& shard, cluster::ReplicaManager& replicas, const cluster::BrokerConfig& config, unsigned shard_count,
                 GroupEvidence& evidence, group::MemberMemory& member_memory);

    // Connections are about to serve this image: offsets for what is new in it may come from here on.
    void expect(const cluster::ImagePtr& image) { topics_.expect(image); }
    // Takes over an image that every shard serves: starts coordinators that are new, and tells all of them what changed. `topics`
    // as in ReplicaManager.
    void follow(const cluster::ImagePtr& image, const std::vector<base::Uuid>* topics);
    // Unloads all coordinators if the image has another __consumer_offsets, or none, before its partitions are deleted.
    runtime::Task<void> drop_absent(const cluster::MetadataImage& image) { return hosts_.drop_absent(image); }
    // Answers everybody who waits; no coordinator is left afterwards, and none is started any more.
    runtime::Task<void> stop();

    // Asks the coordinator of that partition; see group::CoordinatorDriver::ask().
    runtime::Task<base::Result<group::Reply>> ask(std::int32_t partition, group::CoordinatorDriver::Decide decide) {
        return hosts_.ask(partition, std::move(decide));
    }
    // The same for somebody who may leave before the answer is there; `done` gets it on this shard.
    void ask_and_tell(std::int32_t partition, group::CoordinatorDriver::Decide decide,
                      std::move_only_function<void(base::Result<group::Reply>)> done);
    // The end of a transaction that may have offsets in that partition; see group::end_transaction().
    base::Result<std::int64_t> end_transaction(std::int32_t partition, const group::TransactionEnd& end);
    // For looking only: what the coordinator of that partition knows; nullptr where none is active.
    const group::Coordinator* coordinator(std::int32_t partition);
    // The partitions with a coordinator here.
    std::vector<std::int32_t> partitions() const { return hosts_.partitions(); }

private:
    void tell_of_deleted(const cluster::MetadataImage& before, const cluster::MetadataImage& image, const std::vector<base::Uuid>* topics);
    runtime::Task<void> ask_then_tell(std::int32_t partition, group::CoordinatorDriver::Decide decide,
                                      std::move_only_function<void(base::Result<group::Reply>)> done);

    runtime::Shard& shard_;
    GroupEvidence& evidence_;
    group::MemberMemory& member_memory_;
    const group::GroupConfig config_;
    GroupTopics topics_;
    GroupOverrides overrides_;
    CoordinatorHosts<group::GroupKind> hosts_;
    bool is_stopped_ = false;
    runtime::TaskScope tasks_;
};

}  // namespace tideline::server
