#include "runtime/real/real_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>

#include "base/check.h"

namespace tideline::runtime::real {

namespace {

constexpr mode_t kFilePermissions = 0644;

int flags_of(OpenMode mode) {
    switch (mode) {
        case OpenMode::read:
            return O_RDONLY;
        case OpenMode::read_write:
            return O_RDWR;
        case OpenMode::create:
            return O_RDWR | O_CREAT | O_EXCL;
        case OpenMode::create_or_open:
            return O_RDWR | O_CREAT;
        case OpenMode::create_or_truncate:
            return O_RDWR | O_CREAT | O_TRUNC;
    }
    return O_RDONLY;
}

// What a file is to the kernel, whatever its path.
using FileId = std::pair<dev_t, ino_t>;

// The files this process has locked. fcntl locks, which Java's FileChannel.tryLock takes too, belong to the process: the
// kernel would grant a second one here, and would drop the first when any descriptor of the file is closed.
struct HeldLocks {
    std::mutex mutex;
    std::set<FileId> held;
};

HeldLocks& held_locks() {
    static HeldLocks instance;  // one a process, as the kernel's locks are
    return instance;
}

class RealFileLock final : public FileLock {
public:
    RealFileLock(Fd fd, FileId id) : fd_(std::move(fd)), id_(id) {}
    ~RealFileLock() override {
        HeldLocks& locks = held_locks();
        std::lock_guard guard(locks.mutex);
        fd_.reset();
        locks.held.erase(id_);
    }

private:
    Fd fd_;
    FileId id_;
};

std::optional<FileId> id_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? std::optional(FileId{status.st_dev, status.st_ino}) : std::nullopt;
}

}  // namespace

Result<> RealFile::write_at(std::uint64_t position, std::span<const ByteView> parts) {
    constexpr std::size_t kPartsPerCall = 64;
    std::array<iovec, kPartsPerCall> vectors{};
    std::size_t part = 0;
    std::size_t skip = 0;  // bytes of parts[part] already written
    while (part < parts.size()) {
        std::size_t count = 0;
        for (std::size_t i = part; i < parts.size() && count < kPartsPerCall; ++i) {
            std::size_t from = i == part ? skip : 0;
            vectors[count++] = {const_cast<std::uint8_t*>(parts[i].data()) + from, parts[i].size() - from};
        }
        ssize_t written = ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(position));
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return storage_error("write failed");
        }
        // Of a regular file the kernel takes at least a byte or says why not.
        TL_CHECK(written > 0 || parts[part].size() == skip);
        position += static_cast<std::uint64_t>(written);
        auto left = static_cast<std::size_t>(written);
        while (part < parts.size() && left >= parts[part].size() - skip) {
            left -= parts[part].size() - skip;
            skip = 0;
            ++part;
        }
        skip += left;
    }
    return {};
}

Result<std::size_t> RealFile::read_with(std::uint64_t position, MutableByteView into, int flags) {
    std::size_t done = 0;
    while (done < into.size()) {
        iovec vector{into.data() + done, into.size() - done};
        ssize_t got = ::preadv2(fd_.get(), &vector, 1, static_cast<off_t>(position + done), flags);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return storage_error("read failed", errno == EOPNOTSUPP ? EAGAIN : errno);
        }
        if (got == 0) {
            break;
        }
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<std::size_t> RealFile::read_at(std::uint64_t position, MutableByteView into) { return read_with(position, into, 0); }

Result<std::size_t> RealFile::read_cached(std::uint64_t position, MutableByteView into) {
    return read_with(position, into, RWF_NOWAIT);
}

Result<> RealFile::truncate(std::uint64_t size) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
        return storage_error("truncate failed");
    }
    return {};
}

Result<> RealFile::sync_data() {
    if (::fdatasync(fd_.get()) != 0) {
        return storage_error("fdatasync failed");
    }
    return {};
}

Result<> RealFile::forget_cached() {
    if (int code = ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED); code != 0) {
        return base::fail(ErrorCode::kafka_storage_error, "the page cache was not dropped", code);
    }
    return {};
}

void RealFile::start_writeback() {
    // Without waiting, which would take the error of a page that could not be written away from the sync that is to come.
    (void)::sync_file_range(fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

Result<std::uint64_t> RealFile::size() {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) {
        return storage_error("stat failed");
    }
    return static_cast<std::uint64_t>(status.st_size);
}

Result<std::unique_ptr<File>> RealFileSystem::open(std::string_view path, OpenMode mode) {
    Fd fd(::open(std::string(path).c_str(), flags_of(mode) | O_CLOEXEC, kFilePermissions));
    if (!fd.open()) {
        return storage_error("open failed");
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || S_ISDIR(status.st_mode)) {
        return storage_error("not a file", EISDIR);  // open() lets a directory be read
    }
    return std::make_unique<RealFile>(std::move(fd));
}

Result<std::vector<DirectoryEntry>> RealFileSystem::list(std::string_view directory) {
    std::error_code error;
    std::vector<DirectoryEntry> entries;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
        std::error_code ignored;
        entries.push_back({at->path().filename().string(), at->is_directory(ignored)});
    }
    if (error) {
        return storage_error("directory cannot be listed", error.value());
    }
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
}

bool RealFileSystem::exists(std::string_view path) { return ::access(std::string(path).c_str(), F_OK) == 0; }

Result<> RealFileSystem::make_directories(std::string_view path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) {
        return storage_error("directory cannot be made", error.value());
    }
    return {};
}

Result<> RealFileSystem::rename(std::string_view from, std::string_view to) {
    if (::rename(std::string(from).c_str(), std::string(to).c_str()) != 0) {
        return storage_error("rename failed");
    }
    return {};
}

Result<> RealFileSystem::remove_file(std::string_view path) {
    if (::unlink(std::string(path).c_str()) != 0) {
        return storage_error("file cannot be removed");
    }
    return {};
}

Result<> RealFileSystem::remove_tree(std::string_view directory) {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) {
        return storage_error("directory cannot be removed", error.value());
    }
    return {};
}

Result<> RealFileSystem::sync_dir(std::string_view directory) {
    Fd fd(::open(std::string(directory).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.open()) {
        return storage_error("directory cannot be opened");
    }
    if (::fsync(fd.get()) != 0) {
        return storage_error("directory cannot be synced");
    }
    return {};
}

Result<DiskSpace> RealFileSystem::space(std::string_view path) {
    struct statvfs status {};
    if (::statvfs(std::string(path).c_str(), &status) != 0) {
        return storage_error("file system cannot be asked");
    }
    return DiskSpace{.total_bytes = status.f_blocks * status.f_frsize, .usable_bytes = status.f_bavail * status.f_frsize};
}

Result<std::unique_ptr<FileLock>> RealFileSystem::lock(std::string_view path) {
    std::string name(path);
    HeldLocks& locks = held_locks();
    std::lock_guard guard(locks.mutex);
    // Asked before the file is opened: closing it again would drop the lock this process holds.
    if (auto id = id_of(name); id && locks.held.contains(*id)) {
        return storage_error("file is locked by this process", EAGAIN);
    }
    Fd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFilePermissions));
    if (!fd.open()) {
        return storage_error("lock file cannot be opened");
    }
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(fd.get(), F_SETLK, &whole) != 0) {
        return storage_error("file is locked by another process", errno == EACCES ? EAGAIN : errno);
    }
    auto id = id_of(name);
    if (!id) {
        return storage_error("lock file is gone");
    }
    locks.held.insert(*id);
    return std::make_unique<RealFileLock>(std::move(fd), *id);
}

}  // namespace tideline::runtime::real
