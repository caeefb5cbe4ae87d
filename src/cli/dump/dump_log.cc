// Segments, and snapshots of the metadata, which have the same form.
#include <fmt/format.h>

#include "base/result.h"
#include "cli/dump/dumpers.h"
#include "cli/json.h"
#include "protocol/metadata_record.h"
#include "record/print.h"
#include "record/record.h"

namespace tideline::cli {
namespace {

// What one batch may decompress to: more than any topic's limits allow, less than a machine's memory.
constexpr std::size_t kDecompressedBytesMax = 1u << 30;

class LogDumper {
public:
    LogDumper(InputFile& file, const LogDumpWishes& wishes, DumpOutput& out) : file_(file), wishes_(wishes), out_(out) {}

    Outcome<> run() {
        while (position_ < file_.size() && out_.is_wanted()) {
            TL_TRY(go_on, dump_batch());
            if (!go_on) {
                break;
            }
        }
        return {};
    }

private:
    // false: what follows cannot be read as batches.
    Outcome<bool> dump_batch();
    Outcome<bool> only_zeros_left();
    void dump_header(const record::BatchView& batch, bool crc_is_valid);
    void check_order(const record::BatchHeader& header);
    void dump_records(const record::BatchView& batch);
    std::string line_of(const record::BatchHeader& header, const record::Record& record) const;
    std::string metadata_line(const record::Record& record) const;
    void damage(std::string reason) { out_.damage(position_, std::move(reason)); }

    InputFile& file_;
    const LogDumpWishes& wishes_;
    DumpOutput& out_;
    std::uint64_t position_ = 0;
    std::int64_t next_offset_ = 0;
};

std::string reason_of(const base::Error& error) {
    return error.detail == 0 ? std::string(error.note) : fmt::format("{} ({})", error.note, error.detail);
}

Outcome<bool> LogDumper::dump_batch() {
    TL_TRY(start, file_.view(position_, record::kBatchHeaderBytes));
    auto header = record::read_batch_header(start);
    if (!header) {
        TL_TRY(zeros, only_zeros_left());
        std::uint64_t left = file_.size() - position_;
        // A few zeros can be the beginning of a batch's offset; a whole header of them is no batch.
        if (zeros && left >= record::kBatchHeaderBytes) {
            out_.remark(fmt::format("{} zero bytes from byte {} on: preallocated, not written yet", left, position_));
        } else if (left < record::kBatchHeaderBytes) {
            damage(fmt::format("the last batch is cut short: {} bytes are no whole header", left));
        } else {
            damage(reason_of(header.error()));
        }
        return false;
    }
    TL_TRY(bytes, file_.view(position_, header->size_in_bytes()));
    if (bytes.size() < header->size_in_bytes()) {
        damage(fmt::format("the last batch is cut short: {} of its {} bytes are there", bytes.size(), header->size_in_bytes()));
        return false;
    }
    record::BatchView batch{*header, bytes};
    bool crc_is_valid = batch.crc_is_valid();
    dump_header(batch, crc_is_valid);
    if (!crc_is_valid) {
        damage("the batch does not match its CRC");
    } else if (auto sane = record::check_stored_batch(*header); !sane) {
        damage(reason_of(sane.error()));
    } else {
        check_order(*header);
        if (wishes_.records || wishes_.metadata) {
            dump_records(batch);
        }
    }
    position_ += header->size_in_bytes();
    return true;
}

Outcome<bool> LogDumper::only_zeros_left() {
    for (std::uint64_t at = position_; at < file_.size();) {
        TL_TRY(piece, file_.view(at, 1 << 20));
        if (piece.empty() || std::ranges::any_of(piece, [](std::uint8_t byte) { return byte != 0; })) {
            return false;
        }
        at += piece.size();
    }
    return true;
}

void LogDumper::dump_header(const record::BatchView& batch, bool crc_is_valid) {
    if (!out_.json()) {
        out_.entry(fmt::format("position={} {} {}", position_, record::batch_text(batch.header),
                               crc_is_valid ? "crc_is_valid" : "CRC_IS_WRONG"));
        return;
    }
    // The batch's own object, with what only the file knows in front.
    std::string object = record::batch_json(batch.header);
    out_.entry(fmt::format(R"({{"position":{},"crc_is_valid":{},{})", position_, crc_is_valid, object.substr(1)));
}

void LogDumper::check_order(const record::BatchHeader& header) {
    if (header.base_offset < next_offset_) {
        damage(fmt::format("the batch begins at offset {}, but offsets before {} have been", header.base_offset, next_offset_));
    }
    next_offset_ = std::max(next_offset_, header.next_offset());
}

void LogDumper::dump_records(const record::BatchView& batch) {
    auto reader = record::RecordReader::open(batch, kDecompressedBytesMax);
    if (!reader) {
        damage(reason_of(reader.error()));
        return;
    }
    for (;;) {
        auto record = reader->next();
        if (!record) {
            damage(reason_of(record.error()));
            return;
        }
        if (!*record) {
            return;
        }
        out_.entry(line_of(batch.header, **record));
    }
}

std::string LogDumper::line_of(const record::BatchHeader& header, const record::Record& record) const {
    if (wishes_.metadata && !header.is_control()) {
        return metadata_line(record);
    }
    return out_.json() ? record::record_json(header, record) : "  " + record::record_text(header, record);
}

std::string LogDumper::metadata_line(const record::Record& record) const {
    auto decoded = record.value ? protocol::decode_metadata_record(*record.value)
                                : base::fail(ErrorCode::corrupt_message, "the value is null");
    std::string body = decoded ? protocol::to_json(*decoded)
                               : to_line(Json{{"unreadable", base::to_string(decoded.error())}});
    if (body.ends_with('\n')) {
        body.pop_back();
    }
    return out_.json() ? fmt::format(R"({{"offset":{},"timestamp":{},"record":{}}})", record.offset, record.timestamp, body)
                       : fmt::format("  offset={} {}", record.offset, body);
}

}  // namespace

Outcome<> dump_log(InputFile& file, const LogDumpWishes& wishes, DumpOutput& out) {
    return LogDumper(file, wishes, out).run();
}

}  // namespace tideline::cli
