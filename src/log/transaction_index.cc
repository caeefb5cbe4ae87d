#include "log/transaction_index.h"

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

Result<std::vector<AbortedTransaction>> TransactionIndex::all() const {
    std::vector<AbortedTransaction> found;
    if (!exists_) {
        return found;
    }
    TL_TRY(file, cache_->open(path_));
    TL_TRY(size, file->size());
    Bytes content(size - size % kEntryBytes);
    TL_TRY(got, file->read_at(0, content));
    for (std::size_t at = 0; at + kEntryBytes <= got; at += kEntryBytes) {
        if (base::load_be<std::int16_t>(content.data() + at) > kVersion) {
            return base::fail(ErrorCode::kafka_storage_error, "a transaction index is of a newer version", EILSEQ);
        }
        found.push_back(decode(content.data() + at));
    }
    return found;
}

Result<bool> TransactionIndex::collect(Offset from, Offset to, std::vector<AbortedTransaction>& found) const {
    TL_TRY(entries, all());
    for (const AbortedTransaction& entry : entries) {
        if (entry.last_offset >= from && entry.first_offset < to) {
            found.push_back(entry);
        }
        if (entry.last_stable_offset >= to) {
            return true;
        }
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
