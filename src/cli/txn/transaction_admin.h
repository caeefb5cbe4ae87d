// cli/txn/transaction_admin.h: what brokers know of transactions, asked over BrokerLinks: librdkafka 2.0 has none of these requests.
//
// Leaders know which producer's transaction is open in a partition, coordinators what a transactional id is doing, and Tideline's
// brokers who is behind it (TransactionEvidence).
// Thread:  one.
// Errors:  as KafkaClient::failure(); those of the first broker that fails.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/broker_link.h"
#include "cli/group/group_admin.h"
#include "cli/partition_fetcher.h"
#include "protocol/messages/transaction_evidence.h"

namespace tideline::cli {

// Who sent something, as the broker saw it.
struct ClientName {
    std::string id;
    std::string address;  // "10.0.0.7:4711"
    std::string software;
    bool is_connected = false;
};

// A transaction in one partition.
struct OpenTransaction {
    TopicPartition at;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t coordinator_epoch = -1;  // of the last marker here
    std::int64_t first_offset = -1;
    std::optional<std::int64_t> last_write_ms;
    // From here on what the protocol does not tell, where it is known.
    std::optional<std::int64_t> opened_ms = {};
    std::optional<std::int64_t> records = {};
    std::optional<std::int64_t> bytes = {};
    std::optional<ClientName> client = {};
    std::string transactional_id = {};
};

// Where a partition stands. Readers of committed records get no further than the last stable offset.
struct PartitionState {
    TopicPartition at;
    std::int64_t last_stable_offset = -1;
    std::int64_t high_watermark = -1;
    std::vector<OpenTransaction> open = {};  // by first offset

    bool is_held() const { return last_stable_offset < high_watermark; }
};

// What its coordinator knows of a transactional id.
struct CoordinatedTransaction {
    std::string transactional_id;
    BrokerInfo coordinator;
    std::string state;  // "Ongoing", as Kafka writes it
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t timeout_ms = 0;
    std::optional<std::int64_t> start_ms = {};
    std::set<TopicPartition> partitions = {};  // while it is prepared: those without a marker yet
    std::optional<ClientName> owner = {};      // who took the id over last

    bool is_ongoing() const { return state == "Ongoing"; }
    bool is_ending() const { return state == "PrepareCommit" || state == "PrepareAbort"; }
    bool is_open() const { return is_ongoing() || is_ending(); }
    // When its time is up.
    std::optional<std::int64_t> deadline_ms() const;
};

struct TransactionListing {
    std::string transactional_id;
    BrokerInfo coordinator;
    std::string state;
    std::int64_t producer_id = -1;
};

struct TransactionFilter {
    std::vector<std::string> states = {};
    std::vector<std::int64_t> producer_ids = {};
    std::optional<std::string> pattern = {};
};

// What Tideline's brokers saw, of all brokers together.
struct TransactionTrail {
    std::int64_t now_ms = -1;
    std::int64_t since_ms = -1;
    std::int64_t abort_interval_ms = 0;
    std::vector<protocol::TransactionEvidenceResponse::TransactionWriter> writers;
    std::vector<protocol::TransactionEvidenceResponse::Owner> owners;
};

// What a partition is that cannot be asked: it has no leader, is offline or was deleted meanwhile.
enum class Unreachable { is_error, is_left_out };

class TransactionAdmin {
public:
    // `client` outlives it. Asks for the metadata once.
    static Outcome<TransactionAdmin> open(KafkaClient& client);

    const Metadata& metadata() const { return metadata_; }
    KafkaClient& client() { return *client_; }

    // Where the partitions stand, without what is open in them.
    Outcome<std::vector<PartitionState>> ends_of(const std::vector<TopicPartition>& partitions, Unreachable partition_is);
    // Fills in what is open; a partition that cannot be asked any more is left as it is.
    Outcome<> look_up_open(std::vector<PartitionState>& partitions);
    Outcome<std::vector<TransactionListing>> list(const TransactionFilter& filter);
    // Ids that no coordinator knows are left out.
    Outcome<std::vector<CoordinatedTransaction>> describe(const std::vector<TransactionListing>& listings);
    Outcome<std::vector<CoordinatedTransaction>> describe_id(const std::string& transactional_id);
    // nullopt when a broker does not serve that request: it is not Tideline's.
    std::optional<TransactionTrail> trail(const std::vector<std::int64_t>& producer_ids, const std::vector<std::string>& transactional_ids);

    // Fences the producer, as one that starts with its id does; what is open is aborted when this returns.
    Outcome<> fence(const CoordinatedTransaction& transaction);
    // Writes abort markers into the partitions, without asking a coordinator.
    Outcome<> write_abort_markers(const std::vector<OpenTransaction>& transactions);

private:
    TransactionAdmin(KafkaClient& client, Metadata metadata) : client_(&client), metadata_(std::move(metadata)) {}
    BrokerLink link_to(const BrokerInfo& broker) const { return BrokerLink(client_->options(), broker.host, broker.port); }
    Outcome<const BrokerInfo*> leader_of(const TopicPartition& at) const;
    using ByTopic = std::map<std::string, std::vector<std::int32_t>>;
    Outcome<std::map<const BrokerInfo*, ByTopic>> by_leader(const std::vector<TopicPartition>& partitions, Unreachable partition_is) const;
    Outcome<std::map<TopicPartition, std::int64_t>> latest(const BrokerInfo& broker, const ByTopic& topics, Isolation isolation,
                                                           Unreachable partition_is);
    Outcome<BrokerInfo> coordinator_of(const std::string& transactional_id);
    Outcome<std::vector<CoordinatedTransaction>> describe_at(const BrokerInfo& coordinator, const std::vector<std::string>& ids);

    KafkaClient* client_;
    Metadata metadata_;
};

}  // namespace tideline::cli
