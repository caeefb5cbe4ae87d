// The files of a partition, damaged in the ways of damaged_files.h, then opened, read, appended to, cut and opened again. The broker opens
// the log or refuses it; it does not die, and does not loop. After a clean stop it finds what it left, provided that no damaged batch is left:
// a clean start reads headers from the last index entry on only, and what damage made of one it believes.
#include <fmt/format.h>

#include "base/log.h"
#include "damaged_files.h"
#include "log/partition_log.h"
#include "log/segment.h"
#include "record/build.h"
#include "record/record.h"

using namespace tideline;
using namespace tideline::log;
using fuzz::Files;

namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr const char* kDirectory = "/data/orders-3";

[[maybe_unused]] const bool kQuiet = [] {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    return true;
}();

LogConfig small_segments() {
    LogConfig config;
    config.segment_bytes = 1500;
    config.index_interval_bytes = 100;
    return config;
}

struct Append {
    std::int64_t producer_id = record::kNoProducerId;
    std::int32_t sequence = 0;
    bool transactional = false;
    record::CompressionType compression = record::CompressionType::none;
    LeaderEpoch epoch = 0;
};

Result<AppendInfo> append(PartitionLog& log, const Append& what) {
    const bool has_producer = what.producer_id >= 0;
    record::BatchBuilder builder({.compression = what.compression,
                                  .producer_id = what.producer_id,
                                  .producer_epoch = has_producer ? std::int16_t{0} : record::kNoProducerEpoch,
                                  .base_sequence = has_producer ? what.sequence : record::kNoSequence,
                                  .transactional = what.transactional});
    for (int i = 0; i < 2; ++i) {
        builder.add(kNow + i, std::nullopt, base::as_bytes("a value that is long enough to be looked at"));
    }
    return log.append(builder.finish(), {.leader_epoch = what.epoch, .now_ms = kNow, .guard = kUnguarded});
}

// What a clean stop leaves: four segments, three epochs, producers, an open transaction, every codec.
Files good_files() {
    runtime::sim::SimFileSystem disk;
    TL_CHECK(disk.make_directories("/data").has_value());
    FileCache cache(disk, 16);
    auto log = PartitionLog::open(cache, kDirectory, "orders-3", small_segments(), {.topic_id = Uuid{7, 9}}, {}, kNow);
    TL_CHECK(log.has_value());
    for (std::int32_t i = 0; i < 24; ++i) {
        TL_CHECK(append(**log, {.producer_id = 4, .sequence = 2 * i, .compression = *record::compression_type_from(i % 5), .epoch = i / 9}));
    }
    TL_CHECK(append(**log, {.producer_id = 5, .transactional = true, .epoch = 2}));
    TL_CHECK((*log)->close());
    Files files;
    fuzz::collect(disk, kDirectory, files);
    return files;
}

// How many steps a reader needs at most: one that does not come forward would never end.
void read_all(PartitionLog& log) {
    Offset at = log.log_start_offset();
    for (int step = 0; step < 300 && at < log.next_offset(); ++step) {
        auto slice = log.read(at, 300, log.next_offset(), true);
        if (!slice || slice->is_empty()) {
            ++at;
            continue;
        }
        Bytes bytes(slice->size);
        TL_CHECK(slice->file->read_at(slice->position, bytes) == bytes.size());
        TL_CHECK(slice->next_offset > at && slice->next_offset <= log.next_offset());
        at = slice->next_offset;
    }
    (void)log.offset_for_timestamp(kNow);
    (void)log.offset_for_timestamp(0);
    (void)log.offset_of_max_timestamp();
    (void)log.aborted_transactions(log.log_start_offset(), log.next_offset());
    (void)log.last_stable_offset(log.next_offset());
}

void use(runtime::FileSystem& disk, PartitionLog& log) {
    TL_CHECK(log.log_start_offset() <= log.next_offset() && log.durable_offset() <= log.next_offset());
    read_all(log);
    for (int i = 0; i < 3; ++i) {
        const Offset before = log.next_offset();
        auto info = append(log, {.epoch = 1'000'000});
        TL_CHECK(info ? info->base_offset == before && log.next_offset() == before + 2 : log.next_offset() == before);
    }
    if (auto plan = log.begin_flush()) {
        log.finish_flush(*plan, run_flush(disk, *plan));
    }
    read_all(log);
}

// Whether every batch is sound and stands where it may.
bool is_whole(runtime::sim::SimFileSystem& disk) {
    Files files;
    fuzz::collect(disk, kDirectory, files);
    Offset expected = 0;
    for (const auto& [path, bytes] : files) {
        const auto base = offset_of_file(std::string_view(path).substr(path.rfind('/') + 1), kLogSuffix);
        if (!base) {
            continue;
        }
        auto batches = record::split_batches(bytes);
        expected = std::max(expected, *base);
        for (std::size_t i = 0; batches && i < batches->size(); ++i) {
            const record::BatchView& batch = (*batches)[i];
            if (batch.header.base_offset < expected || !batch.crc_is_valid() || !record::check_stored_batch(batch.header)) {
                return false;
            }
            expected = batch.header.next_offset();
        }
        if (!batches) {
            return false;
        }
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Files kGood = good_files();
    fuzz::Input input(data, size);
    const std::uint8_t how = input.byte();
    OpenState state{.log_start_offset = static_cast<Offset>((how & 2) != 0 ? input.below(60) : 0),
                    .recovery_point = static_cast<Offset>((how & 4) != 0 ? input.number(8) : input.below(60)),
                    .clean_shutdown = (how & 1) != 0,
                    .topic_id = Uuid{7, 9}};
    const Offset cut = (how & 8) != 0 ? static_cast<Offset>(input.below(60)) : kNoOffset;
    Files files = kGood;
    fuzz::damage(files, input);
    runtime::sim::SimFileSystem disk;
    TL_CHECK(disk.make_directories(kDirectory).has_value());
    fuzz::put(disk, files);

    Offset next_offset = 0;
    {
        FileCache cache(disk, 16);
        auto log = PartitionLog::open(cache, kDirectory, "orders-3", small_segments(), state, {}, kNow);
        if (!log) {
            return 0;
        }
        use(disk, **log);
        if (cut >= 0) {
            (void)(*log)->truncate_to(cut);
        }
        state = {.log_start_offset = (*log)->log_start_offset(), .recovery_point = (*log)->next_offset(), .clean_shutdown = true};
        next_offset = (*log)->next_offset();
        if (!(*log)->close()) {
            return 0;
        }
    }
    const bool left_whole = is_whole(disk);
    FileCache cache(disk, 16);
    auto again = PartitionLog::open(cache, kDirectory, "orders-3", small_segments(), state, {}, kNow);
    TL_CHECK((again && (*again)->next_offset() == next_offset) || !left_whole);
    if (again) {
        read_all(**again);
    }
    return 0;
}
