// runtime/files.h: files and directories, as the log needs them.
//
// Every call blocks its thread; what may take long (sync, cold reads, directory work) is run through offload() in
// shard.h. Writes to the page cache are short and are called on the shard itself.
// Durability: what write_at() wrote survives a crash only after sync_data() returned; a new, renamed or removed name
// only after sync_dir() of its directory. A failed sync is final for that file: the kernel has forgotten the dirty
// pages, so it must never be retried.
// Errors: kafka_storage_error with errno in `detail` (ENOENT, ENOSPC and EIO are told apart by it).
// Paths are text, '/'-separated, relative to nothing: callers give whole paths.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tideline::runtime {

using base::ByteView;
using base::Error;
using base::MutableByteView;
using base::Result;

class File {
public:
    virtual ~File() = default;

    // Writes all parts back to back at `position`. On error an unknown part was written.
    virtual Result<> write_at(std::uint64_t position, std::span<const ByteView> parts) = 0;
    // Reads until `into` is full or the file ends; returns how many bytes.
    virtual Result<std::size_t> read_at(std::uint64_t position, MutableByteView into) = 0;
    // The same, but only what the page cache holds; EAGAIN in `detail` when it would have to wait for the disk.
    virtual Result<std::size_t> read_cached(std::uint64_t position, MutableByteView into) = 0;
    virtual Result<> truncate(std::uint64_t size) = 0;
    virtual Result<> sync_data() = 0;  // fdatasync
    virtual Result<std::uint64_t> size() = 0;

    Result<> write_at(std::uint64_t position, ByteView bytes) {
        ByteView parts[] = {bytes};
        return write_at(position, std::span<const ByteView>(parts));
    }
};

// Held while it lives; the operating system drops it when the process dies.
class FileLock {
public:
    virtual ~FileLock() = default;
};

enum class OpenMode {
    read,              // must exist
    read_write,        // must exist
    create,            // must not exist
    create_or_open,    // either
    create_or_truncate
};

struct DirectoryEntry {
    std::string name;
    bool is_directory = false;
};

struct DiskSpace {
    std::uint64_t total_bytes = 0;
    std::uint64_t usable_bytes = 0;
};

class FileSystem {
public:
    virtual ~FileSystem() = default;

    virtual Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) = 0;
    // Entries without "." and "..", sorted by name.
    virtual Result<std::vector<DirectoryEntry>> list(std::string_view directory) = 0;
    virtual bool exists(std::string_view path) = 0;
    virtual Result<> make_directories(std::string_view path) = 0;  // also missing parents; fine if it is there
    virtual Result<> rename(std::string_view from, std::string_view to) = 0;  // replaces `to`
    virtual Result<> remove_file(std::string_view path) = 0;
    virtual Result<> remove_tree(std::string_view directory) = 0;  // and all in it; fine if it is not there
    virtual Result<> sync_dir(std::string_view directory) = 0;
    virtual Result<DiskSpace> space(std::string_view path) = 0;
    // Kafka's `.lock`: creates the file and takes an exclusive lock on it. EAGAIN in `detail` when another process has it.
    virtual Result<std::unique_ptr<FileLock>> lock(std::string_view path) = 0;
};

// The whole file; ENOENT in `detail` when it is not there. Refuses files over `limit` bytes.
Result<base::Bytes> read_file(FileSystem& files, std::string_view path, std::uint64_t limit = 256u << 20);
// Kafka's way to replace a small file so that a crash leaves the old or the new one: writes `path`.tmp, syncs it,
// renames it, syncs the directory.
Result<> replace_file(FileSystem& files, std::string_view path, ByteView content);
// "/a/b/c" → "/a/b".
std::string_view parent_of(std::string_view path);

}  // namespace tideline::runtime
