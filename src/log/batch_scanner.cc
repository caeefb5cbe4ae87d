#include "log/batch_scanner.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/crc32c.h"

namespace tideline::log {

Result<ByteView> FileWindow::view(std::uint64_t position, std::size_t wanted) {
    TL_CHECK(wanted <= buffer_.size());
    if (position >= end_) {
        return ByteView{};
    }
    wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, end_ - position));
    if (position < start_ || position + wanted > start_ + filled_) {
        auto most = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), end_ - position));
        filled_ = 0;
        TL_TRY(got, file_.read_at(position, buffer_.first(most)));
        start_ = position;
        filled_ = got;
    }
    return ByteView(buffer_).subspan(position - start_, filled_ - (position - start_));
}

Result<std::optional<FoundBatch>> read_header_at(FileWindow& window, std::uint64_t position) {
    if (position >= window.end()) {
        return std::optional<FoundBatch>();
    }
    TL_TRY(bytes, window.view(position, record::kBatchHeaderBytes));
    if (bytes.size() < record::kBatchHeaderBytes) {
        return base::fail(ErrorCode::corrupt_message, "the file ends inside a batch header", static_cast<std::int64_t>(position));
    }
    auto header = record::read_batch_header(bytes);
    if (!header) {
        // Whatever is wrong with it: in a file that held batches it is damage, an older format's magic among it.
        return base::fail(ErrorCode::corrupt_message, header.error().note, static_cast<std::int64_t>(position));
    }
    // No checksum covers the base offset, and no log goes on behind the last one.
    constexpr Offset kLastBase = std::numeric_limits<Offset>::max() - std::numeric_limits<std::int32_t>::max() - 1;
    if (header->base_offset < 0 || header->base_offset > kLastBase || header->last_offset_delta < 0) {
        return base::fail(ErrorCode::corrupt_message, "a batch has offsets that no log has", header->base_offset);
    }
    FoundBatch found{*header, position};
    if (found.end() > window.end()) {
        return base::fail(ErrorCode::corrupt_message, "the file ends inside a batch", static_cast<std::int64_t>(position));
    }
    return std::optional(found);
}

Result<> verify_batch(FileWindow& window, const FoundBatch& batch) {
    TL_TRY_VOID(record::check_stored_batch(batch.header));
    std::uint32_t crc = 0;
    for (std::uint64_t at = batch.position + record::position::attributes; at < batch.end();) {
        TL_TRY(bytes, window.view(at, 1));
        if (bytes.empty()) {
            return base::fail(ErrorCode::corrupt_message, "the file ends inside a batch", static_cast<std::int64_t>(at));
        }
        ByteView piece = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), batch.end() - at)));
        crc = base::crc32c(piece, crc);
        at += piece.size();
    }
    if (crc != batch.header.crc) {
        return base::fail(ErrorCode::corrupt_message, "a stored batch does not match its checksum",
                          static_cast<std::int64_t>(batch.position));
    }
    return {};
}

Result<std::optional<FoundBatch>> HeaderScanner::next() {
    for (const DamagedBytes& damage : damage_) {
        if (position_ >= damage.begin && position_ < damage.end) {
            position_ = damage.end;
        }
    }
    TL_TRY(found, read_header_at(window_, position_));
    if (found) {
        position_ = found->end();
    }
    return found;
}

}  // namespace tideline::log
