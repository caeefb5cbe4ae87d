#include "protocol/header.h"

#include <gtest/gtest.h>

#include "protocol/api_schema.h"
#include "protocol/reader.h"
#include "protocol/test_bytes.h"
#include "protocol/writer.h"

namespace tideline::protocol {
namespace {

TEST(RequestHeader, HasTagsExactlyWhereTheApiVersionIsFlexible) {
    // From Kafka's RequestHeaderData: Fetch v11 and v18, correlation id 42, client "me".
    for (const char* hex : {"0001000b0000002a00026d65", "000100120000002a00026d6500"}) {
        const base::Bytes bytes = from_hex(hex);
        Reader in(bytes);
        auto header = decode_request_header(in);
        ASSERT_TRUE(header);
        EXPECT_TRUE(in.at_end());
        EXPECT_EQ(header->api_key, 1);
        EXPECT_EQ(header->correlation_id, 42);
        EXPECT_EQ(header->client_id, "me");
        Writer out;
        encode_request_header(out, *header);
        EXPECT_EQ(to_hex(out.view()), hex);
    }
}

TEST(RequestHeader, ReadsANullClientIdAsEmpty) {
    const base::Bytes bytes = from_hex("0003 0001 00000007 ffff");
    Reader in(bytes);
    auto header = decode_request_header(in);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->client_id, "");
}

TEST(RequestHeader, IsReadForVersionsThatNobodyServes) {
    const base::Bytes bytes = from_hex("0012 0063 00000007 0000 00");  // ApiVersions v99
    Reader in(bytes);
    auto header = decode_request_header(in);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->api_version, 99);
}

TEST(RequestHeader, OfAnUnknownApiIsRefused) {
    for (const char* hex : {"7fff 0000 00000007 0000", "ffff 0000 00000007 0000", "0004 0000 00000007 0000", "00"}) {
        const base::Bytes bytes = from_hex(hex);
        Reader in(bytes);
        EXPECT_FALSE(decode_request_header(in)) << hex;
    }
}

TEST(ResponseHeader, HasTagsWhereTheResponseIsFlexibleButNeverForApiVersions) {
    const auto hex_of = [](ApiKey key, std::int16_t version) {
        Writer out;
        encode_response_header(out, key, version, 42);
        Reader in(out.view());
        EXPECT_EQ(decode_response_header(in, key, version).value_or(0), 42);
        EXPECT_TRUE(in.at_end());
        return to_hex(out.view());
    };
    EXPECT_EQ(hex_of(ApiKey::fetch, 11), "0000002a");
    EXPECT_EQ(hex_of(ApiKey::fetch, 12), "0000002a00");
    EXPECT_EQ(hex_of(ApiKey::api_versions, 4), "0000002a");
}

TEST(ApiSchemas, AreSortedAndNamedAsTheTableOfKeysSays) {
    EXPECT_TRUE(std::ranges::is_sorted(all_apis(), {}, &ApiSchema::key));
    for (const ApiSchema& api : all_apis()) {
        EXPECT_EQ(api.name, name_of(api.key));
        EXPECT_EQ(find_api(static_cast<std::int16_t>(api.key)), &api);
    }
    EXPECT_EQ(find_api(-1), nullptr);
    EXPECT_EQ(name_of(static_cast<ApiKey>(1000)), "unknown");
}

TEST(ApiSchemas, ServeTheVersionsOfKafka42) {
    const auto range = [](ApiKey key) {
        const ApiSchema* api = find_api(static_cast<std::int16_t>(key));
        return std::pair<int, int>(api->min_version, api->max_version);
    };
    EXPECT_EQ(range(ApiKey::produce), std::pair(3, 13));
    EXPECT_EQ(range(ApiKey::fetch), std::pair(4, 18));
    EXPECT_EQ(range(ApiKey::list_offsets), std::pair(1, 11));
    EXPECT_EQ(range(ApiKey::api_versions), std::pair(0, 4));
    EXPECT_EQ(range(ApiKey::init_producer_id), std::pair(0, 5));  // v6 is not stable
}

}  // namespace
}  // namespace tideline::protocol
