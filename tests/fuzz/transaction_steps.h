// tests/fuzz/transaction_steps.h: the steps an input of the target transaction_records is made of.
#pragma once

#include <cstdint>

namespace tideline::fuzz {

// The first byte of a step, modulo kTransactionStepCount. An id is a byte: 0 "a", 1 "b", 2 "", 3 a length in a byte and a text; a producer is
// one, too: 0 none, 1 the one that id was given last, 2 the same an epoch before, 3 eight bytes and two.
enum class TransactionStep : std::uint8_t {
    record,        // a key and a value, each behind its length in two bytes; of the value kNoTransactionValue: a tombstone
    finish_load,   // and from here on it decides: once, by itself before the first of those that follow
    init,          // id, producer, timeout in seconds in two bytes
    add,           // id, producer, topic (0 or 1), partition in four bytes, client version (0 or 2)
    verify,        // the same
    end,           // id, producer, 1 to commit, client version
    describe,
    list,          // version, a request behind its length in two bytes
    markers,       // the oldest that is asked for: what came of its partitions, an error code each in two bytes
    give_id,       // the oldest FetchProducerId is answered
    time_passes,   // so many seconds, in two bytes
};
inline constexpr std::uint8_t kTransactionStepCount = 11;
inline constexpr std::uint64_t kNoTransactionValue = 0xffff;
inline constexpr std::int64_t kFirstNewProducerId = 1'000;

}  // namespace tideline::fuzz
