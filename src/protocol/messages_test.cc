// Rules that hold for every message in every version; a new schema file is tested by being there.
#include <gtest/gtest.h>

#include "protocol/message_testing.h"
#include "protocol/reader.h"
#include "protocol/writer.h"

namespace tideline::protocol {
namespace {

constexpr Values kAllValues[] = {Values::zero, Values::null, Values::lowest, Values::highest, Values::any};

// Calls `check` with canonical bytes of every message in every version.
template <class Check>
void for_every_message(int seeds, Check check) {
    for (const MessageSchema* schema : all_messages()) {
        for (std::int16_t version = schema->versions.first; version <= schema->versions.last; ++version) {
            for (Values values : kAllValues) {
                for (int seed = 0; seed < (values == Values::any ? seeds : 1); ++seed) {
                    SCOPED_TRACE(testing::Message() << schema->name << " v" << version << " values "
                                                    << static_cast<int>(values) << " seed " << seed);
                    check(*schema, version, values, static_cast<std::uint64_t>(seed));
                    if (testing::Test::HasFailure()) {
                        return;
                    }
                }
            }
        }
    }
}

base::Bytes encoded(const AnyMessage& message, std::int16_t version) {
    Writer out;
    message.encode(out, version);
    EXPECT_EQ(out.total_size(), out.size());
    return out.take();
}

TEST(EveryMessage, ComesBackFromBytesUnchanged) {
    for_every_message(20, [](const MessageSchema& schema, std::int16_t version, Values values, std::uint64_t seed) {
        const base::Bytes bytes = MessageMaker(schema, version, values, seed).make();
        Reader in(bytes);
        auto message = schema.decode(in, version);
        ASSERT_TRUE(message) << base::to_string(message.error());
        EXPECT_TRUE(in.at_end());
        const base::Bytes again = encoded(**message, version);
        EXPECT_EQ(again, bytes);
        Reader in_again(again);
        auto twin = schema.decode(in_again, version);
        ASSERT_TRUE(twin);
        EXPECT_TRUE((*twin)->equals(**message));
    });
}

TEST(EveryMessage, RefusesEveryStrictPrefix) {
    for_every_message(2, [](const MessageSchema& schema, std::int16_t version, Values values, std::uint64_t seed) {
        const base::Bytes bytes = MessageMaker(schema, version, values, seed).make();
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            Reader in(base::ByteView(bytes).first(size));
            auto message = schema.decode(in, version);
            ASSERT_FALSE(message) << "at " << size << " of " << bytes.size();
            ASSERT_EQ(message.error().code, ErrorCode::corrupt_message);
        }
    });
}

TEST(EveryMessage, SkipsTagsItDoesNotKnow) {
    for_every_message(5, [](const MessageSchema& schema, std::int16_t version, Values values, std::uint64_t seed) {
        const base::Bytes bytes = MessageMaker(schema, version, values, seed, true).make();
        Reader in(bytes);
        auto message = schema.decode(in, version);
        ASSERT_TRUE(message) << base::to_string(message.error());
        EXPECT_TRUE(in.at_end());
        EXPECT_EQ(encoded(**message, version), MessageMaker(schema, version, values, seed).make());
    });
}

TEST(EveryMessage, SurvivesDamagedBytes) {
    std::mt19937_64 random(1);
    for_every_message(30, [&](const MessageSchema& schema, std::int16_t version, Values values, std::uint64_t seed) {
        base::Bytes bytes = MessageMaker(schema, version, values, seed).make();
        for (int damage = 0; damage < 4 && !bytes.empty(); ++damage) {
            constexpr std::uint8_t kNasty[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
            bytes[random() % bytes.size()] = kNasty[random() % std::size(kNasty)];
            Reader in(bytes, 1 << 20);
            auto message = schema.decode(in, version);
            if (message) {  // the damage hit a value; what was read must be writable and stable
                const base::Bytes first = encoded(**message, version);
                Reader in_again(first);
                auto twin = schema.decode(in_again, version);
                ASSERT_TRUE(twin);
                ASSERT_EQ(encoded(**twin, version), first);
            }
            ASSERT_FALSE(message_to_json(schema, version, bytes).empty());
        }
    });
}

TEST(EveryMessage, RefusesVersionsOutsideItsRange) {
    for (const MessageSchema* schema : all_messages()) {
        for (int version : {schema->versions.first - 1, schema->versions.last + 1}) {
            Reader in({});
            auto message = schema->decode(in, static_cast<std::int16_t>(version));
            ASSERT_FALSE(message);
            EXPECT_EQ(message.error().code, ErrorCode::unsupported_version);
        }
    }
}

TEST(EveryMessage, PrintsTheWholeOfWhatItWrites) {
    for_every_message(2, [](const MessageSchema& schema, std::int16_t version, Values values, std::uint64_t seed) {
        const base::Bytes bytes = MessageMaker(schema, version, values, seed).make();
        Reader in(bytes);
        const std::string json = schema.decode(in, version).value()->to_json(version);
        EXPECT_EQ(json.find("\"error\""), std::string::npos) << json;
        EXPECT_EQ(json, message_to_json(schema, version, bytes));
    });
}

}  // namespace
}  // namespace tideline::protocol
