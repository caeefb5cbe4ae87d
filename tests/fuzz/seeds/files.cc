#include <fmt/format.h>

#include "cluster/metadata_files.h"
#include "log/leader_epochs.h"
#include "log/producer_snapshot.h"
#include "record/build.h"
#include "seeds/seeds.h"

namespace tideline::fuzz {
namespace {

using base::Bytes;
using base::ByteView;

Bytes index_entries(int count, bool with_timestamps) {
    base::ByteWriter out;
    for (int i = 1; i <= count; ++i) {
        if (with_timestamps) {
            out.write_int64(1'700'000'000'000 + i);
        }
        out.write_int32(i * 10);
        if (!with_timestamps) {
            out.write_int32(i * 200);
        }
    }
    return out.take();
}

Bytes aborted_transactions() {
    base::ByteWriter out;
    for (std::int64_t i = 0; i < 3; ++i) {
        out.write_int16(0);
        for (std::int64_t each : {7 + i, 10 * i, 10 * i + 5, 10 * i}) {
            out.write_int64(each);
        }
    }
    return out.take();
}

Bytes producers() {
    log::ProducerEntry one{.producer_id = 4, .producer_epoch = 1, .last_timestamp = 1'700'000'000'000};
    one.add_batch({.last_sequence = 5, .offset_delta = 1, .last_offset = 41, .timestamp = 1'700'000'000'000});
    log::ProducerEntry open{.producer_id = 9, .producer_epoch = 0, .transaction_first_offset = 12};
    const log::ProducerEntry all[] = {one, open};
    return log::encode_producer_snapshot(all);
}

Bytes metadata_snapshot() {
    std::vector<cluster::MetadataRecord> records;
    records.push_back(protocol::FeatureLevelRecord{});
    records.push_back(protocol::TopicRecord{});
    return cluster::encode_snapshot({.records = records, .quorum = {}, .last_contained_log_ms = 1}, 29, 1, 1'700'000'000'000);
}

Bytes batches() {
    Bytes all;
    for (std::int64_t base : {0, 2, 4}) {
        record::BatchBuilder builder({.base_offset = base, .leader_epoch = 1, .compression = *record::compression_type_from(static_cast<int>(base))});
        builder.add(1'700'000'000'000, base::as_bytes("key"), base::as_bytes("value"));
        builder.add(1'700'000'000'001, std::nullopt, std::nullopt);
        const Bytes batch = builder.finish();
        all.insert(all.end(), batch.begin(), batch.end());
    }
    return all;
}

// A kind of file: its number for log_dump, its number for small_files or -1, and one of it.
struct Kind {
    const char* name;
    int dump;
    int small;
    Bytes content;
};

std::vector<Kind> kinds() {
    auto text = [](std::string_view content) { return Bytes(content.begin(), content.end()); };
    log::LeaderEpochs epochs;
    epochs.assign(0, 0);
    epochs.assign(3, 20);
    return {
        {"log", 0, -1, batches()},
        {"index", 1, 3, index_entries(5, false)},
        {"timeindex", 2, 4, index_entries(5, true)},
        {"txnindex", 3, 5, aborted_transactions()},
        {"producers", 4, 0, producers()},
        {"snapshot", 5, 6, metadata_snapshot()},
        {"checkpoint", 6, 1, text("0\n2\norders 3 42\npayments 0 7\n")},
        {"epochs", 7, 2, epochs.encode()},
        {"partition", 8, 10, text("version: 0\ntopic_id: AAAAAAAAAAcAAAAAAAAACQ\n")},
        {"meta", 9, 8, text("version=1\ncluster.id=tiN6S1qsQpyU0q4Y1hJyWw\nnode.id=1\ndirectory.id=AAAAAAAAAAcAAAAAAAAACQ\n")},
        {"quorum", 10, 7, text(cluster::encode_quorum_state({.leader_id = 1, .leader_epoch = 4, .voted_id = 1}, 1, {}))},
        {"name", -1, 9, text("orders-3.0123456789abcdef0123456789abcdef-delete")},
        {"clean", -1, 11, text("{\"version\":0,\"brokerEpoch\":12}")},
    };
}

// The entries of a directory as log_dirs_fuzz.cc reads them.
class Directory {
public:
    Directory& known_file(int number, std::string_view content) { return byte(number).item(content); }
    Directory& partition(std::string_view name, std::string_view metadata) { return named(8, name, metadata); }
    Directory& file(std::string_view name, std::string_view content) { return named(9, name, content); }
    // What partitions come to then.
    Bytes with_offsets() {
        byte(0);
        for (int i = 1; i < 12; ++i) {
            out_.write_int16(static_cast<std::int16_t>(i));
        }
        return out_.take();
    }

private:
    Directory& byte(int value) {
        out_.write_int8(static_cast<std::int8_t>(value));
        return *this;
    }
    Directory& item(std::string_view content) {
        out_.write_uint16(static_cast<std::uint16_t>(content.size()));
        out_.write_bytes(base::as_bytes(content));
        return *this;
    }
    Directory& named(int kind, std::string_view name, std::string_view content) {
        byte(kind).byte(static_cast<int>(name.size()));
        out_.write_bytes(base::as_bytes(name));
        return item(content);
    }

    base::ByteWriter out_;
};

void add_directories(const Seeds& seeds) {
    constexpr std::string_view kOffsets = "0\n3\norders 2 42\norders 3 7\ngone 0 1\n";
    constexpr std::string_view kMetadata = "version: 0\ntopic_id: AAAAAAAAAAcAAAAAAAAACQ\n";
    seeds.add("log_dirs", "empty", {}, Directory().with_offsets());
    Directory whole;
    for (int file = 1; file <= 4; ++file) {
        whole.known_file(file, kOffsets);
    }
    whole.known_file(5, "{\"version\":0,\"brokerEpoch\":12}").file("meta.properties", "version=1\nnode.id=1\n");
    whole.partition("orders-2", kMetadata).partition("orders-3", kMetadata).partition("orders-4", "");
    whole.partition("orders-6.0123456789abcdef0123456789abcdef-delete", kMetadata).partition("__cluster_metadata-0", "").partition("lost+found", "");
    seeds.add("log_dirs", "whole", {}, whole.with_offsets());
}

}  // namespace

void add_files(const Seeds& seeds) {
    for (const Kind& kind : kinds()) {
        if (kind.dump >= 0) {
            seeds.add("log_dump", kind.name, {kind.dump, 1}, kind.content);
            seeds.add("log_dump", std::string(kind.name) + "-json", {kind.dump, 3}, kind.content);
        }
        if (kind.small >= 0) {
            seeds.add("small_files", kind.name, {kind.small}, kind.content);
        }
    }
    add_directories(seeds);
    // One step of damage of each kind, to each of some files, before a clean and before an unclean start.
    for (int file = 0; file < 12; ++file) {
        for (int step = 1; step <= 7; ++step) {
            const std::string name = fmt::format("step{}-file{}", step, file);
            seeds.add("partition_log", name, {step % 2, 0, 20, step, file, 0, 23, 3, 1, 2, 3}, ByteView());
            seeds.add("partition_log", name + "-cut", {8, 0, 30, 0, 15, step, file, 1, 9, 9, 3, 2, 3}, ByteView());
            seeds.add("metadata_log", name, {step % 2, step, file, 0, 23, 3, 1, 2, 3}, ByteView());
        }
    }
}

}  // namespace tideline::fuzz
