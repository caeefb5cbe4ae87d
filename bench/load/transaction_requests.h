// load/transaction_requests.h: what a transactional producer of the newer protocol says (transaction.version 2, KIP-890).
//
// InitProducerId v5, Produce v12, which adds its partition to the transaction by itself, and EndTxn v5, whose answer has the epoch of the next
// transaction. These versions are flexible: names are shorter than 127 bytes here, so that every length has one byte and every field its place.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "load/requests.h"

namespace tideline::load {

inline constexpr std::int16_t kFlexibleProduceVersion = 12;
inline constexpr std::int16_t kInitProducerId = 22;
inline constexpr std::int16_t kInitProducerIdVersion = 5;
inline constexpr std::int16_t kEndTxn = 26;
inline constexpr std::int16_t kEndTxnVersion = 5;

struct ProducerIdentity {
    std::int64_t id = -1;
    std::int16_t epoch = -1;
};

// Everything behind the prefix.
Bytes init_producer_id_rest(std::string_view transactional_id);
Bytes end_txn_rest(std::string_view transactional_id, ProducerIdentity identity, bool committed);

// A produce request of one batch for each of some partitions, encoded once and addressed anew before each time it is sent.
class ProduceFrame {
public:
    // An empty transactional id: plain batches.
    ProduceFrame(std::string_view transactional_id, std::string_view topic, ByteView batch, std::size_t batches);

    std::size_t batches() const { return rows_.size(); }
    // Puts in partition, producer and sequence of one batch, and the checksum that follows from them.
    void address(std::size_t row, std::int32_t partition, ProducerIdentity identity, std::int32_t base_sequence);
    ByteView rest() const { return rest_; }

private:
    struct Row {
        std::size_t partition_at;
        std::size_t batch_at;
    };
    Bytes rest_;
    std::vector<Row> rows_;
    std::size_t batch_bytes_ = 0;
};

// The first error code in an answer to a ProduceFrame of so many batches; -1 when it is too short.
std::int16_t produce_error(ByteView answer, std::size_t batches);

struct IdentityAnswer {
    std::int16_t error = -1;
    ProducerIdentity identity;
};
// InitProducerId and EndTxn are answered alike.
IdentityAnswer read_identity(ByteView answer);

}  // namespace tideline::load
