#include "log/transaction_index.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace tideline::log {

namespace {

constexpr std::int16_t kVersion = 0;

AbortedTransaction decode(const std::uint8_t* entry) {
    return {.producer_id = base::load_be<std::int64_t>(entry + 2),
            .first_offset = base::load_be<std::int64_t>(entry + 10),
            .last_offset = base::load_be<std::int64_t>(entry + 18),
            .last_stable_offset = base::load_be<std::int64_t>(entry + 26)};
}

}  // namespace

Result<bool> TransactionIndex::append(const AbortedTransaction& aborted) {
    bool made = !exists_;
    TL_TRY(file, made ? cache_->create(path_) : cache_->open(path_));
    exists_ = true;
    TL_TRY(size, file->size());
    std::array<std::uint8_t, kEntryBytes> entry;
    base::store_be(entry.data(), kVersion);
    base::store_be(entry.data() + 2, aborted.producer_id);
    base::store_be(entry.data() + 10, aborted.first_offset);
    base::store_be(entry.data() + 18, aborted.last_offset);
    base::store_be(entry.data() + 26, aborted.last_stable_offset);
    // Behind the last whole entry: a part of one is what a failed write left.
    TL_TRY_VOID(file->write_at(size - size % kEntryBytes, entry));
    return made;
}

Result<> TransactionIndex::reset() {
    if (!exists_) {
        return {};
    }
    TL_TRY(file, cache_->open(path_));
    return file->truncate(0);
}

Result<std::size_t> TransactionIndex::count(runtime::File& file) {
    TL_TRY(size, file.size());
    return size / kEntryBytes;
}

Result<std::vector<AbortedTransaction>> TransactionIndex::read(runtime::File& file, std::size_t first, std::size_t count) {
    Bytes content(count * kEntryBytes);
    TL_TRY(got, file.read_at(first * kEntryBytes, content));
    std::vector<AbortedTransaction> rows;
    rows.reserve(count);
    for (std::size_t at = 0; at + kEntryBytes <= got; at += kEntryBytes) {
        if (base::load_be<std::int16_t>(content.data() + at) > kVersion) {
            return base::fail(ErrorCode::kafka_storage_error, "a transaction index is of a newer version", EILSEQ);
        }
        rows.push_back(decode(content.data() + at));
    }
    return rows;
}

Result<std::vector<AbortedTransaction>> TransactionIndex::all() const {
    if (!exists_) {
        return std::vector<AbortedTransaction>();
    }
    TL_TRY(file, cache_->open(path_));
    TL_TRY(rows, count(*file));
    return read(*file, 0, rows);
}

// The first row whose marker is at or above `offset`: rows stand in the order of the markers.
Result<std::size_t> TransactionIndex::find(runtime::File& file, std::size_t rows, Offset offset) {
    std::size_t low = 0;
    std::size_t high = rows;
    while (low < high) {
        std::size_t middle = low + (high - low) / 2;
        TL_TRY(row, read(file, middle, 1));
        if (row.empty() || row.front().last_offset >= offset) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

Result<bool> TransactionIndex::collect(Offset from, Offset to, std::vector<AbortedTransaction>& found) const {
    constexpr std::size_t kRowsAtOnce = 120;  // about a page
    if (!exists_) {
        return false;
    }
    TL_TRY(file, cache_->open(path_));
    TL_TRY(rows, count(*file));
    std::size_t next = 0;
    if (rows > kRowsAtOnce) {
        TL_TRY(first, find(*file, rows, from));
        next = first;
    }
    while (next < rows) {
        TL_TRY(some, read(*file, next, std::min(kRowsAtOnce, rows - next)));
        if (some.empty()) {
            break;
        }
        for (const AbortedTransaction& row : some) {
            if (row.last_offset >= from && row.first_offset < to) {
                found.push_back(row);
            }
            if (row.last_stable_offset >= to) {
                return true;
            }
        }
        next += some.size();
    }
    return false;
}

Result<> TransactionIndex::truncate_to(Offset offset) {
    TL_TRY(entries, all());
    std::size_t keep = 0;
    while (keep < entries.size() && entries[keep].last_offset < offset) {
        ++keep;
    }
    if (keep == entries.size()) {
        return {};
    }
    TL_TRY(file, cache_->open(path_));
    return file->truncate(keep * kEntryBytes);
}

}  // namespace tideline::log
