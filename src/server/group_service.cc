#include "server/group_service.h"

namespace tideline::server {

using base::Result;
using group::Coordinator;
using group::CoordinatorDriver;
using runtime::Task;

GroupService::GroupService(runtime::Shard& shard, cluster::ReplicaManager& replicas, const cluster::BrokerConfig& config,
                           unsigned shard_count, GroupEvidence& evidence, group::MemberMemory& member_memory)
    : shard_(shard),
      evidence_(evidence),
      member_memory_(member_memory),
      config_(group_config_of(config)),
      overrides_(config_),
      hosts_(shard, replicas, kOffsetsTopic, std::chrono::milliseconds(config.integer("offsets.commit.timeout.ms")), shard_count),
      tasks_(shard) {}

void GroupService::follow(const cluster::ImagePtr& image, const std::vector<base::Uuid>* topics) {
    if (is_stopped_) {
        return;
    }
    overrides_.show(image);
    bool topics_changed = topics == nullptr || !topics->empty();
    if (!topics_changed) {
        return;
    }
    cluster::ImagePtr before = topics_.show(image);
    hosts_.for_each([](CoordinatorDriver& driver) {
        driver.run([](Coordinator& coordinator, const group::Now& now, group::Effects& out) { coordinator.topics_changed(now, out); });
    });
    if (before != nullptr && !hosts_.is_empty()) {
        tell_of_deleted(*before, *image, topics);
    }
    hosts_.start_new(*image, [this] {
        auto coordinator = std::make_unique<Coordinator>(config_, topics_, overrides_, [this] { return shard_.random(); });
        coordinator->watch(&evidence_);
        coordinator->count_members_in(member_memory_);
        return coordinator;
    });
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
    hosts_.for_each([&names](CoordinatorDriver& driver) {
        driver.run([&names](Coordinator& coordinator, const group::Now& now, group::Effects& out) {
            coordinator.topics_deleted(names, now, out);
        });
    });
}

Task<void> GroupService::stop() {
    is_stopped_ = true;
    co_await hosts_.unload_all();
    co_await tasks_.join();
}

Result<std::int64_t> GroupService::end_transaction(std::int32_t partition, const group::TransactionEnd& end) {
    CoordinatorDriver* driver = hosts_.find(partition);
    if (driver == nullptr) {
        return base::fail(ErrorCode::not_coordinator, "no coordinator of that partition is here", partition);
    }
    return group::end_transaction(*driver, end, shard_.wall_ms());
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

const Coordinator* GroupService::coordinator(std::int32_t partition) {
    CoordinatorDriver* driver = hosts_.find(partition);
    return driver == nullptr ? nullptr : driver->coordinator();
}

}  // namespace tideline::server
