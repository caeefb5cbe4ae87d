#include "cluster/metadata_damage.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

#include "log/batch_scanner.h"

namespace tideline::cluster {

namespace {

using log::FileWindow;
using log::FoundBatch;

constexpr std::size_t kWindowBytes = 256 << 10;

std::optional<std::int64_t> segment_base(std::string_view name) {
    std::int64_t base = 0;
    if (name.size() != 24 || !name.ends_with(".log")) {
        return std::nullopt;
    }
    auto [end, error] = std::from_chars(name.data(), name.data() + 20, base);
    return error == std::errc() && end == name.data() + 20 ? std::optional(base) : std::nullopt;
}

// The sound batch at `position` that starts at `expected` or later; nullopt when there is none.
base::Result<std::optional<FoundBatch>> sound_batch_at(FileWindow& window, std::uint64_t position, std::int64_t expected) {
    auto is_bad_data = [](const base::Error& error) { return error.code != ErrorCode::kafka_storage_error; };
    auto found = log::read_header_at(window, position);
    if (!found || !*found) {
        return found || is_bad_data(found.error()) ? base::Result<std::optional<FoundBatch>>(std::nullopt) : found;
    }
    if ((*found)->header.base_offset < expected) {
        return std::optional<FoundBatch>();
    }
    auto verified = log::verify_batch(window, **found);
    if (!verified && !is_bad_data(verified.error())) {
        return std::unexpected(verified.error());
    }
    return verified ? *found : std::nullopt;
}

// Whether a whole batch lies anywhere behind `position`.
base::Result<bool> has_batch_behind(FileWindow& window, std::uint64_t position, std::int64_t expected) {
    for (++position; position + record::kBatchHeaderBytes <= window.end(); ++position) {
        TL_TRY(bytes, window.view(position, record::kBatchHeaderBytes));
        if (bytes.size() < record::kBatchHeaderBytes || bytes[record::position::magic] != static_cast<std::uint8_t>(record::kMagic)) {
            continue;  // the cheap test first: most positions fail it
        }
        TL_TRY(batch, sound_batch_at(window, position, expected));
        if (batch) {
            return true;
        }
    }
    return false;
}

}  // namespace

base::Result<std::int64_t> check_metadata_log(runtime::FileSystem& files, std::string_view directory) {
    TL_TRY(entries, files.list(directory));
    base::Bytes buffer(kWindowBytes);
    std::int64_t next_offset = 0;
    bool torn = false;
    for (const auto& entry : entries) {
        auto base = segment_base(entry.name);
        if (!base) {
            continue;
        }
        TL_TRY(file, files.open(fmt::format("{}/{}", directory, entry.name), runtime::OpenMode::read));
        TL_TRY(size, file->size());
        FileWindow window(*file, size, buffer);
        next_offset = torn ? next_offset : std::max(next_offset, *base);
        std::uint64_t at = 0;
        while (!torn && at < size) {
            TL_TRY(batch, sound_batch_at(window, at, next_offset));
            if (batch) {
                next_offset = batch->header.next_offset();
                at = batch->end();
                continue;
            }
            torn = true;
            TL_TRY(damaged, has_batch_behind(window, at, next_offset));
            if (damaged) {
                return base::fail(ErrorCode::corrupt_message, "the metadata log is damaged before records that are whole", next_offset);
            }
            at = size;
        }
        if (torn && at == 0 && size > 0) {
            TL_TRY(batch, sound_batch_at(window, 0, next_offset));
            if (batch) {
                return base::fail(ErrorCode::corrupt_message, "the metadata log is damaged before a later segment", next_offset);
            }
        }
    }
    return next_offset;
}

}  // namespace tideline::cluster
