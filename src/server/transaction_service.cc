#include "server/transaction_service.h"

#include "server/broker.h"
#include "server/transaction_markers.h"

namespace tideline::server {

using runtime::Task;

namespace {

// How long the appends of a coordinator may take before clients are told to come again, and a marker before it is written again.
constexpr std::chrono::seconds kAppendTimeout{30};
constexpr std::chrono::seconds kMarkerTimeout{10};

txn::TransactionConfig transaction_config_of(const cluster::BrokerConfig& config) {
    txn::TransactionConfig out;
    out.max_timeout_ms = static_cast<std::int32_t>(config.integer("transaction.max.timeout.ms"));
    out.abort_interval_ms = config.integer("transaction.abort.timed.out.transaction.cleanup.interval.ms");
    out.id_expiration_ms = config.integer("transactional.id.expiration.ms");
    out.expiry_interval_ms = config.integer("transaction.remove.expired.transaction.cleanup.interval.ms");
    return out;
}

bool has_unknown(const std::vector<MarkerTarget>& targets) {
    return std::ranges::any_of(targets, [](const MarkerTarget& target) { return target.error == ErrorCode::unknown_topic_or_partition; });
}

// Takes partitions that this shard knows out of those that are unknown: they are only not open yet, or not here. While the broker
// starts, a shard may have no image yet.
Task<void> come_again_if_known(ShardServer& there, std::vector<MarkerTarget>& targets) {
    cluster::ImagePtr image = there.image();
    for (MarkerTarget& target : targets) {
        if (target.error != ErrorCode::unknown_topic_or_partition) {
            continue;
        }
        if (image == nullptr || image->partition(target.topic, target.partition) != nullptr) {
            target.error = ErrorCode::not_leader_or_follower;
        }
    }
    co_return;
}

}  // namespace

TransactionService::TransactionService(ShardServer& here, runtime::Shard& shard, cluster::ReplicaManager& replicas,
                                       const cluster::BrokerConfig& config, unsigned shard_count)
    : here_(here),
      shard_(shard),
      config_(transaction_config_of(config)),
      hosts_(shard, replicas, kTransactionsTopic, kAppendTimeout, shard_count),
      tasks_(shard) {}

TransactionService::~TransactionService() = default;

void TransactionService::follow(const cluster::MetadataImage& image) {
    if (is_stopped_) {
        return;
    }
    config_.transaction_version = image.feature("transaction.version");
    auto make = [this] { return std::make_unique<txn::Coordinator>(config_); };
    hosts_.start_new(image, make, [this](std::int32_t partition, txn::Action action) { perform(partition, std::move(action)); });
}

Task<void> TransactionService::stop() {
    is_stopped_ = true;
    co_await hosts_.unload_all();
    co_await tasks_.join();
}

void TransactionService::perform(std::int32_t partition, txn::Action action) {
    if (is_stopped_) {
        return;  // whoever loads these transactions next finds them prepared
    }
    if (auto* markers = std::get_if<txn::WriteMarkers>(&action)) {
        tasks_.spawn(write_markers(partition, std::move(*markers)));
    } else {
        tasks_.spawn(fetch_producer_id(partition, std::move(std::get<txn::FetchProducerId>(action).transactional_id)));
    }
}

bool TransactionService::is_wanted(std::int32_t partition, const txn::WriteMarkers& wanted) {
    txn::CoordinatorDriver* driver = hosts_.find(partition);
    return driver != nullptr && driver->coordinator() != nullptr && driver->coordinator()->wants(wanted);
}

Task<void> TransactionService::write_markers(std::int32_t partition, txn::WriteMarkers wanted) {
    while (being_written_.contains(wanted.transactional_id)) {
        std::shared_ptr<runtime::Event> written = being_written_.find(wanted.transactional_id)->second;
        co_await written->wait();
    }
    if (!is_wanted(partition, wanted)) {
        co_return;
    }
    auto written = std::make_shared<runtime::Event>(shard_);
    being_written_.emplace(wanted.transactional_id, written);
    const cluster::PartitionState* home = here_.image()->partition(kTransactionsTopic, partition);
    std::vector<TransactionMarker> markers(1);
    TransactionMarker& marker = markers.front();
    marker.producer_id = wanted.producer_id;
    marker.producer_epoch = wanted.producer_epoch;
    marker.coordinator_epoch = home == nullptr ? 0 : home->leader_epoch;
    marker.committed = wanted.commit;
    marker.transaction_version = wanted.transaction_version;
    for (const auto& [topic, numbers] : wanted.partitions) {
        for (auto number : numbers) {
            marker.targets.push_back({.topic = topic, .partition = number, .error = ErrorCode::none});
        }
    }
    co_await write_transaction_markers(here_, markers, shard_.now() + kMarkerTimeout);
    // A partition that nobody knows needs no marker. This shard alone may not know a topic yet that another has just been told of.
    for (unsigned index = 0; index < here_.shard_count() && has_unknown(marker.targets); ++index) {
        ShardServer& there = here_.peer(index);
        co_await runtime::call_on(shard_, there.shard(), [&] { return come_again_if_known(there, marker.targets); });
    }
    std::vector<txn::MarkerResult> results;
    results.reserve(marker.targets.size());
    for (const MarkerTarget& target : marker.targets) {
        results.push_back({.topic = std::string(target.topic), .partition = target.partition, .error = target.error});
    }
    being_written_.erase(wanted.transactional_id);
    if (txn::CoordinatorDriver* driver = hosts_.find(partition)) {
        driver->run([&](txn::Coordinator& coordinator, const txn::Now& now, txn::Effects& out) {
            coordinator.markers_written(wanted, results, now, out);
        });
    }
    written->set();
}

Task<bool> TransactionService::wait_for_markers(std::string transactional_id, runtime::Instant until) {
    auto found = being_written_.find(transactional_id);
    if (found == being_written_.end()) {
        co_return false;
    }
    std::shared_ptr<runtime::Event> written = found->second;
    co_await written->wait_until(until);
    co_return true;
}

Task<void> TransactionService::fetch_producer_id(std::int32_t partition, std::string transactional_id) {
    auto id = co_await here_.broker().next_producer_id(shard_);
    txn::CoordinatorDriver* driver = hosts_.find(partition);
    if (id && driver != nullptr) {  // otherwise the coordinator asks again with its next search
        driver->run([&](txn::Coordinator& coordinator, const txn::Now& now, txn::Effects& out) {
            coordinator.abort_timed_out(transactional_id, *id, now, out);
        });
    }
}

}  // namespace tideline::server
