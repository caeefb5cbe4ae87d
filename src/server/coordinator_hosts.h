// server/coordinator_hosts.h: the coordinators of one kind on one shard: one for each partition of their topic that it owns.
//
//   start_new(image): partition is there ─► coordinator loads ─► ask()        drop_absent(), unload_all(): gone
//
// Shard:  its own.
// Errors: not_coordinator for a partition without a coordinator here, and those of coordinator::Driver.
#pragma once

#include <map>
#include <memory>

#include "cluster/replica_manager.h"
#include "coordinator/driver.h"
#include "server/offsets_journal.h"

namespace tideline::server {

template <class Kind>
class CoordinatorHosts {
public:
    using Driver = coordinator::Driver<Kind>;

    // `append_timeout`: how long a record may take to be durable before who waits for it is told to come again.
    CoordinatorHosts(runtime::Shard& shard, cluster::ReplicaManager& replicas, std::string_view topic, runtime::Duration append_timeout,
                     unsigned shard_count)
        : shard_(shard), replicas_(replicas), topic_(topic), append_timeout_(append_timeout), shard_count_(shard_count) {}

    // Coordinators of partitions that are new on this shard. `perform` is given the number of the partition and an action;
    // kinds without actions need none.
    void start_new(const cluster::MetadataImage& image, const typename Driver::MakeCoordinator& make,
                   const std::function<void(std::int32_t, typename Driver::Action)>& perform = {}) {
        const cluster::TopicImage* topic = image.topic(topic_);
        if (topic == nullptr) {
            return;
        }
        topic_id_ = topic->id;
        for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
            bool is_ours = cluster::shard_of(topic->id, index, shard_count_) == shard_.index();
            if (!is_ours || hosted_.contains(index) || replicas_.find(topic->id, index) == nullptr) {
                continue;
            }
            auto act = [perform, index](typename Driver::Action action) { perform(index, std::move(action)); };
            auto hosted = std::make_unique<Hosted>(shard_, replicas_, cluster::PartitionKey{topic->id, index}, append_timeout_, make, act);
            hosted->driver.start();
            hosted_.emplace(index, std::move(hosted));
        }
    }

    // Unloads all coordinators if the image has another topic, or none, before its partitions are deleted.
    runtime::Task<void> drop_absent(const cluster::MetadataImage& image) {
        const cluster::TopicImage* topic = image.topic(topic_);
        if (!hosted_.empty() && (topic == nullptr || topic->id != topic_id_)) {
            co_await unload_all();
        }
    }

    // Answers everybody who waits.
    runtime::Task<void> unload_all() {
        // Out of the map first: who asks meanwhile finds nobody.
        auto leaving = std::move(hosted_);
        hosted_.clear();
        for (const auto& [partition, hosted] : leaving) {
            co_await hosted->driver.stop();
        }
        for (const auto& [partition, hosted] : leaving) {
            while (hosted->asks > 0) {
                co_await runtime::yield_now(shard_);
            }
        }
    }

    // See Driver::ask().
    runtime::Task<base::Result<typename Driver::Reply>> ask(std::int32_t partition, typename Driver::Decide decide) {
        auto at = hosted_.find(partition);
        if (at == hosted_.end()) {
            co_return base::fail(ErrorCode::not_coordinator, "no coordinator of that partition is here", partition);
        }
        Hosted& hosted = *at->second;
        ++hosted.asks;
        auto reply = co_await hosted.driver.ask(std::move(decide));
        --hosted.asks;
        co_return reply;
    }

    // nullptr if there is none; not to be held across a wait.
    Driver* find(std::int32_t partition) {
        auto at = hosted_.find(partition);
        return at == hosted_.end() ? nullptr : &at->second->driver;
    }
    bool is_empty() const { return hosted_.empty(); }
    void for_each(const std::function<void(Driver&)>& act) {
        for (const auto& [partition, hosted] : hosted_) {
            act(hosted->driver);
        }
    }
    std::vector<std::int32_t> partitions() const {
        std::vector<std::int32_t> out;
        for (const auto& [partition, hosted] : hosted_) {
            out.push_back(partition);
        }
        return out;
    }

private:
    struct Hosted {
        Hosted(runtime::Shard& shard, cluster::ReplicaManager& replicas, cluster::PartitionKey key, runtime::Duration append_timeout,
               typename Driver::MakeCoordinator make, typename Driver::Perform perform)
            : journal(shard, replicas, key, append_timeout), driver(shard, journal, std::move(make), std::move(perform)) {}

        OffsetsJournal journal;
        Driver driver;
        std::size_t asks = 0;  // that still refer to the driver
    };

    runtime::Shard& shard_;
    cluster::ReplicaManager& replicas_;
    std::string_view topic_;  // a literal
    runtime::Duration append_timeout_;
    unsigned shard_count_;
    base::Uuid topic_id_;  // of the partitions in hosted_
    std::map<std::int32_t, std::unique_ptr<Hosted>> hosted_;
};

}  // namespace tideline::server
