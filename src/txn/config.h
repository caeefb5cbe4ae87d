// txn/config.h: the broker properties that transaction coordinators obey, with Kafka's names and defaults.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tideline::txn {

struct TransactionConfig {
    std::int32_t max_timeout_ms = 900'000;          // transaction.max.timeout.ms
    std::int64_t abort_interval_ms = 10'000;        // transaction.abort.timed.out.transaction.cleanup.interval.ms
    std::int64_t id_expiration_ms = 604'800'000;    // transactional.id.expiration.ms
    std::int64_t expiry_interval_ms = 3'600'000;    // transaction.remove.expired.transaction.cleanup.interval.ms

    // The finalized feature transaction.version: 1 and above write records that can be extended, from 2 on the coordinator
    // bumps the epoch when it aborts.
    std::int16_t transaction_version = 2;
    // Larger records cannot be appended: max.message.bytes of __transaction_state, less the batch's header.
    std::size_t record_bytes_max = 1'000'000;
};

}  // namespace tideline::txn
