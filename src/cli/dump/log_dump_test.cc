#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/commands.h"
#include "cli/dump/file_kind.h"
#include "cli/test_console.h"
#include "log/producer_snapshot.h"
#include "protocol/metadata_record.h"
#include "record/build.h"
#include "record/control.h"

namespace tideline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Writes files and dumps them.
class LogDump : public ::testing::Test {
protected:
    LogDump() {
        std::string name = (std::filesystem::temp_directory_path() / "tideline-dump-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
    }
    ~LogDump() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, std::string_view content) {
        std::filesystem::path path = folder_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << content;
        return path.string();
    }
    std::string write(const std::string& name, base::ByteView content) { return write(name, base::as_text(content)); }

    struct Dumped {
        ExitCode exit;
        std::string out;
        std::string err;
    };
    Dumped dump(const std::string& path, bool records = false, bool json = false, const std::string& kind = "auto") {
        TestConsole test;
        LogDumpOptions options{.output = {json}, .files = {path}, .kind = kind, .records = records};
        auto exit = run(options, test.console());
        return {exit ? *exit : report(test.console(), exit.error(), json), test.out(), test.err()};
    }

    std::filesystem::path folder_;
};

base::Bytes batch_of(std::int64_t base_offset, int records, record::BatchOptions options = {}) {
    options.base_offset = base_offset;
    record::BatchBuilder builder(options);
    for (int i = 0; i < records; ++i) {
        builder.add(1000 + i, base::as_bytes("key"), base::as_bytes("value-" + std::to_string(i)));
    }
    return builder.finish();
}

base::Bytes joined(std::initializer_list<base::Bytes> parts) {
    base::Bytes all;
    for (const base::Bytes& part : parts) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

constexpr const char* kSegment = "orders-0/00000000000000000000.log";

TEST_F(LogDump, ShowsEachBatchWithItsPosition) {
    base::Bytes first = batch_of(0, 3);
    auto dumped = dump(write(kSegment, joined({first, batch_of(3, 1)})));
    EXPECT_EQ(dumped.exit, ExitCode::ok);
    EXPECT_THAT(dumped.out, HasSubstr("position=0 batch offsets=0..2 records=3"));
    EXPECT_THAT(dumped.out, HasSubstr("position=" + std::to_string(first.size()) + " batch offsets=3..3 records=1"));
    EXPECT_THAT(dumped.out, Not(HasSubstr("value-")));
    EXPECT_EQ(dumped.err, "");
}

TEST_F(LogDump, ShowsRecordsOfEveryCodecWhenAsked) {
    using record::CompressionType;
    for (auto codec : {CompressionType::none, CompressionType::gzip, CompressionType::snappy, CompressionType::lz4,
                       CompressionType::zstd}) {
        auto dumped = dump(write(kSegment, batch_of(7, 2, {.compression = codec})), true);
        EXPECT_EQ(dumped.exit, ExitCode::ok);
        EXPECT_THAT(dumped.out, HasSubstr("offset=8 timestamp=1001 key=\"key\" value=\"value-1\""));
    }
}

TEST_F(LogDump, AWrongCrcIsDamageAtItsBatchAndTheRestIsStillShown) {
    base::Bytes first = batch_of(0, 1);
    base::Bytes second = batch_of(1, 1);
    second.back() ^= 1;
    auto dumped = dump(write(kSegment, joined({first, second, batch_of(2, 1)})), true);
    EXPECT_EQ(dumped.exit, ExitCode::corrupt);
    EXPECT_THAT(dumped.err, HasSubstr("damaged at byte " + std::to_string(first.size()) + ": the batch does not match its CRC"));
    EXPECT_THAT(dumped.out, HasSubstr("offsets=2..2"));
}

TEST_F(LogDump, ACutLastBatchIsDamage) {
    base::Bytes first = batch_of(0, 1);
    base::Bytes all = joined({first, batch_of(1, 1)});
    for (std::size_t size = first.size() + 1; size < all.size(); ++size) {
        auto dumped = dump(write(kSegment, base::ByteView(all).first(size)));
        EXPECT_EQ(dumped.exit, ExitCode::corrupt) << size;
        EXPECT_THAT(dumped.err, HasSubstr("byte " + std::to_string(first.size()) + ": the last batch is cut short"));
    }
}

TEST_F(LogDump, BytesThatAreNoBatchAreDamage) {
    auto dumped = dump(write(kSegment, std::string(200, 'x')));
    EXPECT_EQ(dumped.exit, ExitCode::corrupt);
    EXPECT_THAT(dumped.err, HasSubstr("damaged at byte 0"));
}

TEST_F(LogDump, ZerosBehindTheLastBatchAreNoDamage) {
    base::Bytes bytes = batch_of(0, 1);
    bytes.resize(bytes.size() + 5'000'000);
    auto dumped = dump(write(kSegment, bytes));
    EXPECT_EQ(dumped.exit, ExitCode::ok);
    EXPECT_THAT(dumped.out, HasSubstr("5000000 zero bytes"));
}

TEST_F(LogDump, OffsetsThatGoBackAreDamage) {
    auto dumped = dump(write(kSegment, joined({batch_of(5, 2), batch_of(6, 1)})));
    EXPECT_EQ(dumped.exit, ExitCode::corrupt);
    EXPECT_THAT(dumped.err, HasSubstr("the batch begins at offset 6, but offsets before 7 have been"));
}

TEST_F(LogDump, JsonIsAHeadingTheEntriesAndATail) {
    auto dumped = dump(write(kSegment, batch_of(0, 1)), true, true);
    EXPECT_THAT(dumped.out, ::testing::MatchesRegex("\\{\"file\":\".*\",\"kind\":\"log\",\"bytes\":[0-9]+\\}\n"
                                                    "\\{\"position\":0,\"crc_is_valid\":true,\"base_offset\":0.*\\}\n"
                                                    "\\{\"offset\":0.*\\}\n"
                                                    "\\{\"entries\":2,\"damage\":\\[\\]\\}\n"));
}

TEST_F(LogDump, MetadataIsShownAsItsRecords) {
    protocol::TopicRecord topic;
    topic.name = "orders";
    base::Bytes value = protocol::encode_metadata_record(topic, 0);
    record::BatchBuilder builder({.base_offset = 4});
    builder.add(1000, std::nullopt, value);
    base::Bytes batch = builder.finish();
    for (const char* name : {"__cluster_metadata-0/00000000000000000004.log", "00000000000000000005-0000000001.checkpoint"}) {
        auto dumped = dump(write(name, batch));
        EXPECT_EQ(dumped.exit, ExitCode::ok);
        EXPECT_THAT(dumped.out, HasSubstr(R"(offset=4 {"type":"TopicRecord","version":0,"data":{"name":"orders")"));
    }
}

TEST_F(LogDump, AMetadataRecordThatCannotBeReadIsShownAsSuch) {
    auto dumped = dump(write("__cluster_metadata-0/00000000000000000000.log", batch_of(0, 1)));
    EXPECT_THAT(dumped.out, HasSubstr("unreadable"));
}

base::Bytes index_bytes(std::initializer_list<std::pair<std::int32_t, std::int32_t>> entries) {
    base::ByteWriter out;
    for (auto [offset, position] : entries) {
        out.write_int32(offset);
        out.write_int32(position);
    }
    return out.take();
}

TEST_F(LogDump, IndexOffsetsAreAbsolute) {
    base::Bytes bytes = index_bytes({{4, 0}, {9, 4096}});
    bytes.resize(bytes.size() + 80);
    auto dumped = dump(write("t-0/00000000000000001000.index", bytes));
    EXPECT_EQ(dumped.exit, ExitCode::ok);
    EXPECT_THAT(dumped.out, HasSubstr("offset=1004 position=0\noffset=1009 position=4096\n(10 slots of zeros"));
}

TEST_F(LogDump, AnIndexThatDoesNotAscendOrIsCutIsDamage) {
    EXPECT_THAT(dump(write("00000000000000000000.index", index_bytes({{5, 100}, {5, 200}}))).err, HasSubstr("byte 8: "));
    base::Bytes cut = index_bytes({{5, 100}, {6, 200}});
    cut.resize(13);
    auto dumped = dump(write("00000000000000000000.index", cut));
    EXPECT_EQ(dumped.exit, ExitCode::corrupt);
    EXPECT_THAT(dumped.err, HasSubstr("byte 8: 5 bytes are no whole entry of 8"));
}

TEST_F(LogDump, ShowsTheTimeIndex) {
    base::ByteWriter out;
    out.write_int64(1700);
    out.write_int32(3);
    auto dumped = dump(write("t-0/00000000000000000100.timeindex", out.view()));
    EXPECT_THAT(dumped.out, HasSubstr("timestamp=1700 offset=103\n"));
}

TEST_F(LogDump, ShowsAbortedTransactions) {
    base::ByteWriter out;
    out.write_int16(0);
    for (std::int64_t field : {77, 10, 20, 15}) {
        out.write_int64(field);
    }
    auto dumped = dump(write("t-0/00000000000000000000.txnindex", out.view()), false, true);
    EXPECT_THAT(dumped.out, HasSubstr(R"({"producer_id":77,"first_offset":10,"last_offset":20,"last_stable_offset":15})"));
}

TEST_F(LogDump, ShowsProducerState) {
    log::ProducerEntry entry;
    entry.producer_id = 7;
    entry.producer_epoch = 1;
    entry.last_timestamp = 1700;
    entry.add_batch({9, 4, 30, 1700});
    base::Bytes bytes = log::encode_producer_snapshot(std::span(&entry, 1));
    auto dumped = dump(write("t-0/00000000000000000031.snapshot", bytes));
    EXPECT_EQ(dumped.exit, ExitCode::ok);
    EXPECT_THAT(dumped.out, HasSubstr("producer_id=7 producer_epoch=1 last_sequence=9 last_offset=30 offset_delta=4"));
    bytes.back() ^= 1;
    EXPECT_EQ(dump(write("t-0/00000000000000000031.snapshot", bytes)).exit, ExitCode::corrupt);
}

TEST_F(LogDump, ShowsCheckpoints) {
    EXPECT_THAT(dump(write("recovery-point-offset-checkpoint", "0\n2\norders 0 12\npay 3 4\n")).out,
                HasSubstr("topic=orders partition=0 offset=12\ntopic=pay partition=3 offset=4\n"));
    EXPECT_THAT(dump(write("t-0/leader-epoch-checkpoint", "0\n2\n0 0\n3 120\n"), false, true).out,
                HasSubstr("{\"epoch\":0,\"start_offset\":0}\n{\"epoch\":3,\"start_offset\":120}\n"));
    EXPECT_EQ(dump(write("cleaner-offset-checkpoint", "")).exit, ExitCode::ok);
}

TEST_F(LogDump, ABrokenCheckpointIsDamageAtItsLine) {
    EXPECT_THAT(dump(write("a-offset-checkpoint", "1\n0\n")).err, HasSubstr("byte 0: "));
    EXPECT_THAT(dump(write("a-offset-checkpoint", "0\n7\nt 0 1\n")).err, HasSubstr("byte 2: "));
    EXPECT_THAT(dump(write("a-offset-checkpoint", "0\n2\nt 0 1\nt x 1\n")).err, HasSubstr("byte 10: "));
    EXPECT_THAT(dump(write("leader-epoch-checkpoint", "0\n2\n3 5\n2 9\n")).err, HasSubstr("byte 8: "));
}

TEST_F(LogDump, ShowsSmallTextFiles) {
    EXPECT_THAT(dump(write("t-0/partition.metadata", "version: 0\ntopic_id: dolEYrpxRFex2RyNZnjorQ\n")).out,
                HasSubstr("version=0\ntopic_id=dolEYrpxRFex2RyNZnjorQ\n"));
    EXPECT_THAT(dump(write("meta.properties", "#comment\nversion=1\nnode.id=3\n"), false, true).out,
                HasSubstr(R"({"version":"1","node.id":"3"})"));
    EXPECT_THAT(dump(write("quorum-state", R"({"leaderId":1,"votedDirectoryId":"x","data_version":1})")).out,
                HasSubstr("leaderId=1\nvotedDirectoryId=x\ndata_version=1\n"));
    EXPECT_EQ(dump(write("quorum-state", "{\"leaderId\":")).exit, ExitCode::corrupt);
    EXPECT_EQ(dump(write("meta.properties", "")).exit, ExitCode::corrupt);
}

TEST_F(LogDump, ANameThatSaysNothingNeedsAKind) {
    auto dumped = dump(write("file", "0\n1\nt 0 5\n"));
    EXPECT_EQ(dumped.exit, ExitCode::usage);
    EXPECT_THAT(dumped.err, HasSubstr("--kind"));
    EXPECT_THAT(dump(write("file", "0\n1\nt 0 5\n"), false, false, "offset-checkpoint").out, HasSubstr("offset=5"));
}

TEST_F(LogDump, AFolderAndAMissingFileAreMistakes) {
    EXPECT_EQ(dump((folder_ / "none.log").string()).exit, ExitCode::usage);
    EXPECT_EQ(dump(folder_.string(), false, false, "log").exit, ExitCode::usage);
}

TEST(FileKind, NamesAreRoundTrips) {
    for (const char* word : {"log", "index", "timeindex", "txnindex", "producer-state", "snapshot", "offset-checkpoint",
                             "leader-epoch", "partition", "meta", "quorum-state"}) {
        auto kind = kind_named(word);
        ASSERT_TRUE(kind) << word;
        EXPECT_EQ(name_of(*kind), word);
    }
}

TEST(FileKind, DoomedFilesAreWhatTheyWere) {
    EXPECT_EQ(kind_of_path("t-0/00000000000000000000.log.deleted"), FileKind::log);
    EXPECT_EQ(kind_of_path("t-0/00000000000000000000.timeindex.swap"), FileKind::timeindex);
    EXPECT_EQ(kind_of_path("README.md"), std::nullopt);
}

}  // namespace
}  // namespace tideline::cli
