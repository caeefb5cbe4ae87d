// history/history.h: everything that clients recorded, as tables of numbers. Filled by load.h, read by check.h.
//
// Sized for tens of millions of records: names are numbers of a `Names`, and lists are flat. Instants are microseconds
// of one clock that all processes share.
#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "history/findings.h"
#include "history/names.h"

namespace tideline::history {

using Micros = std::int64_t;
inline constexpr Micros kNever = std::numeric_limits<Micros>::max();
inline constexpr std::uint32_t kNone = ~0u;
inline constexpr std::int64_t kNoOffset = -1;

// unknown is an operation whose completion was not recorded, or recorded as `info`: it may have happened, or happen yet.
enum class Outcome : std::uint8_t { unknown, ok, failed };
enum class Isolation : std::uint8_t { uncommitted, committed };

// One record, by its value, which nobody else writes.
struct Value {
    std::uint32_t partition = kNone;  // where it was sent to; kNone while nobody sent it
    std::uint32_t producer = kNone;
    std::uint32_t transaction = kNone;
    Outcome outcome = Outcome::unknown;
    bool is_seen_uncommitted = false;
    bool is_seen_committed = false;
    std::int64_t acked_offset = kNoOffset;
    std::int64_t offset = kNoOffset;  // where it is: where it was read first or, never read, where it was acknowledged
    Micros sent_at = 0;

    bool is_sent() const { return partition != kNone; }
    bool is_seen() const { return is_seen_uncommitted || is_seen_committed; }
};

struct Transaction {
    std::uint32_t transactional_id = kNone;
    std::uint32_t group = kNone;  // whose input it processes
    Micros begun_at = 0;
    Micros commit_at = kNever;  // when its commit was asked for; kNever if it was not
    Micros ended_at = kNever;
    Outcome commit = Outcome::unknown;
    bool is_abort_confirmed = false;
    bool is_proven = false;  // one of its values was read by a committed reader

    // A commit that was never asked for, or is known to have failed, happens never.
    bool may_commit() const { return commit_at != kNever && commit != Outcome::failed && !is_abort_confirmed; }
    bool is_committed() const { return may_commit() && (commit == Outcome::ok || is_proven); }
};

// One answer to a consumer: what it read of `partition` from `position` up to `next`.
struct Poll {
    std::uint32_t consumer = 0;
    std::uint32_t partition = 0;
    std::uint32_t transaction = kNone;  // the one that was open in this process
    Isolation isolation = Isolation::uncommitted;
    std::int64_t position = 0;
    std::int64_t next = 0;
    Micros at = 0;
    std::uint64_t first_read = 0;  // its records are [first_read, first_read + reads) of History::read_*
    std::uint32_t reads = 0;
};

// A consumer that went on behind where it had been, without a word why: nothing may be in between.
struct Gap {
    std::uint32_t poll;
    std::int64_t from;
};

// An output and the input it was made from.
struct Derivation {
    std::uint32_t output;  // a value
    std::uint32_t partition;
    std::int64_t offset;
};

struct GroupPartition {
    std::uint32_t group;
    std::uint32_t partition;
    auto operator<=>(const GroupPartition&) const = default;
};

// An offset that somebody tried to commit, alone or in a transaction.
struct Commit {
    GroupPartition key;
    std::int64_t offset;
    std::uint32_t transaction;  // kNone: by itself
    Micros from;
    Micros until;  // kNever: may happen yet
    Outcome outcome;
};

// A committed offset that somebody was told.
struct Fetched {
    GroupPartition key;
    std::int64_t offset;
    Micros asked;
    Micros at;
    bool is_final;
};

struct Watermarks {
    std::uint32_t partition;
    std::int64_t high_watermark;
    std::int64_t last_stable;
    Micros asked;
    Micros at;
};

// A reader that came behind everything read everything below `end`.
struct Drained {
    std::uint32_t partition;
    Isolation isolation;
    std::int64_t end;
    Micros at;
};

// `group` processes every record of `partition`; each makes at least one output if `makes_outputs`.
struct Chain {
    GroupPartition key;
    bool makes_outputs;
};

// The acknowledgements under one epoch of a producer id or of a partition's leader.
struct EpochUse {
    Micros first_acknowledged = kNever;
    Micros last_sent = std::numeric_limits<Micros>::min();  // of what was acknowledged
};

struct History {
    Names value_names, partitions, processes, groups, transactional_ids;
    std::vector<Value> values;
    std::vector<std::uint32_t> sends;  // values, each producer's in its order
    std::vector<Transaction> transactions;
    std::vector<Poll> polls;
    std::vector<std::int64_t> read_offsets;
    std::vector<std::uint32_t> read_values;
    std::vector<Gap> gaps;
    std::vector<Derivation> derivations;
    std::vector<Commit> commits;
    std::vector<Fetched> fetched;
    std::vector<Watermarks> watermarks;
    std::vector<Drained> drained;
    std::vector<Chain> chains;
    std::vector<std::pair<Micros, Micros>> downtimes;
    // (producer id, epoch) and (partition, leader epoch)
    std::map<std::pair<std::int64_t, std::int64_t>, EpochUse> producer_epochs;
    std::map<std::pair<std::int64_t, std::int64_t>, EpochUse> leader_epochs;
    Micros transaction_timeout = kNever;  // with the grace: how long the last stable offset may stand still
    std::uint64_t operations = 0;
    Findings seen_while_loading;

    std::string value_name(std::uint32_t value) const { return std::string(value_names.text_of(value)); }
    std::string partition_name(std::uint32_t partition) const { return std::string(partitions.text_of(partition)); }
};

}  // namespace tideline::history
