// Reading and writing files of a SimFileSystem, and the faults that may meet them.
#include "runtime/sim/sim_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace tideline::runtime::sim {

namespace {

std::unexpected<Error> failed(std::string_view what, int code) {
    return base::fail(ErrorCode::kafka_storage_error, what, code);
}

}  // namespace

Result<> SimFile::check_usable(bool to_write) const {
    if (generation_ != files_.generation_) {
        return failed("the file was open during a crash", EBADF);
    }
    if (to_write && !writable_) {
        return failed("the file is open for reading", EBADF);
    }
    return files_.check_power();
}

Result<> SimFile::write_at(std::uint64_t position, std::span<const ByteView> parts) {
    TL_TRY_VOID(check_usable(true));
    return files_.write(*inode_, position, parts);
}

Result<std::size_t> SimFile::read_at(std::uint64_t position, MutableByteView into) {
    TL_TRY_VOID(check_usable(false));
    return files_.read(*inode_, position, into);
}

Result<std::size_t> SimFile::read_cached(std::uint64_t position, MutableByteView into) {
    TL_TRY_VOID(check_usable(false));
    if (files_.cold_) {
        return failed("not in the page cache", EAGAIN);
    }
    return files_.read(*inode_, position, into);
}

Result<> SimFile::truncate(std::uint64_t size) {
    TL_TRY_VOID(check_usable(true));
    return files_.truncate(*inode_, size);
}

Result<> SimFile::sync_data() {
    TL_TRY_VOID(check_usable(false));
    return files_.sync(*inode_);
}

Result<std::uint64_t> SimFile::size() {
    TL_TRY_VOID(check_usable(false));
    return inode_->data.size();
}

Result<> SimFile::forget_cached() {
    TL_TRY_VOID(check_usable(false));
    inode_->forget_cached();
    return {};
}

void SimFileSystem::store(Inode& inode, std::uint64_t position, ByteView bytes) {
    if (bytes.empty()) {
        return;
    }
    std::uint64_t end = position + bytes.size();
    if (end > inode.data.size()) {
        inode.data.resize(end);
        inode.writes.push_back({++sequence_, PendingWrite::Kind::extend, end, {}});
    }
    std::ranges::copy(bytes, inode.data.begin() + static_cast<std::ptrdiff_t>(position));
    inode.writes.push_back({++sequence_, PendingWrite::Kind::data, position, base::Bytes(bytes.begin(), bytes.end())});
}

Result<> SimFileSystem::write(Inode& inode, std::uint64_t position, std::span<const ByteView> parts) {
    base::Bytes bytes;
    for (ByteView part : parts) {
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    if (bytes.empty()) {
        return {};
    }
    TL_TRY_VOID(begin_operation("write", path_of(inode), fmt::format("{} {}", position, bytes.size())));

    ByteView whole = bytes;
    if (++writes_ == short_write_.at) {
        store(inode, position, whole.first(std::min<std::size_t>(whole.size(), short_write_.bytes)));
        mark_failed();
        return failed("injected short write", short_write_.code);
    }
    std::uint64_t size = inode.data.size();
    std::uint64_t growth = std::max(position + bytes.size(), size) - size;
    if (capacity_ != std::numeric_limits<std::uint64_t>::max() && growth > 0) {
        std::uint64_t used = used_bytes(*root_);
        std::uint64_t left = capacity_ - std::min(capacity_, used);
        if (growth > left) {
            store(inode, position, whole.first(std::min<std::size_t>(whole.size(), size + left - std::min(size + left, position))));
            mark_failed();
            return failed("no space left", ENOSPC);
        }
    }
    store(inode, position, whole);
    return {};
}

Result<> SimFileSystem::truncate(Inode& inode, std::uint64_t size) {
    TL_TRY_VOID(begin_operation("truncate", path_of(inode), fmt::format("{}", size)));
    if (size != inode.data.size()) {
        auto kind = size < inode.data.size() ? PendingWrite::Kind::cut : PendingWrite::Kind::extend;
        inode.data.resize(size);
        inode.writes.push_back({++sequence_, kind, size, {}});
    }
    return {};
}

Result<> SimFileSystem::sync(Inode& inode) {
    auto begun = begin_operation("sync", path_of(inode));
    bool refused = ++syncs_ == fail_sync_;
    if (power_cut_) {
        return begun;  // nobody is left to forget anything
    }
    if (!begun || refused) {
        inode.forget_data();
        if (!begun) {
            return begun;
        }
        mark_failed();
        return failed("injected failure of a sync", EIO);
    }
    inode.commit_writes();
    return {};
}

Result<std::size_t> SimFileSystem::read(Inode& inode, std::uint64_t position, MutableByteView into) {
    if (position >= inode.data.size()) {
        return 0;
    }
    std::size_t count = std::min<std::size_t>(into.size(), inode.data.size() - position);
    std::copy_n(inode.data.begin() + static_cast<std::ptrdiff_t>(position), count, into.begin());
    if (++reads_ == flip_read_ && count > 0) {
        std::uint64_t bit = flip_bit_ % (count * 8);
        into[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    }
    return count;
}

void SimFileSystem::fail_operation(std::uint64_t nth, int code) { failing_[operations_ + nth] = code; }

void SimFileSystem::short_write(std::uint64_t nth, std::uint64_t bytes, int code) { short_write_ = {writes_ + nth, bytes, code}; }

void SimFileSystem::flip_bit_on_read(std::uint64_t nth, std::uint64_t bit) {
    flip_read_ = reads_ + nth;
    flip_bit_ = bit;
}

Result<> SimFileSystem::flip_stored_bit(std::string_view path, std::uint64_t position, unsigned bit) {
    TL_TRY(inode, find(path));
    if (position >= inode->data.size()) {
        return failed("the file ends before that byte", EINVAL);
    }
    auto mask = static_cast<std::uint8_t>(1u << (bit % 8));
    inode->data[position] ^= mask;
    if (position < inode->disk.bytes.size()) {
        inode->disk.bytes[position] ^= mask;
    }
    return {};
}

}  // namespace tideline::runtime::sim
