// cluster/first_flushes.h: the first flushes of new partitions of one shard, many together.
//
// A first flush makes names and two small files durable besides the records: five syncs, and writes of the file system's journal for
// most of them. A produce may name thousands of new partitions; were each flushed by itself, whatever else has to be synced would
// wait behind all of them for the threads that may block. Here one thread does them, some at a time.
// Shard: its own.
#pragma once

#include <deque>
#include <optional>

#include "log/flush_plan.h"
#include "runtime/scope.h"

namespace tideline::cluster {

class FirstFlushes {
public:
    explicit FirstFlushes(runtime::Shard& shard) : shard_(shard), turn_(shard) {}
    FirstFlushes(const FirstFlushes&) = delete;
    FirstFlushes& operator=(const FirstFlushes&) = delete;

    // As log::run_flush(), in turn and together with others that wait by then. `plan` must outlive the call.
    runtime::Task<base::Result<>> run(log::FlushPlan& plan);

private:
    struct Waiting {
        log::FlushPlan* plan;
        std::optional<base::Result<>> outcome;
    };
    runtime::Task<void> flush_some();

    runtime::Shard& shard_;
    runtime::Mutex turn_;
    std::deque<Waiting*> waiting_;  // in the order of their turns
};

}  // namespace tideline::cluster
