// What a log may hold, besides what this release writes.
#include "group/group_testing.h"
#include "group/journal_replay.h"
#include "group/records.h"
#include "record/build.h"
#include "record/control.h"

namespace tideline::group::testing {

namespace {

class Replay : public ::testing::Test {
protected:
    base::Result<> replay(const Record& record) {
        std::optional<base::ByteView> value;
        if (record.value) {
            value = *record.value;
        }
        return bench_.coordinator().replay(record.key, value, -1, bench_.now());
    }
    std::string state() { return bench_.coordinator().print_durable(); }

    static protocol::OffsetCommitKey place() {
        protocol::OffsetCommitKey key;
        key.group = "g";
        key.topic = "t";
        key.partition = 3;
        return key;
    }
    static protocol::OffsetCommitValue value_of(std::int64_t offset) {
        protocol::OffsetCommitValue value;
        value.offset = offset;
        value.leader_epoch = 9;
        value.metadata = "m";
        value.commit_timestamp = 100;
        value.expire_timestamp = 200;
        return value;
    }

    Bench bench_;
};

TEST_F(Replay, ReadsCommitsOfEveryVersion) {
    const std::string known = "group g classic generation=0 type= protocol=- leader=-\noffset g t-3 = ";
    for (std::int16_t version = 0; version <= 4; ++version) {
        ASSERT_TRUE(replay(make_record(place(), value_of(version), version)));
        auto epoch = version >= 3 ? "9" : "-1";
        auto expires = version == 1 ? "200" : "-1";
        EXPECT_EQ(state(), known + std::to_string(version) + " epoch=" + epoch + " metadata=m committed=100 expires=" + expires + "\n");
    }
}

TEST_F(Replay, ReadsTheOlderKeyOfACommitToo) {
    auto record = make_record(place(), value_of(5), 3);
    record.key[1] = 0;
    ASSERT_TRUE(replay(record));
    EXPECT_NE(state().find("offset g t-3 = 5"), std::string::npos);
    record.value.reset();
    ASSERT_TRUE(replay(record));
    EXPECT_EQ(state().find("offset"), std::string::npos);
}

TEST_F(Replay, SkipsTypesAndVersionsFromTheFuture) {
    auto newer = make_record(place(), value_of(5), 4);
    (*newer.value)[1] = 77;
    EXPECT_TRUE(replay(newer));
    EXPECT_TRUE(replay({.key = {0x7f, 0x01, 1, 2, 3}, .value = base::Bytes{1, 2, 3}}));
    EXPECT_EQ(state(), "");
}

TEST_F(Replay, SaysWhenARecordIsDamaged) {
    auto cut = make_record(place(), value_of(5), 3);
    cut.value->resize(6);
    EXPECT_FALSE(replay(cut));
    EXPECT_FALSE(replay({.key = {0}, .value = std::nullopt}));
    EXPECT_FALSE(replay({.key = {0, 1, 0, 9, 'x'}, .value = std::nullopt}));
}

TEST_F(Replay, AGroupRecordWithMembersTwiceKeepsTheFirst) {
    protocol::GroupMetadataValue value;
    value.protocol_type = "consumer";
    value.generation = 4;
    value.protocol = "range";
    value.leader = "gone";
    for (const auto* id : {"a", "a", "b"}) {
        auto& member = value.members.emplace_back();
        member.member_id = id;
        member.group_instance_id = "i";
        member.session_timeout = 10'000;
    }
    protocol::GroupMetadataKey key;
    key.group = "g";
    ASSERT_TRUE(replay(make_record(key, value, 3)));
    EXPECT_EQ(state(), "group g classic generation=4 type=consumer protocol=range leader=a\n"
                       "  member a instance=i client= timeouts=10000/10000 subscription=0b assignment=\n");
}

TEST_F(Replay, ABatchWithADamagedRecordKeepsTheOthersAndMarkersEndTransactions) {
    auto good = make_record(place(), value_of(5), 3);
    record::BatchBuilder builder({});
    builder.add(1, base::Bytes{0}, base::Bytes{1});
    builder.add(1, good.key, *good.value);
    auto bytes = builder.finish();
    auto pending = make_record(place(), value_of(6), 3);
    record::BatchBuilder transactional({.base_offset = 2, .producer_id = 7, .producer_epoch = 0, .base_sequence = 0, .transactional = true});
    transactional.add(1, pending.key, *pending.value);
    auto more = transactional.finish();
    ASSERT_TRUE(replay_batches(bench_.coordinator(), bytes, bench_.now()));
    ASSERT_TRUE(replay_batches(bench_.coordinator(), more, bench_.now()));
    EXPECT_NE(state().find("t-3 = 5"), std::string::npos);
    auto marker = record::build_marker_batch({.base_offset = 3, .timestamp = 1, .producer_id = 7, .producer_epoch = 0,
                                              .marker = {.type = record::ControlType::commit}});
    ASSERT_TRUE(replay_batches(bench_.coordinator(), marker, bench_.now()));
    EXPECT_NE(state().find("t-3 = 6"), std::string::npos);
}

}  // namespace
}  // namespace tideline::group::testing
