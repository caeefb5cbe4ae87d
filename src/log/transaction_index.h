// log/transaction_index.h: the aborted transactions of a segment, for readers with read_committed.
//
// 34-byte entries in the order of the abort markers. The file is made with the first entry; no file means no aborts.
// Errors:  kafka_storage_error.
// Format:  docs/formats/log.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "log/file_cache.h"
#include "log/producer_state.h"
#include "log/types.h"

namespace tideline::log {

class TransactionIndex {
public:
    static constexpr std::size_t kEntryBytes = 34;

    // `may_exist`: there may be a file from earlier; without, the first append makes one.
    TransactionIndex(FileCache& cache, std::string path, bool may_exist)
        : cache_(&cache), path_(std::move(path)), exists_(may_exist) {}

    // Written at once; the next sync of file() makes it durable. Returns true when this made the file.
    Result<bool> append(const AbortedTransaction& aborted);
    // No entries afterwards.
    Result<> reset();
    // Drops entries whose abort marker is at or above `offset`.
    Result<> truncate_to(Offset offset);
    // Appends to `found` what a reader of [from, to) has to filter, after a binary search. Returns true when later segments cannot add anything.
    Result<bool> collect(Offset from, Offset to, std::vector<AbortedTransaction>& found) const;
    Result<std::vector<AbortedTransaction>> all() const;

    bool exists() const { return exists_; }
    Result<std::shared_ptr<runtime::File>> file() const { return cache_->open(path_); }
    const std::string& path() const { return path_; }

private:
    static Result<std::size_t> count(runtime::File& file);
    static Result<std::vector<AbortedTransaction>> read(runtime::File& file, std::size_t first, std::size_t count);
    static Result<std::size_t> find(runtime::File& file, std::size_t rows, Offset offset);

    FileCache* cache_;
    std::string path_;
    bool exists_;
};

}  // namespace tideline::log
