// log/index.h: the sparse indexes of a segment: offset → position in the .log file, timestamp → offset.
//
// Both are sorted arrays of fixed entries in a file. The newest entries wait in memory and are written behind in blocks, so
// an index costs little to append to and a few hundred bytes to keep; lookups read the file and then the waiting entries.
// An index may be ahead of or behind its log after a crash: it is believed only after a clean stop or once synced with its
// sealed segment, and rebuilt from the log otherwise.
// Errors:  kafka_storage_error; ENOENT in `detail` when the file is missing, EILSEQ when its content cannot be an index.
// Format:  docs/formats/log.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "log/file_cache.h"
#include "log/types.h"

namespace tideline::log {

// A file of fixed-size entries that grows at its end; knows nothing of what they mean.
class EntryFile {
public:
    EntryFile(FileCache& cache, std::string path, std::size_t entry_bytes);

    Result<> create();                          // must not exist
    Result<> load();                            // must exist; takes the entry count from its size
    Result<> reset();                           // creates it if it is missing; no entries afterwards
    std::size_t count() const { return on_disk_ + pending_.size() / entry_bytes_; }

    // Waits in memory until enough have come together. When writing fails it is tried again with the next one.
    void append(ByteView entry);
    Result<> write_pending();
    Result<> truncate(std::size_t count);
    Result<> read(std::size_t index, MutableByteView into) const;

    // How many entries satisfy `holds`, which must hold for a prefix of them and for none after it. `last` gets the last of
    // these. What lies near the last answer is found with one read: readers go on where they were.
    Result<std::size_t> count_while(const std::function<bool(ByteView entry)>& holds, MutableByteView last) const;

    Result<std::shared_ptr<runtime::File>> file() const { return cache_->open(path_); }
    const std::string& path() const { return path_; }
    // Adds the file if anything in it has changed since it was made or synced; mark_synced() once it is.
    Result<> collect_unsynced(std::vector<std::shared_ptr<runtime::File>>& files);
    void mark_synced() { changes_synced_ = changes_syncing_; }

private:
    FileCache* cache_;
    std::string path_;
    std::size_t entry_bytes_;
    std::size_t on_disk_ = 0;
    Bytes pending_;
    std::uint64_t changes_ = 0;  // of the file
    std::uint64_t changes_syncing_ = 0;
    std::uint64_t changes_synced_ = 0;
    mutable std::size_t last_count_ = 0;  // of count_while(): a place to begin with, right or wrong
};

struct OffsetPosition {
    Offset offset = kNoOffset;
    std::uint32_t position = 0;

    friend bool operator==(const OffsetPosition&, const OffsetPosition&) = default;
};

// 8-byte entries: last offset of a batch (relative to the segment's base), position where that batch starts.
class OffsetIndex {
public:
    static constexpr std::size_t kEntryBytes = 8;

    OffsetIndex(FileCache& cache, std::string path, Offset base) : entries_(cache, std::move(path), kEntryBytes), base_(base) {}

    Result<> create() { return entries_.create(); }
    // EILSEQ also when the last entry lies outside the segment.
    Result<> load(std::uint64_t log_bytes);
    Result<> reset();

    // Offsets and positions must ascend.
    void append(Offset last_offset, std::uint32_t position);
    // The entry with the largest offset that is at most `offset`; {base, 0} when there is none.
    Result<OffsetPosition> lookup(Offset offset) const;
    // The entry with the largest position that is at most `position`; {base, 0} when there is none.
    Result<OffsetPosition> lookup_position(std::uint64_t position) const;
    // Drops entries at or above `offset`.
    Result<> truncate_to(Offset offset);

    std::size_t count() const { return entries_.count(); }
    bool is_full(std::int32_t max_bytes) const { return count() >= static_cast<std::size_t>(max_bytes) / kEntryBytes; }
    OffsetPosition last() const { return last_; }

    EntryFile& entries() { return entries_; }
    const EntryFile& entries() const { return entries_; }

private:
    OffsetPosition decode(ByteView entry) const;
    Result<OffsetPosition> at(std::size_t index) const;

    EntryFile entries_;
    Offset base_;
    OffsetPosition last_{base_, 0};
};

struct TimestampOffset {
    std::int64_t timestamp = -1;
    Offset offset = kNoOffset;

    friend bool operator==(const TimestampOffset&, const TimestampOffset&) = default;
};

// 12-byte entries: largest timestamp so far, last offset (relative) of the batch that has it.
class TimeIndex {
public:
    static constexpr std::size_t kEntryBytes = 12;

    TimeIndex(FileCache& cache, std::string path, Offset base) : entries_(cache, std::move(path), kEntryBytes), base_(base) {}

    Result<> create() { return entries_.create(); }
    Result<> load();
    Result<> reset();

    // Adds nothing unless the timestamp is larger than the last one.
    void append(std::int64_t timestamp, Offset offset);
    // The entry with the largest timestamp that is at most `timestamp`; {-1, base} when there is none.
    Result<TimestampOffset> lookup(std::int64_t timestamp) const;
    // Drops entries whose offset is at or above `offset`.
    Result<> truncate_to(Offset offset);

    std::size_t count() const { return entries_.count(); }
    // The last slot is kept for the entry that closes the segment.
    bool is_full(std::int32_t max_bytes) const { return count() + 1 >= static_cast<std::size_t>(max_bytes) / kEntryBytes; }
    TimestampOffset last() const { return last_; }

    EntryFile& entries() { return entries_; }
    const EntryFile& entries() const { return entries_; }

private:
    TimestampOffset decode(ByteView entry) const;
    Result<TimestampOffset> at(std::size_t index) const;

    EntryFile entries_;
    Offset base_;
    TimestampOffset last_{-1, base_};
};

}  // namespace tideline::log
