// log/flush_plan.h: what has to reach the disk so that records are durable, and bringing it there, for one log or many together.
//
//   write replacements · sync data and replacements · rename · sync directories
//
// Of many plans each step is taken for all before the next one is: the disk gets much to do at once, and a file system that writes a
// journal writes it twice for all of them and not twice for each.
// Thread: any, beside everything; both Block.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "log/types.h"
#include "runtime/files.h"

namespace tideline::log {

// Executed outside the shard. Everything before `covers` is durable when it is done.
struct FlushPlan {
    struct Replace {
        std::string path;
        Bytes content;
    };
    std::vector<std::shared_ptr<runtime::File>> data;       // sync_data() each
    std::vector<std::shared_ptr<runtime::File>> snapshots;  // the same
    std::vector<Replace> replace;                           // each as by replace_file(), but for its directory
    std::vector<std::string> directories;                   // last sync_dir() each: all that have new names, in this order
    bool is_first = false;  // of a new log, or one that may be: its own name is among those
    bool has_begun = false;  // run_flush() has come to the first sync
    Offset covers = 0;
    std::uint64_t generation = 0;  // a truncation in between makes `covers` meaningless

    bool is_empty() const { return data.empty() && snapshots.empty() && replace.empty() && directories.empty(); }
};

Result<> run_flush(runtime::FileSystem& files, FlushPlan& plan);
// One outcome for each plan. A plan that fails takes no further step; the others do.
std::vector<Result<>> run_flushes(runtime::FileSystem& files, std::span<FlushPlan* const> plans);

// Of descriptors, space or memory: the disk is sound, and the same may succeed later.
bool is_passing_shortage(const Error& error);

}  // namespace tideline::log
