// log/batch_scanner.h: walking the batches of a .log file without holding them.
//
// HeaderScanner reads headers only, a few per read; verify_batch() streams one batch through its checksum. Neither needs
// memory in proportion to what a length field says.
// Errors:  corrupt_message where the bytes are no batch or the batch does not end before the file; kafka_storage_error.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "log/types.h"
#include "record/batch.h"
#include "runtime/files.h"

namespace tideline::log {

struct FoundBatch {
    record::BatchHeader header;
    std::uint64_t position = 0;

    std::uint64_t end() const { return position + header.size_in_bytes(); }
};

// Bytes [begin, end) of a .log file that recovery could not read as batches but had to keep.
struct DamagedBytes {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    Offset first_offset = kNoOffset;  // the records that are missing: [first, next)
    Offset next_offset = kNoOffset;
};

// A piece of a file, read when something outside of it is asked for.
class FileWindow {
public:
    // Reads nothing at or behind `end`. All three are borrowed.
    FileWindow(runtime::File& file, std::uint64_t end, MutableByteView buffer) : file_(file), end_(end), buffer_(buffer) {}

    // The bytes from `position` on: at least `wanted` of them, which may not exceed the buffer, unless the file ends before.
    Result<ByteView> view(std::uint64_t position, std::size_t wanted);
    std::uint64_t end() const { return end_; }

private:
    runtime::File& file_;
    std::uint64_t end_;
    MutableByteView buffer_;
    std::uint64_t start_ = 0;
    std::size_t filled_ = 0;
};

// The batch that starts at `position`; nullopt exactly at the end.
Result<std::optional<FoundBatch>> read_header_at(FileWindow& window, std::uint64_t position);

// Checks the batch's own bounds (record::check_stored_batch) and its CRC.
Result<> verify_batch(FileWindow& window, const FoundBatch& batch);

class HeaderScanner {
public:
    // Walks [position, end) of `file`, jumping over `damage` (ascending). All borrowed.
    HeaderScanner(runtime::File& file, std::uint64_t position, std::uint64_t end, std::span<const DamagedBytes> damage = {})
        : window_(file, end, buffer_), position_(position), damage_(damage) {}
    HeaderScanner(const HeaderScanner&) = delete;
    HeaderScanner& operator=(const HeaderScanner&) = delete;

    // nullopt at the end.
    Result<std::optional<FoundBatch>> next();

private:
    std::array<std::uint8_t, 4096> buffer_;
    FileWindow window_;
    std::uint64_t position_;
    std::span<const DamagedBytes> damage_;
};

}  // namespace tideline::log
