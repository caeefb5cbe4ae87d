// log/file_cache.h: a bounded set of open files, so that ten thousand partitions do not exhaust the descriptors.
//
// Files are opened when first asked for and closed when the least recently used one has to make room. Whoever holds the
// shared_ptr keeps its file open beyond that: the cache bounds what is idle, not what is in use.
// Shared by all logs of a shard; one may also be shared by the whole broker.
// Thread:  any; a short lock.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "log/types.h"
#include "runtime/files.h"

namespace tideline::log {

class FileCache {
public:
    // `files` must outlive the cache. Keeps at most `capacity` files open on its own account, at least one.
    explicit FileCache(runtime::FileSystem& files, std::size_t capacity = 1024);

    runtime::FileSystem& files() { return files_; }

    // The file, opened for reading and writing; it must exist. shared_ptr: a fetch answer may still be sending from a file
    // that its segment has let go.
    Result<std::shared_ptr<runtime::File>> open(std::string_view path);
    // The same, for a file that must not exist yet.
    Result<std::shared_ptr<runtime::File>> create(std::string_view path);
    // Forgets the path: call it when the name is renamed, removed or created anew.
    void forget(std::string_view path);

    std::size_t open_count() const;

private:
    struct Entry {
        std::string path;
        std::shared_ptr<runtime::File> file;
    };
    Result<std::shared_ptr<runtime::File>> insert(std::string_view path, std::unique_ptr<runtime::File> file);

    runtime::FileSystem& files_;
    std::size_t capacity_;
    mutable std::mutex mutex_;
    std::list<Entry> recent_;  // most recently used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_path_;
};

}  // namespace tideline::log
