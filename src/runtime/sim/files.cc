#include "runtime/sim/files.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/sim/sim_file.h"

namespace tideline::runtime::sim {

namespace {

constexpr std::string_view kFailed = " failed";

std::unexpected<Error> failed(std::string_view what, int code) {
    return base::fail(ErrorCode::kafka_storage_error, what, code);
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> names;
    while (!path.empty()) {
        std::size_t slash = std::min(path.find('/'), path.size());
        std::string_view name = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (!name.empty() && name != ".") {
            names.push_back(name);
        }
    }
    return names;
}

std::string place_path(const Inode& directory, std::string_view name) { return fmt::format("{}/{}", path_of(directory), name); }

class SimFileLock final : public FileLock {
public:
    explicit SimFileLock(std::shared_ptr<const bool> token) : token_(std::move(token)) {}

private:
    std::shared_ptr<const bool> token_;  // the inode looks whether anybody still holds it
};

bool is_inside(const Inode& inode, const Inode& directory) {
    const Inode* at = &inode;
    InodePtr above;
    while (at != nullptr && at != &directory) {
        above = at->parent.lock();
        at = above.get();
    }
    return at == &directory;
}

}  // namespace

SimFileSystem::SimFileSystem() : root_(std::make_shared<Inode>()) {
    root_->is_directory = true;
    inodes_.push_back(root_);
}

Result<> SimFileSystem::check_power() const {
    if (power_cut_) {
        return failed("the machine has lost power", EIO);
    }
    return {};
}

void SimFileSystem::note(std::string_view verb, const std::string& path, std::string_view rest) {
    if (transcript_on_) {
        transcript_.push_back(fmt::format("{}{}{}{}{}", verb, path.empty() ? "" : " ", path, rest.empty() ? "" : " ", rest));
    }
}

void SimFileSystem::mark_failed() {
    if (transcript_on_) {
        transcript_.back() += kFailed;
    }
}

Result<> SimFileSystem::begin_operation(std::string_view verb, const std::string& path, std::string_view rest) {
    ++operations_;
    if (cut_at_ != 0 && operations_ >= cut_at_) {
        power_cut_ = true;
        return check_power();
    }
    if (auto found = failing_.find(operations_); found != failing_.end()) {
        note(verb, path, rest);
        mark_failed();
        return failed("injected failure", found->second);
    }
    note(verb, path, rest);
    return {};
}

Result<InodePtr> SimFileSystem::find(std::string_view path) const {
    TL_TRY_VOID(check_power());
    InodePtr at = root_;
    for (std::string_view name : split(path)) {
        if (!at->is_directory) {
            return failed("a part of the path is a file", ENOTDIR);
        }
        auto found = at->entries.find(std::string(name));
        if (found == at->entries.end()) {
            return failed("no such file or directory", ENOENT);
        }
        at = found->second;
    }
    return at;
}

Result<SimFileSystem::Place> SimFileSystem::find_place(std::string_view path) const {
    std::vector<std::string_view> names = split(path);
    if (names.empty()) {
        return failed("the root cannot be changed", EBUSY);
    }
    std::string_view last = names.back();
    TL_TRY(directory, find(path.substr(0, static_cast<std::size_t>(last.data() - path.data()))));
    if (!directory->is_directory) {
        return failed("a part of the path is a file", ENOTDIR);
    }
    return Place{directory, std::string(last)};
}

InodePtr SimFileSystem::find_entry(const Place& place) const {
    auto found = place.directory->entries.find(place.name);
    return found == place.directory->entries.end() ? nullptr : found->second;
}

void SimFileSystem::move_name(const InodePtr& inode, const Place& to) {
    auto change = std::make_shared<PendingName>();
    change->sequence = ++sequence_;
    change->inode = inode;
    change->directory = to.directory;
    change->name = to.name;
    InodePtr from = inode->parent.lock();
    if (from != nullptr) {
        from->entries.erase(inode->name);
        from->names.push_back(change);
    }
    if (to.directory == nullptr) {
        inode->parent.reset();
        return;
    }
    InodePtr& entry = to.directory->entries[to.name];
    if (entry != nullptr) {
        entry->parent.reset();
    }
    entry = inode;
    inode->parent = to.directory;
    inode->name = to.name;
    if (to.directory != from) {
        to.directory->names.push_back(change);
    }
}

InodePtr SimFileSystem::make_inode(const Place& place, bool directory) {
    auto inode = std::make_shared<Inode>();
    inode->is_directory = directory;
    inode->name = place.name;
    std::erase_if(inodes_, [](const auto& weak) { return weak.expired(); });
    inodes_.push_back(inode);
    move_name(inode, place);
    return inode;
}

Result<InodePtr> SimFileSystem::create_file(const Place& place) {
    TL_TRY_VOID(begin_operation("create", place_path(*place.directory, place.name)));
    return make_inode(place, false);
}

Result<std::unique_ptr<File>> SimFileSystem::open(std::string_view path, OpenMode mode) {
    TL_TRY(place, find_place(path));
    InodePtr inode = find_entry(place);
    if (inode == nullptr) {
        if (mode == OpenMode::read || mode == OpenMode::read_write) {
            return failed("no such file", ENOENT);
        }
        TL_TRY(created, create_file(place));
        inode = created;
    } else if (mode == OpenMode::create) {
        return failed("file exists", EEXIST);
    } else if (inode->is_directory) {
        return failed("is a directory", EISDIR);
    } else if (mode == OpenMode::create_or_truncate) {
        TL_TRY_VOID(truncate(*inode, 0));
    }
    return std::make_unique<SimFile>(*this, inode, mode != OpenMode::read, generation_);
}

Result<std::vector<DirectoryEntry>> SimFileSystem::list(std::string_view directory) {
    TL_TRY(inode, find(directory));
    if (!inode->is_directory) {
        return failed("not a directory", ENOTDIR);
    }
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, child] : inode->entries) {
        entries.push_back({name, child->is_directory});
    }
    return entries;
}

bool SimFileSystem::exists(std::string_view path) { return find(path).has_value(); }

Result<> SimFileSystem::make_directories(std::string_view path) {
    TL_TRY_VOID(check_power());
    InodePtr at = root_;
    for (std::string_view name : split(path)) {
        Place place{at, std::string(name)};
        InodePtr next = find_entry(place);
        if (next == nullptr) {
            TL_TRY_VOID(begin_operation("mkdir", place_path(*at, name)));
            next = make_inode(place, true);
        } else if (!next->is_directory) {
            return failed("a part of the path is a file", ENOTDIR);
        }
        at = next;
    }
    return {};
}

Result<> SimFileSystem::rename(std::string_view from, std::string_view to) {
    TL_TRY(source, find_place(from));
    TL_TRY(target, find_place(to));
    InodePtr inode = find_entry(source);
    if (inode == nullptr) {
        return failed("no such file or directory", ENOENT);
    }
    InodePtr replaced = find_entry(target);
    if (replaced == inode) {
        return {};
    }
    if (is_inside(*target.directory, *inode)) {
        return failed("a directory cannot move into itself", EINVAL);
    }
    if (replaced != nullptr && replaced->is_directory != inode->is_directory) {
        return failed("a file and a directory cannot replace each other", inode->is_directory ? ENOTDIR : EISDIR);
    }
    if (replaced != nullptr && !replaced->entries.empty()) {
        return failed("the directory to replace is not empty", ENOTEMPTY);
    }
    TL_TRY_VOID(begin_operation("rename", path_of(*inode), place_path(*target.directory, target.name)));
    move_name(inode, target);
    return {};
}

Result<> SimFileSystem::remove_file(std::string_view path) {
    TL_TRY(inode, find(path));
    if (inode->is_directory) {
        return failed("is a directory", EISDIR);
    }
    TL_TRY_VOID(begin_operation("remove", path_of(*inode)));
    move_name(inode, {});
    return {};
}

Result<> SimFileSystem::remove_below(const InodePtr& inode) {
    std::map<std::string, InodePtr> children = inode->entries;
    for (const auto& [name, child] : children) {
        TL_TRY_VOID(remove_below(child));
    }
    TL_TRY_VOID(begin_operation("remove", path_of(*inode)));
    move_name(inode, {});
    return {};
}

Result<> SimFileSystem::remove_tree(std::string_view directory) {
    auto inode = find(directory);
    if (!inode) {
        return inode.error().detail == ENOENT ? Result<>() : std::unexpected(inode.error());
    }
    if (*inode == root_) {
        return failed("the root cannot be changed", EBUSY);
    }
    return remove_below(*inode);
}

Result<> SimFileSystem::sync_dir(std::string_view directory) {
    TL_TRY(inode, find(directory));
    if (!inode->is_directory) {
        return failed("not a directory", ENOTDIR);
    }
    TL_TRY_VOID(begin_operation("sync_dir", inode == root_ ? "/" : path_of(*inode)));
    inode->commit_names();
    return {};
}

std::uint64_t SimFileSystem::used_bytes(const Inode& inode) const {
    std::uint64_t bytes = inode.data.size();
    for (const auto& [name, child] : inode.entries) {
        bytes += used_bytes(*child);
    }
    return bytes;
}

Result<DiskSpace> SimFileSystem::space(std::string_view path) {
    constexpr std::uint64_t kRoomyDisk = std::uint64_t{1} << 40;
    TL_TRY_VOID(find(path));
    std::uint64_t total = std::min(capacity_, kRoomyDisk);
    return DiskSpace{.total_bytes = total, .usable_bytes = total - std::min(total, used_bytes(*root_))};
}

Result<std::unique_ptr<FileLock>> SimFileSystem::lock(std::string_view path) {
    TL_TRY(place, find_place(path));
    InodePtr inode = find_entry(place);
    if (inode == nullptr) {
        TL_TRY(created, create_file(place));
        inode = created;
    }
    if (!inode->lock_holder.expired()) {
        return failed("file is locked", EAGAIN);
    }
    auto token = std::make_shared<const bool>(true);
    inode->lock_holder = token;
    return std::make_unique<SimFileLock>(std::move(token));
}

}  // namespace tideline::runtime::sim
