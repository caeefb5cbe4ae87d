#include "log/index.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/check.h"

namespace tideline::log {

namespace {

// A block of entries is written at once: 128 offset entries are half a MiB of log.
constexpr std::size_t kPendingEntries = 128;
// From this many entries on a search reads one block instead of single entries.
constexpr std::size_t kBlockEntries = 256;

std::unexpected<Error> implausible(std::string_view note) {
    return base::fail(ErrorCode::kafka_storage_error, note, EILSEQ);
}

}  // namespace

EntryFile::EntryFile(FileCache& cache, std::string path, std::size_t entry_bytes)
    : cache_(&cache), path_(std::move(path)), entry_bytes_(entry_bytes) {}

Result<> EntryFile::create() {
    TL_TRY(file, cache_->create(path_));
    (void)file;
    on_disk_ = 0;
    pending_.clear();
    return {};
}

Result<> EntryFile::load() {
    TL_TRY(file, cache_->open(path_));
    TL_TRY(size, file->size());
    if (size % entry_bytes_ != 0) {
        return implausible("an index file does not end with a whole entry");
    }
    on_disk_ = size / entry_bytes_;
    pending_.clear();
    return {};
}

Result<> EntryFile::reset() {
    pending_.clear();
    on_disk_ = 0;
    auto file = cache_->open(path_);
    if (!file && file.error().detail == ENOENT) {
        return create();
    }
    TL_TRY(opened, std::move(file));
    ++changes_;
    return opened->truncate(0);
}

void EntryFile::append(ByteView entry) {
    TL_CHECK(entry.size() == entry_bytes_);
    pending_.insert(pending_.end(), entry.begin(), entry.end());
    if (pending_.size() % (kPendingEntries * entry_bytes_) == 0) {
        // A full disk must not fail the append of records, which have already been written: the entries wait on.
        (void)write_pending();
    }
}

Result<> EntryFile::write_pending() {
    if (pending_.empty()) {
        return {};
    }
    TL_TRY(file, cache_->open(path_));
    ++changes_;
    TL_TRY_VOID(file->write_at(on_disk_ * entry_bytes_, pending_));
    on_disk_ += pending_.size() / entry_bytes_;
    pending_.clear();
    pending_.shrink_to_fit();
    return {};
}

Result<> EntryFile::truncate(std::size_t count) {
    if (count >= on_disk_) {
        pending_.resize(std::min(pending_.size(), (count - on_disk_) * entry_bytes_));
        return {};
    }
    TL_TRY(file, cache_->open(path_));
    ++changes_;
    TL_TRY_VOID(file->truncate(count * entry_bytes_));
    on_disk_ = count;
    pending_.clear();
    return {};
}

Result<> EntryFile::collect_unsynced(std::vector<std::shared_ptr<runtime::File>>& files) {
    if (changes_synced_ < changes_) {
        TL_TRY(opened, file());
        files.push_back(opened);
    }
    changes_syncing_ = changes_;
    return {};
}

Result<> EntryFile::read(std::size_t index, MutableByteView into) const {
    std::size_t entries = into.size() / entry_bytes_;
    TL_CHECK(index + entries <= count());
    std::size_t from_disk = index >= on_disk_ ? 0 : std::min(entries, on_disk_ - index);
    if (from_disk > 0) {
        TL_TRY(file, cache_->open(path_));
        TL_TRY(got, file->read_at(index * entry_bytes_, into.first(from_disk * entry_bytes_)));
        if (got != from_disk * entry_bytes_) {
            return implausible("an index file has become shorter");
        }
    }
    std::size_t skipped = (index + from_disk - on_disk_) * entry_bytes_;
    if (from_disk < entries) {
        std::copy_n(pending_.begin() + static_cast<std::ptrdiff_t>(skipped), (entries - from_disk) * entry_bytes_,
                    into.begin() + static_cast<std::ptrdiff_t>(from_disk * entry_bytes_));
    }
    return {};
}

Result<std::size_t> EntryFile::count_while(const std::function<bool(ByteView)>& holds, MutableByteView last) const {
    std::array<std::uint8_t, kBlockEntries * 16> block;
    MutableByteView rest;
    std::size_t low = 0;
    std::size_t high = count();
    // Recent offsets are asked for most: one look at where the waiting entries begin often spares the file.
    if (on_disk_ > 0 && on_disk_ < high) {
        (holds(ByteView(pending_).first(entry_bytes_)) ? low : high) = on_disk_;
    }
    if (high - low > kBlockEntries && last_count_ > low && last_count_ <= high) {
        std::size_t from = last_count_ - 1;
        std::size_t entries = std::min(kBlockEntries, high - from);
        rest = MutableByteView(block).first(entries * entry_bytes_);
        TL_TRY_VOID(read(from, rest));
        bool begins_before = holds(rest.first(entry_bytes_));
        bool ends_behind = from + entries == high || !holds(rest.last(entry_bytes_));
        if (begins_before && ends_behind) {
            low = from;
            high = from + entries;
        } else {
            (begins_before ? low : high) = begins_before ? from + entries : from;
            rest = {};
        }
    }
    while (high - low > kBlockEntries) {
        std::size_t middle = low + (high - low) / 2;
        MutableByteView entry(block.data(), entry_bytes_);
        TL_TRY_VOID(read(middle, entry));
        bool is_before = holds(entry);
        (is_before ? low : high) = is_before ? middle + 1 : middle;
    }
    if (rest.empty()) {
        rest = MutableByteView(block).first((high - low) * entry_bytes_);
        TL_TRY_VOID(read(low, rest));
    }
    std::size_t first = low;
    while (low < high) {
        std::size_t middle = low + (high - low) / 2;
        bool is_before = holds(ByteView(rest).subspan((middle - first) * entry_bytes_, entry_bytes_));
        (is_before ? low : high) = is_before ? middle + 1 : middle;
    }
    last_count_ = low;
    if (low > first) {
        std::ranges::copy(rest.subspan((low - 1 - first) * entry_bytes_, entry_bytes_), last.begin());
    } else if (low > 0) {
        TL_TRY_VOID(read(low - 1, last));
    }
    return low;
}

// --- OffsetIndex ---

Result<> OffsetIndex::load(std::uint64_t log_bytes) {
    TL_TRY_VOID(entries_.load());
    last_ = {base_, 0};
    if (entries_.count() == 0) {
        return {};
    }
    TL_TRY(last, at(entries_.count() - 1));
    if (last.offset < base_ || last.position >= log_bytes) {
        return implausible("the last entry of an offset index lies outside its segment");
    }
    last_ = last;
    return {};
}

Result<> OffsetIndex::reset() {
    last_ = {base_, 0};
    return entries_.reset();
}

void OffsetIndex::append(Offset last_offset, std::uint32_t position) {
    TL_CHECK(last_offset >= base_ && last_offset - base_ <= INT32_MAX);
    TL_CHECK(count() == 0 || (last_offset > last_.offset && position > last_.position));
    std::array<std::uint8_t, kEntryBytes> entry;
    base::store_be(entry.data(), static_cast<std::int32_t>(last_offset - base_));
    base::store_be(entry.data() + 4, static_cast<std::int32_t>(position));
    entries_.append(entry);
    last_ = {last_offset, position};
}

OffsetPosition OffsetIndex::decode(ByteView entry) const {
    return {base_ + base::load_be<std::int32_t>(entry.data()), base::load_be<std::uint32_t>(entry.data() + 4)};
}

Result<OffsetPosition> OffsetIndex::at(std::size_t index) const {
    std::array<std::uint8_t, kEntryBytes> entry;
    TL_TRY_VOID(entries_.read(index, entry));
    return decode(entry);
}

Result<OffsetPosition> OffsetIndex::lookup(Offset offset) const {
    if (count() == 0 || offset >= last_.offset) {
        return last_;
    }
    std::array<std::uint8_t, kEntryBytes> last;
    TL_TRY(below, entries_.count_while([&](ByteView entry) { return decode(entry).offset <= offset; }, last));
    return below == 0 ? OffsetPosition{base_, 0} : decode(last);
}

Result<OffsetPosition> OffsetIndex::lookup_position(std::uint64_t position) const {
    if (count() == 0 || position >= last_.position) {
        return last_;
    }
    std::array<std::uint8_t, kEntryBytes> last;
    TL_TRY(below, entries_.count_while([&](ByteView entry) { return decode(entry).position <= position; }, last));
    return below == 0 ? OffsetPosition{base_, 0} : decode(last);
}

Result<> OffsetIndex::truncate_to(Offset offset) {
    std::array<std::uint8_t, kEntryBytes> last;
    TL_TRY(below, entries_.count_while([&](ByteView entry) { return decode(entry).offset < offset; }, last));
    TL_TRY_VOID(entries_.truncate(below));
    last_ = below > 0 ? decode(last) : OffsetPosition{base_, 0};
    return {};
}

// --- TimeIndex ---

Result<> TimeIndex::load() {
    TL_TRY_VOID(entries_.load());
    last_ = {-1, base_};
    if (entries_.count() == 0) {
        return {};
    }
    TL_TRY(first, at(0));
    TL_TRY(last, at(entries_.count() - 1));
    if (last.offset < base_ || last.timestamp < first.timestamp) {
        return implausible("the last entry of a time index does not fit the others");
    }
    last_ = last;
    return {};
}

Result<> TimeIndex::reset() {
    last_ = {-1, base_};
    return entries_.reset();
}

void TimeIndex::append(std::int64_t timestamp, Offset offset) {
    if (timestamp <= last_.timestamp) {
        return;
    }
    TL_CHECK(offset >= last_.offset && offset - base_ <= INT32_MAX);
    std::array<std::uint8_t, kEntryBytes> entry;
    base::store_be(entry.data(), timestamp);
    base::store_be(entry.data() + 8, static_cast<std::int32_t>(offset - base_));
    entries_.append(entry);
    last_ = {timestamp, offset};
}

TimestampOffset TimeIndex::decode(ByteView entry) const {
    return {base::load_be<std::int64_t>(entry.data()), base_ + base::load_be<std::int32_t>(entry.data() + 8)};
}

Result<TimestampOffset> TimeIndex::at(std::size_t index) const {
    std::array<std::uint8_t, kEntryBytes> entry;
    TL_TRY_VOID(entries_.read(index, entry));
    return decode(entry);
}

Result<TimestampOffset> TimeIndex::lookup(std::int64_t timestamp) const {
    std::array<std::uint8_t, kEntryBytes> last;
    TL_TRY(below, entries_.count_while([&](ByteView entry) { return decode(entry).timestamp <= timestamp; }, last));
    return below == 0 ? TimestampOffset{-1, base_} : decode(last);
}

Result<> TimeIndex::truncate_to(Offset offset) {
    std::array<std::uint8_t, kEntryBytes> last;
    TL_TRY(below, entries_.count_while([&](ByteView entry) { return decode(entry).offset < offset; }, last));
    TL_TRY_VOID(entries_.truncate(below));
    last_ = below > 0 ? decode(last) : TimestampOffset{-1, base_};
    return {};
}

}  // namespace tideline::log
