#include "log/file_cache.h"

#include <algorithm>

namespace tideline::log {

FileCache::FileCache(runtime::FileSystem& files, std::size_t capacity)
    : files_(files), capacity_(std::max<std::size_t>(capacity, 1)) {}

Result<std::shared_ptr<runtime::File>> FileCache::open(std::string_view path) {
    {
        std::lock_guard lock(mutex_);
        if (auto found = by_path_.find(path); found != by_path_.end()) {
            recent_.splice(recent_.begin(), recent_, found->second);
            return recent_.front().file;
        }
    }
    // Not under the lock: opening may wait for the disk. Two who miss at once both open; the first to insert wins.
    TL_TRY(file, files_.open(path, runtime::OpenMode::read_write));
    return insert(path, std::move(file));
}

Result<std::shared_ptr<runtime::File>> FileCache::create(std::string_view path) {
    TL_TRY(file, files_.open(path, runtime::OpenMode::create));
    forget(path);
    return insert(path, std::move(file));
}

Result<std::shared_ptr<runtime::File>> FileCache::insert(std::string_view path, std::unique_ptr<runtime::File> file) {
    std::list<Entry> dropped;  // closed after the lock is gone
    std::lock_guard lock(mutex_);
    if (auto found = by_path_.find(path); found != by_path_.end()) {
        return found->second->file;
    }
    recent_.push_front(Entry{std::string(path), std::move(file)});
    by_path_.emplace(recent_.front().path, recent_.begin());
    while (recent_.size() > capacity_) {
        by_path_.erase(recent_.back().path);
        dropped.splice(dropped.begin(), recent_, std::prev(recent_.end()));
    }
    return recent_.front().file;
}

void FileCache::forget(std::string_view path) {
    std::list<Entry> dropped;
    std::lock_guard lock(mutex_);
    if (auto found = by_path_.find(path); found != by_path_.end()) {
        auto entry = found->second;
        by_path_.erase(found);
        dropped.splice(dropped.begin(), recent_, entry);
    }
}

std::size_t FileCache::open_count() const {
    std::lock_guard lock(mutex_);
    return recent_.size();
}

}  // namespace tideline::log
