// The small files of a data directory, each with its reader. Byte 0 chooses; the rest is the file. What is read can be written and read again.
#include <fmt/format.h>

#include "base/log.h"
#include "cluster/format.h"
#include "cluster/metadata_files.h"
#include "cluster/metadata_replay.h"
#include "damaged_files.h"
#include "log/checkpoint_file.h"
#include "log/directory_name.h"
#include "log/index.h"
#include "log/leader_epochs.h"
#include "log/producer_snapshot.h"
#include "log/transaction_index.h"

using namespace tideline;
using base::ByteView;
using runtime::sim::SimFileSystem;

namespace {

[[maybe_unused]] const bool kQuiet = [] {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    return true;
}();

constexpr const char* kPath = "/d/file";

void producer_snapshot(ByteView bytes) {
    auto producers = log::decode_producer_snapshot(bytes);
    if (!producers) {
        return;
    }
    auto again = log::decode_producer_snapshot(log::encode_producer_snapshot(*producers));
    TL_CHECK(again && again->size() == producers->size());
    log::ProducerState state{{}};
    for (const log::ProducerEntry& each : *producers) {
        state.load(each);
    }
    state.entries();
    state.first_unstable_offset(100);
}

void offset_checkpoint(SimFileSystem& disk) {
    auto offsets = log::read_offset_checkpoint(disk, kPath);
    if (offsets) {
        TL_CHECK(log::write_offset_checkpoint(disk, kPath, *offsets));
        TL_CHECK(log::read_offset_checkpoint(disk, kPath) == *offsets);
    }
}

void leader_epochs(ByteView bytes) {
    auto epochs = log::LeaderEpochs::decode(bytes);
    if (!epochs) {
        return;
    }
    auto again = log::LeaderEpochs::decode(epochs->encode());
    TL_CHECK(again && again->entries() == epochs->entries());
    for (const log::EpochStart& each : again->entries()) {
        epochs->end_offset_for(each.epoch, 1'000);
        epochs->epoch_of(each.start_offset);
    }
    epochs->truncate_from_end(100);
    epochs->truncate_from_start(50);
}

void offset_index(SimFileSystem& disk, std::uint64_t log_bytes) {
    log::FileCache cache(disk, 4);
    log::OffsetIndex index(cache, kPath, 1'000);
    if (!index.load(log_bytes)) {
        return;
    }
    for (log::Offset offset : {log::Offset{0}, log::Offset{1'000}, log::Offset{1'040}, std::numeric_limits<log::Offset>::max()}) {
        (void)index.lookup(offset);
        (void)index.lookup_position(static_cast<std::uint64_t>(offset));
    }
    (void)index.truncate_to(1'020);
    (void)index.lookup(1'040);
}

void time_index(SimFileSystem& disk) {
    log::FileCache cache(disk, 4);
    log::TimeIndex index(cache, kPath, 1'000);
    if (!index.load()) {
        return;
    }
    (void)index.lookup(0);
    (void)index.lookup(1'700'000'000'000);
    (void)index.truncate_to(1'020);
    (void)index.lookup(std::numeric_limits<std::int64_t>::max());
}

void transaction_index(SimFileSystem& disk) {
    log::FileCache cache(disk, 4);
    log::TransactionIndex index(cache, kPath, true);
    (void)index.all();
    std::vector<log::AbortedTransaction> found;
    (void)index.collect(10, 20, found);
    (void)index.truncate_to(15);
    (void)index.append({.producer_id = 1, .first_offset = 20, .last_offset = 22, .last_stable_offset = 20});
    (void)index.all();
}

void metadata_snapshot(ByteView bytes) {
    auto snapshot = cluster::decode_snapshot(bytes);
    if (!snapshot) {
        return;
    }
    TL_CHECK(cluster::decode_snapshot(cluster::encode_snapshot(*snapshot, 29, 1, 0)).has_value());
    cluster::MetadataReplay replay;
    for (const auto& record : snapshot->records) {
        if (!replay.apply(record)) {
            return;
        }
    }
    replay.publish(0, 0);
}

void quorum_state(ByteView bytes) {
    if (auto state = cluster::decode_quorum_state(bytes)) {
        auto again = cluster::decode_quorum_state(base::as_bytes(cluster::encode_quorum_state(*state, 1, {})));
        TL_CHECK(again && again->leader_epoch == state->leader_epoch);
    }
}

void meta_properties(SimFileSystem& disk, ByteView bytes) {
    fuzz::put(disk, "/d/meta.properties", bytes);
    static const cluster::BrokerConfig kConfig = *cluster::BrokerConfig::parse({"", "", {{"log.dirs", "/d"}}});
    auto identity = cluster::open_storage(disk, kConfig, [] { return std::uint64_t{7}; }, 0);
    TL_CHECK(identity || !identity.error().empty());
}

void names(ByteView bytes) {
    const std::string_view name = base::as_text(bytes);
    if (auto id = cluster::parse_snapshot_file_name(name)) {
        TL_CHECK(cluster::parse_snapshot_file_name(cluster::snapshot_file_name(*id)) == id);
    }
    if (auto partition = log::parse_directory_name(name)) {
        TL_CHECK(log::parse_directory_name(log::directory_name(partition->topic, partition->partition)) == partition);
    }
    log::is_doomed_directory(name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t which = input.byte();
    const ByteView bytes = input.rest();
    SimFileSystem disk;
    fuzz::put(disk, kPath, bytes);
    switch (which % 12) {
        case 0: producer_snapshot(bytes); break;
        case 1: offset_checkpoint(disk); break;
        case 2: leader_epochs(bytes); break;
        case 3: offset_index(disk, 4'000); break;
        case 4: time_index(disk); break;
        case 5: transaction_index(disk); break;
        case 6: metadata_snapshot(bytes); break;
        case 7: quorum_state(bytes); break;
        case 8: meta_properties(disk, bytes); break;
        case 9: names(bytes); break;
        case 10:
            fuzz::put(disk, "/d/partition.metadata", bytes);
            (void)log::read_partition_metadata(disk, "/d");
            break;
        default:
            fuzz::put(disk, "/d/.kafka_cleanshutdown", bytes);
            (void)log::read_clean_shutdown(disk, "/d");
    }
    return 0;
}
