// How a fetch deals out its bytes, when it waits for more, and what becomes of clients that take their time.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "simulation/test_requests.h"
#include "simulation/test_world.h"

namespace tideline::simulation {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using std::chrono::milliseconds;

constexpr const char* kTopic = "orders";
constexpr std::int32_t kPartitions = 6;
constexpr std::size_t kPrefixBytes = 4;

class BrokerFetch : public ::testing::Test {
protected:
    struct World : BrokerAndClient {
        explicit World(std::uint64_t seed, const NodeSettings& settings = {.shards = 3}) : BrokerAndClient(seed, 3, {"/data"}, settings) {}
    };

    BrokerFetch() { base::set_log_sink([](base::LogLevel, std::string_view) {}); }
    ~BrokerFetch() override { base::set_log_sink({}); }
};

using Positions = std::vector<std::pair<std::int32_t, std::int64_t>>;  // partition, offset

FetchRequest fetch_of(const Positions& positions, std::int32_t partition_max_bytes = 1 << 20) {
    FetchRequest request{.max_wait_ms = 500, .min_bytes = 1};
    auto& topic = request.topics.emplace_back();
    topic.topic = kTopic;
    for (const auto& [partition, offset] : positions) {
        topic.partitions.push_back({.partition = partition, .fetch_offset = offset, .partition_max_bytes = partition_max_bytes});
    }
    return request;
}

struct Fetched {
    std::int32_t session_id = 0;
    std::vector<std::int32_t> served{};  // partitions of which there were records
    runtime::Duration took{};
};

Task<Fetched> fetch(runtime::Shard& shard, ClientLink& link, FetchRequest request) {
    runtime::Instant asked = shard.now();
    auto answer = co_await link.call(request, kFetchByName);
    Fetched fetched{.took = shard.now() - asked};
    EXPECT_TRUE(answer && answer->response.error_code == ErrorCode::none);
    fetched.session_id = answer->response.session_id;
    for (const auto& topic : answer->response.responses) {
        for (const auto& row : topic.partitions) {
            EXPECT_EQ(row.error_code, ErrorCode::none);
            if (row.records.size > 0) {
                fetched.served.push_back(row.partition_index);
            }
        }
    }
    co_return fetched;
}

Task<void> fill(runtime::Shard& shard, ClientLink& link, int batches, std::size_t bytes, Configs configs = {}) {
    co_await create_topic(link, kTopic, kPartitions, std::move(configs));
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
        for (int i = 0; i < batches; ++i) {
            co_await put(shard, link, kTopic, partition, bytes);
        }
    }
}

TEST_F(BrokerFetch, TheFirstPartitionIsServedFirstWhicheverShardOwnsIt) {
    World each(1);
    each.world.run(each.shard, fill(each.shard, *each.link, 1, 100));
    for (std::int32_t first = 0; first < kPartitions; ++first) {
        Positions positions;
        for (std::int32_t i = 0; i < kPartitions; ++i) {
            positions.emplace_back((first + i) % kPartitions, 0);
        }
        FetchRequest request = fetch_of(positions);
        request.max_bytes = 1;
        Fetched fetched = each.world.run(each.shard, fetch(each.shard, *each.link, request));
        EXPECT_EQ(fetched.served, std::vector<std::int32_t>{first});
    }
    each.close();
}

// Reads on where the session is, one batch a request.
Task<std::set<std::int32_t>> read_in_session(runtime::Shard& shard, ClientLink& link, int rounds) {
    Positions positions;
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
        positions.emplace_back(partition, 0);
    }
    std::set<std::int32_t> served;
    std::vector<std::int64_t> next(kPartitions);
    std::int32_t session_id = 0;
    for (std::int32_t epoch = 0; epoch < rounds; ++epoch) {
        FetchRequest request = fetch_of(positions);
        request.max_bytes = 1;
        request.session_id = session_id;
        request.session_epoch = epoch;
        Fetched fetched = co_await fetch(shard, link, request);
        session_id = fetched.session_id;
        positions.clear();
        for (std::int32_t partition : fetched.served) {
            served.insert(partition);
            positions.emplace_back(partition, ++next[static_cast<std::size_t>(partition)]);
        }
    }
    co_return served;
}

TEST_F(BrokerFetch, PartitionsOfEveryShardHaveTheirTurnInASession) {
    World each(2);
    each.world.run(each.shard, fill(each.shard, *each.link, kPartitions, 100));
    std::set<std::int32_t> served = each.world.run(each.shard, read_in_session(each.shard, *each.link, kPartitions));
    EXPECT_EQ(served.size(), static_cast<std::size_t>(kPartitions));
    each.close();
}

TEST_F(BrokerFetch, WaitsForMoreOnlyWhenThereIsNotMore) {
    constexpr milliseconds kWait{5000};
    World each(3);
    each.world.run(each.shard, fill(each.shard, *each.link, 4, 3000));
    auto took = [&](std::int32_t min_bytes, std::int32_t max_bytes, std::int32_t partition_max_bytes) {
        FetchRequest request = fetch_of({{0, 0}}, partition_max_bytes);
        request.max_wait_ms = static_cast<std::int32_t>(kWait.count());
        request.min_bytes = min_bytes;
        request.max_bytes = max_bytes;
        Fetched fetched = each.world.run(each.shard, fetch(each.shard, *each.link, request));
        EXPECT_EQ(fetched.served.size(), 1u);
        return fetched.took;
    };
    EXPECT_LT(took(8000, 1 << 20, 8000), kWait) << "as much as the partition may have is there, if not in whole batches";
    EXPECT_LT(took(1 << 20, 8000, 1 << 20), kWait) << "no answer may have as much as is waited for";
    EXPECT_GE(took(1 << 20, 1 << 20, 1 << 20), kWait);
    each.close();
}

TEST_F(BrokerFetch, AReaderThatIsBehindInOlderSegmentsDoesNotWait) {
    constexpr milliseconds kWait{5000};
    World each(4);
    each.world.run(each.shard, fill(each.shard, *each.link, 3, 100, small_segments()));
    for (std::int64_t offset = 0; offset < 3; ++offset) {
        FetchRequest request = fetch_of({{0, offset}});
        request.max_wait_ms = static_cast<std::int32_t>(kWait.count());
        request.min_bytes = 1 << 20;
        Fetched fetched = each.world.run(each.shard, fetch(each.shard, *each.link, request));
        EXPECT_EQ(fetched.served.size(), 1u);
        EXPECT_EQ(fetched.took >= kWait, offset == 2) << offset;
    }
    each.close();
}

struct SlowRead {
    std::size_t bytes = 0;
    bool is_whole = false;
};

// Takes one answer piece by piece, each after a pause.
Task<SlowRead> read_slowly(runtime::Shard& shard, FetchRequest request, runtime::Duration pause) {
    protocol::Writer out;
    out.begin_frame();
    protocol::encode_request_header(out, {static_cast<std::int16_t>(FetchRequest::kApiKey), kFetchByName, 1, "slow"});
    request.encode(out, kFetchByName);
    out.finish_frame();
    base::Bytes frame = out.take();
    auto stream = co_await shard.network().connect(Node::address());
    EXPECT_TRUE(stream);
    std::vector<base::ByteView> parts{frame};
    auto sent = co_await (*stream)->write(parts, false);
    EXPECT_TRUE(sent);
    SlowRead read;
    base::Bytes prefix;
    base::Bytes buffer(runtime::sim::kStreamWindowBytes);
    while (!read.is_whole) {
        co_await runtime::sleep_until(shard, shard.now() + pause);
        auto got = co_await (*stream)->read_some(buffer);
        if (!got || *got == 0) {
            break;
        }
        std::size_t of_prefix = std::min(*got, kPrefixBytes - prefix.size());
        prefix.insert(prefix.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(of_prefix));
        read.bytes += *got;
        read.is_whole = prefix.size() == kPrefixBytes && read.bytes == kPrefixBytes + base::load_be<std::uint32_t>(prefix.data());
    }
    (*stream)->shut_down();
    co_return read;
}

TEST_F(BrokerFetch, AClientThatTakesItsAnswerSlowlyIsNotIdle) {
    World each(5, {.shards = 1, .properties = {{"connections.max.idle.ms", "3000"}}});
    each.world.run(each.shard, fill(each.shard, *each.link, 1, 512 << 10));
    Positions positions;
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
        positions.emplace_back(partition, 0);
    }
    SlowRead read = each.world.run(each.shard, read_slowly(each.shard, fetch_of(positions), milliseconds(150)));
    EXPECT_TRUE(read.is_whole) << "cut off behind " << read.bytes << " bytes";
    each.close();
}

}  // namespace
}  // namespace tideline::simulation
