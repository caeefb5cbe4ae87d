// coordinator/journal.h: the log under a coordinator. The server implements it over a partition of an internal topic.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/task.h"

namespace tideline::coordinator {

struct JournalSlice {
    base::Bytes batches;    // whole batches, back to back; empty at the end of the log
    std::int64_t next = 0;  // where the next read goes on
};

// How a batch is appended.
struct JournalAppend {
    std::int64_t now_ms = 0;
    std::uint64_t guard = 0;                // of a batch that begins a transaction, see log::AppendOptions
    std::int16_t transaction_version = -1;  // of a marker
};

// Shard:  that of the driver.
class Journal {
public:
    virtual ~Journal() = default;

    virtual std::int64_t start() const = 0;  // the oldest offset
    virtual std::int64_t end() const = 0;    // the offset behind the newest record, durable or not
    // A batch (header and records) may not be larger; 0 when that cannot be told.
    virtual std::size_t batch_bytes_max() const = 0;

    // Appends one batch, whose offsets and leader epoch the log fills in. Returns the new end(). Not durable yet. A batch of
    // a transaction, or a marker, may be refused with the errors of log::PartitionLog::append().
    virtual base::Result<std::int64_t> append(base::ByteView batch, const JournalAppend& how) = 0;
    // Returns when all before `end` is durable. Any number may wait at once.
    virtual runtime::Task<base::Result<>> wait_durable(std::int64_t end) = 0;
    // About `bytes_max` bytes from `from` on, at least one batch if there is any; what is not durable yet, too.
    virtual runtime::Task<base::Result<JournalSlice>> read(std::int64_t from, std::size_t bytes_max) = 0;
};

}  // namespace tideline::coordinator
