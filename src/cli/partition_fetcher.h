// cli/partition_fetcher.h: the batches of a partition as they lie in the log, and what its leader says of its transactions.
//
// Thread:  one.
// Errors:  as KafkaClient::failure().
#pragma once

#include <string>
#include <vector>

#include "cli/broker_link.h"
#include "protocol/messages/fetch.h"

namespace tideline::cli {

enum class Isolation : std::int8_t { read_uncommitted = 0, read_committed = 1 };

struct FetchedBatches {
    BrokerAnswer answer;  // holds the bytes
    base::ByteView batches;
    std::int64_t high_watermark = -1;
    std::int64_t last_stable_offset = -1;
    std::vector<protocol::FetchResponse::AbortedTransaction> aborted;
};

class PartitionFetcher {
public:
    // `client` outlives the fetcher. Asks for the leaders once.
    static Outcome<PartitionFetcher> open(KafkaClient& client, const std::string& topic);

    // What begins at `offset`; no batches where there is nothing.
    Outcome<FetchedBatches> fetch(std::int32_t partition, std::int64_t offset, Isolation isolation);
    // Returns when something comes behind `offset`, or after `wait_ms`.
    Outcome<> wait_for_more(std::int32_t partition, std::int64_t offset, Isolation isolation, int wait_ms);

private:
    PartitionFetcher(KafkaClient& client, Metadata metadata, TopicInfo topic)
        : client_(&client), metadata_(std::move(metadata)), topic_(std::move(topic)) {}
    Outcome<BrokerLink> leader_of(std::int32_t partition) const;

    KafkaClient* client_;
    Metadata metadata_;
    TopicInfo topic_;
};

}  // namespace tideline::cli
