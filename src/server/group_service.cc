#include "server/group_service.h"

#include "server/offsets_journal.h"

namespace tideline::server {

using base::Result;
using group::Coordinator;
using group::CoordinatorDriver;
using runtime::Task;

struct GroupService::Hosted {
    Hosted(runtime::Shard& shard, cluster::ReplicaManager& replicas, cluster::PartitionKey key, runtime::Duration commit_timeout,
           CoordinatorDriver::MakeCoordinator make)
        : journal(shard, replicas, key, commit_timeout), driver(shard, journal, std::move(make)) {}

    OffsetsJournal journal;
    CoordinatorDriver driver;
    std::size_t asks = 0;  // that still refer to the driver
};

GroupService::GroupService(runtime::Shard& shard, cluster::ReplicaManager& replicas, const cluster::BrokerConfig& config,
                           unsigned shard_count)
    : shard_(shard),
      replicas_(replicas),
      shard_count_(shard_count),
      commit_timeout_(std::chrono::milliseconds(config.integer("offsets.commit.timeout.ms"))),
      config_(group_config_of(config)),
      overrides_(config_),
      tasks_(shard) {}

GroupService::~GroupService() = default;

void GroupService::follow(const cluster::MetadataImage* before, const cluster::ImagePtr& image, const std::vector<base::Uuid>* topics) {
    if (is_stopped_) {
        return;
    }
    overrides_.show(image);
    bool topics_changed = topics == nullptr || !topics->empty();
    if (!topics_changed) {
        return;
    }
    topics_.show(image);
    for (const auto& [partition, hosted] : hosted_) {
        hosted->driver.run([](Coordinator& coordinator, const group::Now& now, group::Effects& out) { coordinator.topics_changed(now, out); });
    }
    if (before != nullptr && !hosted_.empty()) {
        tell_of_deleted(*before, *image, topics);
    }
    start_new(*image);
}

void GroupService::start_new(const cluster::MetadataImage& image) {
    const cluster::TopicImage* topic = image.topic(kOffsetsTopic);
    if (topic == nullptr) {
        return;
    }
    topic_id_ = topic->id;
    auto make = [this] {
        return std::make_unique<Coordinator>(config_, topics_, overrides_, [this] { return shard_.random(); });
    };
    for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
        bool is_ours = cluster::shard_of(topic->id, index, shard_count_) == shard_.index();
        if (!is_ours || hosted_.contains(index) || replicas_.find(topic->id, index) == nullptr) {
            continue;
        }
        auto hosted = std::make_unique<Hosted>(shard_, replicas_, cluster::PartitionKey{topic->id, index}, commit_timeout_, make);
        hosted->driver.start();
        hosted_.emplace(index, std::move(hosted));
    }
}

void GroupService::tell_of_deleted(const cluster::MetadataImage& before, const cluster::MetadataImage& image,
                                   const std::vector<base::Uuid>* topics) {
    std::vector<std::string> names;
    auto note = [&](const cluster::TopicImage* topic) {
        if (topic != nullptr && image.topic(topic->id) == nullptr) {
            names.push_back(topic->name);
        }
    };
    if (topics != nullptr) {
        std::ranges::for_each(*topics, [&](const base::Uuid& id) { note(before.topic(id)); });
    } else {
        std::ranges::for_each(before.topics(), [&](const auto& topic) { note(topic.get()); });
    }
    if (names.empty()) {
        return;
    }
    for (const auto& [partition, hosted] : hosted_) {
        hosted->driver.run([&names](Coordinator& coordinator, const group::Now& now, group::Effects& out) {
            coordinator.topics_deleted(names, now, out);
        });
    }
}

Task<void> GroupService::drop_absent(const cluster::MetadataImage& image) {
    const cluster::TopicImage* topic = image.topic(kOffsetsTopic);
    if (hosted_.empty() || (topic != nullptr && topic->id == topic_id_)) {
        co_return;
    }
    co_await unload_all();
}

Task<void> GroupService::stop() {
    is_stopped_ = true;
    co_await unload_all();
    co_await tasks_.join();
}

Task<void> GroupService::unload_all() {
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

Task<Result<group::Reply>> GroupService::ask(std::int32_t partition, CoordinatorDriver::Decide decide) {
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

Result<std::int64_t> GroupService::end_transaction(std::int32_t partition, const group::TransactionEnd& end) {
    auto at = hosted_.find(partition);
    if (at == hosted_.end()) {
        return base::fail(ErrorCode::not_coordinator, "no coordinator of that partition is here", partition);
    }
    return group::end_transaction(at->second->driver, end, shard_.wall_ms());
}

void GroupService::ask_and_tell(std::int32_t partition, CoordinatorDriver::Decide decide,
                                std::move_only_function<void(Result<group::Reply>)> done) {
    tasks_.spawn(ask_then_tell(partition, std::move(decide), std::move(done)));
}

Task<void> GroupService::ask_then_tell(std::int32_t partition, CoordinatorDriver::Decide decide,
                                       std::move_only_function<void(Result<group::Reply>)> done) {
    auto reply = co_await ask(partition, std::move(decide));
    done(std::move(reply));
}

std::vector<std::int32_t> GroupService::partitions() const {
    std::vector<std::int32_t> out;
    for (const auto& [partition, hosted] : hosted_) {
        out.push_back(partition);
    }
    return out;
}

}  // namespace tideline::server
