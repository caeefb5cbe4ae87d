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

// Shard:  that of the driver.
class Journal {
public:
    virtual ~Journal() = default;

    virtual std::int64_t start() const = 0;  // the oldest offset
    virtual std::int64_t end() const = 0;    // the offset behind the newest record, durable or not
    // A batch (header and records) may not be larger.
    virtual std::size_t batch_bytes_max() const = 0;

    // Appends one batch, whose offsets and leader epoch the log fills in. Returns the new end(). Not durable yet.
    virtual base::Result<std::int64_t> append(base::ByteView batch, std::int64_t now_ms) = 0;
    // Returns when all before `end` is durable. Any number may wait at once.
    virtual runtime::Task<base::Result<>> wait_durable(std::int64_t end) = 0;
    // About `bytes_max` bytes from `from` on, at least one batch if there is any; what is not durable yet, too.
    virtual runtime::Task<base::Result<JournalSlice>> read(std::int64_t from, std::size_t bytes_max) = 0;
};

}  // namespace tideline::coordinator
