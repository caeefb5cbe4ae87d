// server/transaction_service.h: the transaction coordinators of one shard, one for each partition of __transaction_state that it owns, and
// what they want done: markers and producer ids. How others ask them, on any shard.
//
// Shard:  its own; the free functions on that of `here`.
// Errors: not_coordinator for a partition without a coordinator here, and those of coordinator::Driver.
#pragma once

#include <map>
#include <memory>

#include "cluster/log_dirs.h"
#include "server/coordinator_hosts.h"
#include "txn/coordinator_driver.h"

namespace tideline::server {

class ShardServer;

inline constexpr std::string_view kTransactionsTopic = "__transaction_state";

class TransactionService {
public:
    // `here` is borrowed, and not used before follow(). The configuration is static: no property of transactions that coordinators
    // obey changes while the broker runs.
    TransactionService(ShardServer& here, runtime::Shard& shard, cluster::ReplicaManager& replicas, const cluster::BrokerConfig& config,
                       unsigned shard_count);
    ~TransactionService();

    // Takes over an image whose partitions are open: starts coordinators that are new.
    void follow(const cluster::MetadataImage& image);
    // Unloads all coordinators if the image has another __transaction_state, or none, before its partitions are deleted.
    runtime::Task<void> drop_absent(const cluster::MetadataImage& image) { return hosts_.drop_absent(image); }
    // Answers everybody who waits; no coordinator is left afterwards, and none is started any more.
    runtime::Task<void> stop();

    runtime::Task<base::Result<txn::Reply>> ask(std::int32_t partition, txn::CoordinatorDriver::Decide decide) {
        return hosts_.ask(partition, std::move(decide));
    }
    // Waits while markers of this id are on their way, at most until `until`. False: there are none.
    runtime::Task<bool> wait_for_markers(std::string transactional_id, runtime::Instant until);
    // The partitions with a coordinator here.
    std::vector<std::int32_t> partitions() const { return hosts_.partitions(); }

private:
    void perform(std::int32_t partition, txn::Action action);
    runtime::Task<void> write_markers(std::int32_t partition, txn::WriteMarkers wanted);
    runtime::Task<void> fetch_producer_id(std::int32_t partition, std::string transactional_id);
    bool is_wanted(std::int32_t partition, const txn::WriteMarkers& wanted);

    ShardServer& here_;
    runtime::Shard& shard_;
    txn::TransactionConfig config_;
    CoordinatorHosts<txn::TransactionKind> hosts_;
    // Ids whose markers are being written, and the end of that. A coordinator that was loaded again may want them written once more: not
    // before. An event is shared with those who wait for it: they go on when it is out of this map.
    std::map<std::string, std::shared_ptr<runtime::Event>, std::less<>> being_written_;
    bool is_stopped_ = false;
    runtime::TaskScope tasks_;
};

// Where a transactional id is coordinated. not_coordinator while __transaction_state is not there: FindCoordinator makes it.
struct TransactionHome {
    ErrorCode error = ErrorCode::none;
    std::int32_t partition = -1;
    unsigned shard = 0;
};
TransactionHome find_transaction_home(const ShardServer& here, std::string_view transactional_id);

runtime::Task<base::Result<txn::Reply>> ask_transaction_home(ShardServer& here, TransactionHome home, txn::CoordinatorDriver::Decide decide);

// Requests to the coordinator of their transactional id. The first two may take a producer id that nobody had, which is fetched
// when the coordinator asks for it.
runtime::Task<protocol::InitProducerIdResponse> init_transactional_id(ShardServer& here, txn::InitRequest request);
runtime::Task<protocol::EndTxnResponse> end_transaction(ShardServer& here, txn::EndRequest request);
runtime::Task<ErrorCode> add_to_transaction(ShardServer& here, txn::PartitionsRequest request);

// What AddPartitionsToTxn v4 is between brokers: whether partitions are in the transaction of a producer, and, with `add`, that they are in it
// from now on.
struct TransactionCheck {
    std::string transactional_id;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    bool add = false;
    std::vector<cluster::TopicPartition> partitions;
};
// An error for each partition, in their order.
runtime::Task<std::vector<ErrorCode>> check_transaction(ShardServer& here, TransactionCheck check);
// After concurrent_transactions: waits until the markers of the id's last transaction are written, or for `backoff` where nobody is
// writing them, at most until `until`.
runtime::Task<void> wait_for_last_transaction(ShardServer& here, std::string transactional_id, runtime::Duration backoff, runtime::Instant until);

}  // namespace tideline::server
