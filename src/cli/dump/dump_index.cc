// The three indexes of a segment: arrays of entries of one size.
#include <fmt/format.h>

#include "base/result.h"
#include "cli/dump/dumpers.h"
#include "cli/json.h"

namespace tideline::cli {
namespace {

constexpr std::size_t kIndexEntryBytes = 8;
constexpr std::size_t kTimeIndexEntryBytes = 12;
constexpr std::size_t kTxnIndexEntryBytes = 34;

// Prints one entry and says what is wrong with it, given what was before; an empty string is fine.
using DumpEntry = std::function<std::string(base::ByteView entry, DumpOutput& out)>;

DumpEntry offset_index_entry(std::int64_t base) {
    return [base, offset_before = std::int64_t{-1}, position_before = std::int64_t{-1}](base::ByteView entry,
                                                                                       DumpOutput& out) mutable {
        std::int64_t offset = base::load_be<std::int32_t>(entry.data());
        std::int64_t position = base::load_be<std::int32_t>(entry.data() + 4);
        out.entry(out.json() ? fmt::format(R"({{"offset":{},"position":{}}})", base + offset, position)
                             : fmt::format("offset={} position={}", base + offset, position));
        bool ascends = offset > offset_before && position > position_before;
        offset_before = offset;
        position_before = position;
        return ascends ? "" : "offset and position do not ascend";
    };
}

DumpEntry time_index_entry(std::int64_t base) {
    return [base, time_before = std::int64_t{-1}, offset_before = std::int64_t{-1}](base::ByteView entry,
                                                                                   DumpOutput& out) mutable {
        auto time = base::load_be<std::int64_t>(entry.data());
        std::int64_t offset = base::load_be<std::int32_t>(entry.data() + 8);
        out.entry(out.json() ? fmt::format(R"({{"timestamp":{},"offset":{}}})", time, base + offset)
                             : fmt::format("timestamp={} offset={}", time, base + offset));
        bool ascends = time >= time_before && offset >= offset_before;
        time_before = time;
        offset_before = offset;
        return ascends ? "" : "timestamp or offset goes back";
    };
}

DumpEntry txn_index_entry() {
    return [last_before = std::int64_t{-1}](base::ByteView entry, DumpOutput& out) mutable -> std::string {
        auto version = base::load_be<std::int16_t>(entry.data());
        if (version != 0) {
            return fmt::format("an entry has the unknown version {}", version);
        }
        auto producer = base::load_be<std::int64_t>(entry.data() + 2);
        auto first = base::load_be<std::int64_t>(entry.data() + 10);
        auto last = base::load_be<std::int64_t>(entry.data() + 18);
        auto stable = base::load_be<std::int64_t>(entry.data() + 26);
        out.entry(out.json()
                      ? fmt::format(R"({{"producer_id":{},"first_offset":{},"last_offset":{},"last_stable_offset":{}}})",
                                    producer, first, last, stable)
                      : fmt::format("producer_id={} first_offset={} last_offset={} last_stable_offset={}", producer, first,
                                    last, stable));
        bool fine = first <= last && last > last_before;
        last_before = last;
        return fine ? "" : "the aborted transactions do not follow each other";
    };
}

// Entries up to the last one that is not all zeros. Kafka preallocates the indexes of an active segment.
std::size_t used_entries(base::ByteView bytes, std::size_t entry_bytes) {
    std::size_t used = bytes.size() / entry_bytes;
    auto is_zero = [](std::uint8_t byte) { return byte == 0; };
    while (used > 0 && std::ranges::all_of(bytes.subspan((used - 1) * entry_bytes, entry_bytes), is_zero)) {
        --used;
    }
    return used;
}

void dump_entries(base::ByteView bytes, std::size_t entry_bytes, const DumpEntry& dump, DumpOutput& out) {
    std::size_t used = used_entries(bytes, entry_bytes);
    for (std::size_t i = 0; i < used; ++i) {
        if (std::string wrong = dump(bytes.subspan(i * entry_bytes, entry_bytes), out); !wrong.empty()) {
            out.damage(i * entry_bytes, wrong);
        }
    }
    std::size_t slots = bytes.size() / entry_bytes;
    if (used < slots) {
        out.remark(fmt::format("{} slots of zeros: preallocated, not written yet", slots - used));
    }
    if (bytes.size() % entry_bytes != 0) {
        out.damage(slots * entry_bytes, fmt::format("{} bytes are no whole entry of {}", bytes.size() % entry_bytes, entry_bytes));
    }
}

}  // namespace

Outcome<> dump_index(InputFile& file, FileKind kind, DumpOutput& out) {
    TL_TRY(bytes, file.all());
    auto base = base_offset_of_path(file.path());
    if (!base && kind != FileKind::txnindex) {
        out.remark("the name says no base offset: offsets are relative to the segment's");
    }
    switch (kind) {
        case FileKind::timeindex:
            dump_entries(bytes, kTimeIndexEntryBytes, time_index_entry(base.value_or(0)), out);
            break;
        case FileKind::txnindex: dump_entries(bytes, kTxnIndexEntryBytes, txn_index_entry(), out); break;
        default: dump_entries(bytes, kIndexEntryBytes, offset_index_entry(base.value_or(0)), out); break;
    }
    return {};
}

}  // namespace tideline::cli
