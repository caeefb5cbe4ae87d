#include "protocol/writer.h"

#include <gtest/gtest.h>

#include "protocol/messages/fetch.h"
#include "protocol/messages/metadata.h"
#include "protocol/reader.h"
#include "protocol/test_bytes.h"

namespace tideline::protocol {
namespace {

struct Elsewhere : RecordsBody {};

FetchResponse response_with(std::initializer_list<Records> all) {
    FetchResponse response;
    auto& topic = response.responses.emplace_back();
    for (const Records& records : all) {
        topic.partitions.emplace_back().records = records;
    }
    return response;
}

// What the connection would send: the writer's bytes with each body, here made of 'b', at its place.
base::Bytes sent(const Writer& out) {
    base::Bytes bytes(out.view().begin(), out.view().end());
    std::size_t shift = 0;
    for (const Splice& splice : out.splices()) {
        const base::Bytes body(splice.size, 'b');
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(splice.position + shift), body.begin(), body.end());
        shift += body.size();
    }
    return bytes;
}

TEST(Writer, LeavesRecordsWhereTheyAreAndRemembersTheirPlace) {
    auto body = std::make_shared<Elsewhere>();
    const base::Bytes same(300, 'b');
    for (std::int16_t version : {std::int16_t{4}, FetchResponse::kMaxVersion}) {
        Writer spliced;
        response_with({Records::of(body, 300), Records::null(), Records::of(body, 0)}).encode(spliced, version);
        ASSERT_EQ(spliced.splices().size(), 2u);
        EXPECT_EQ(spliced.splices()[0].body, body);
        EXPECT_EQ(spliced.total_size(), spliced.size() + 300);

        Writer copied;
        response_with({Records::of(same), Records::null(), Records::of(base::ByteView())}).encode(copied, version);
        EXPECT_EQ(to_hex(sent(spliced)), to_hex(copied.view()));
    }
}

TEST(Writer, CountsSplicesIntoTheLengthOfTheFrame) {
    Writer out;
    out.begin_frame();
    response_with({Records::of(std::make_shared<Elsewhere>(), 300)}).encode(out, 12);
    out.finish_frame();
    Reader in(out.view());
    EXPECT_EQ(static_cast<std::size_t>(in.read_int32()), out.size() - 4 + 300);
}

TEST(Writer, PrintsRecordsAsTheirSizeWhereverTheyLie) {
    auto body = std::make_shared<Elsewhere>();
    const std::string spliced = response_with({Records::of(body, 300), Records::null()}).to_json(12);
    EXPECT_NE(spliced.find(R"("records":{"sizeInBytes":300})"), std::string::npos) << spliced;
    const base::Bytes same(300, 'b');
    EXPECT_EQ(spliced, response_with({Records::of(same), Records::null()}).to_json(12));
}

TEST(Writer, WritesEmptyWhereTheVersionKnowsNoNull) {
    MetadataRequest all_topics;
    all_topics.topics.reset();
    Writer v0;
    all_topics.encode(v0, 0);
    EXPECT_EQ(to_hex(v0.view()), "00000000");
    Writer v1;
    all_topics.encode(v1, 1);
    EXPECT_EQ(to_hex(v1.view()), "ffffffff");
}

TEST(Writer, CutsStringsThatNoClientCouldRead) {
    Writer out;
    out.write_string(std::string(40000, 'x'), true);
    Reader in(out.view());
    EXPECT_EQ(in.read_string(true).size(), 32767u);
    EXPECT_TRUE(in.ok() && in.at_end());
}

TEST(Writer, PrintsNamesAsKafkaDoesAndEscapesWhatClientsSent) {
    MetadataRequest request;
    request.topics.emplace().push_back({.topic_id = {}, .name = "a\"\n\xff\xc3\xa9\xe2\x82\xed\xa0\x80"});
    EXPECT_EQ(request.to_json(4), "{\"topics\":[{\"name\":\"a\\\"\\u000a\\ufffd\xc3\xa9\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"}],"
                                  "\"allowAutoTopicCreation\":true}");
}

}  // namespace
}  // namespace tideline::protocol
