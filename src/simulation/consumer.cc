#include "simulation/consumer.h"

#include <fmt/format.h>

#include "protocol/messages/fetch.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/metadata.h"

namespace tideline::simulation {

using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::ListOffsetsRequest;
using protocol::MetadataRequest;

namespace {

constexpr std::int16_t kFirstFetchWithSessions = 7;
constexpr std::int16_t kFirstFetchById = 13;
constexpr std::int16_t kFirstFetchWithLogStart = 5;
constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kLatest = -1;
constexpr std::size_t kBatchBudget = 1 << 20;

class Consumer {
public:
    Consumer(Stage& stage, std::string name, std::uint64_t seed)
        : stage_(stage), random_(seed), link_(stage.shard, stage.broker, std::move(name), stage.weather, random_.next()) {}

    Task<void> run();
    Task<void> read_all(KnownTopic topic);
    Task<void> close() { return link_.close(); }

private:
    struct Reading {
        Offset position = 0;
        Offset sent_position = -1;  // what the session knows
        Offset high_watermark = -1;
        Offset log_start = 0;       // for read_all(): below it, nothing is missed
        bool is_named = true;       // in the session; others were forgotten
        std::set<Offset> offsets;   // seen by read_all()
        History::Seen seen;         // when the request left
    };

    void begin(const KnownTopic& topic);
    Task<void> poll();
    FetchRequest next_request(bool in_session);
    void take(const FetchResponse::PartitionData& row);
    void take_records(std::int32_t partition, Reading& reading, const FetchResponse::PartitionData& row);
    Task<void> seek_to_start(std::int32_t partition);
    Task<std::optional<Offset>> offset_of(std::int32_t partition, std::int64_t timestamp);
    Task<bool> is_still_there();
    PartitionId id_of(std::int32_t partition) const { return {topic_.id, partition}; }
    bool has_caught_up() const;
    void forget_session() { session_id_ = session_epoch_ = 0; }

    Stage& stage_;
    runtime::Random random_;
    ClientLink link_;
    KnownTopic topic_;
    std::int16_t version_ = 0;
    bool uses_sessions_ = false;
    bool keeps_offsets_ = false;
    std::int32_t session_id_ = 0;
    std::int32_t session_epoch_ = 0;
    std::map<std::int32_t, Reading> readings_;
    std::vector<std::int32_t> out_of_range_;
    bool is_trouble_ = false;
};

void Consumer::begin(const KnownTopic& topic) {
    topic_ = topic;
    version_ = any_version<FetchRequest>(random_, topic.is_recreated ? kFirstFetchById : FetchRequest::kMinVersion);
    uses_sessions_ = version_ >= kFirstFetchWithSessions && !random_.chance(3);
    forget_session();
    readings_.clear();
    for (std::int32_t i = 0; i < topic.partitions; ++i) {
        readings_[i];
    }
}

Task<void> Consumer::run() {
    for (;;) {
        bool is_last = stage_.is_storm_over && stage_.producers_running == 0;
        std::vector<KnownTopic*> topics = stage_.live_topics();
        if (topics.empty()) {
            if (is_last) {
                break;
            }
            co_await stage_.pause(random_ms(random_, 100, 500));
            continue;
        }
        begin(*topics[random_.below(topics.size())]);
        std::uint64_t polls = 5 + random_.below(60);
        while (!stage_.is_doomed(topic_.id) && (is_last ? !has_caught_up() : polls-- > 0 && !stage_.is_storm_over)) {
            co_await poll();
        }
        if (is_last) {
            break;
        }
        if (stage_.is_storm_over) {
            co_await stage_.pause(std::chrono::milliseconds(100));
        }
    }
    co_await link_.close();
}

bool Consumer::has_caught_up() const {
    return std::ranges::all_of(readings_, [](const auto& each) {
        return each.second.high_watermark >= 0 && each.second.position >= each.second.high_watermark;
    });
}

FetchRequest Consumer::next_request(bool in_session) {
    FetchRequest request{.max_wait_ms = static_cast<std::int32_t>(random_.below(3) * 250),
                         .min_bytes = static_cast<std::int32_t>(random_.below(2000)),
                         .max_bytes = static_cast<std::int32_t>(random_.chance(3) ? 1 : 200 + random_.below(20000)),
                         .isolation_level = static_cast<std::int8_t>(random_.below(2)),
                         .session_id = session_id_,
                         .session_epoch = uses_sessions_ ? session_epoch_ : -1};
    FetchRequest::FetchTopic wanted{.topic = topic_.name, .topic_id = topic_.id};
    FetchRequest::ForgottenTopic forgotten{.topic = topic_.name, .topic_id = topic_.id};
    if (in_session && random_.chance(60)) {
        // Another's session, or a request that was overtaken: refused, and the session begins anew.
        request.session_id += static_cast<std::int32_t>(random_.below(2)) * 1'000'000;
        request.session_epoch += 1;
    }
    for (auto& [partition, reading] : readings_) {
        reading.seen = stage_.history.seen(id_of(partition));
        if (in_session && reading.is_named && readings_.size() > 1 && random_.chance(20)) {
            reading.is_named = false;
            reading.sent_position = -1;
            forgotten.partitions.push_back(partition);
            continue;
        }
        if (in_session && reading.sent_position == reading.position) {
            continue;
        }
        reading.is_named = true;
        reading.sent_position = reading.position;
        wanted.partitions.push_back({.partition = partition,
                                     .fetch_offset = reading.position,
                                     .partition_max_bytes = static_cast<std::int32_t>(1 + random_.below(10000))});
    }
    if (!wanted.partitions.empty()) {
        request.topics.push_back(std::move(wanted));
    }
    if (!forgotten.partitions.empty()) {
        request.forgotten_topics_data.push_back(std::move(forgotten));
    }
    return request;
}

Task<void> Consumer::poll() {
    bool in_session = uses_sessions_ && session_epoch_ > 0;
    is_trouble_ = false;
    out_of_range_.clear();
    FetchRequest request = next_request(in_session);
    auto answer = co_await link_.call(request, version_);
    if (!answer || answer->response.error_code != ErrorCode::none) {
        forget_session();
        co_await stage_.pause(random_ms(random_, 10, 200));
        co_return;
    }
    const FetchResponse& response = answer->response;
    if (uses_sessions_) {
        session_id_ = response.session_id;
        session_epoch_ = response.session_id == 0 ? 0 : session_epoch_ + 1;
    }
    for (const auto& topic : response.responses) {
        bool is_ours = version_ >= kFirstFetchById ? topic.topic_id == topic_.id : topic.topic == topic_.name;
        if (!is_ours) {
            stage_.history.violated(fmt::format("a fetch of topic {} was answered with topic '{}'", topic_.name, topic.topic));
            continue;
        }
        for (const auto& row : topic.partitions) {
            take(row);
        }
    }
    std::vector<std::int32_t> out_of_range = out_of_range_;
    for (std::int32_t partition : out_of_range) {
        co_await seek_to_start(partition);
    }
    if (is_trouble_) {
        forget_session();
        co_await stage_.pause(random_ms(random_, 10, 200));
    }
}

void Consumer::take(const FetchResponse::PartitionData& row) {
    auto found = readings_.find(row.partition_index);
    if (found == readings_.end()) {
        stage_.history.violated(fmt::format("a fetch was answered with partition {}, which it did not name", row.partition_index));
        return;
    }
    PartitionId id = id_of(row.partition_index);
    if (row.error_code == ErrorCode::none) {
        stage_.history.saw_high_watermark(id, row.high_watermark, found->second.seen);
        if (version_ >= kFirstFetchWithLogStart) {
            stage_.history.saw_log_start(id, row.log_start_offset, found->second.seen);
        }
        found->second.high_watermark = row.high_watermark;
        take_records(row.partition_index, found->second, row);
        return;
    }
    is_trouble_ = true;
    if (row.error_code == ErrorCode::offset_out_of_range) {
        out_of_range_.push_back(row.partition_index);
    } else if (!is_passing(row.error_code) && !stage_.is_doomed(topic_.id) && stage_.is_sure(topic_.id)) {
        stage_.history.violated(fmt::format("{} answers {} to a fetch at {}", to_string(id), name_of(row.error_code), found->second.position));
    }
}

void Consumer::take_records(std::int32_t partition, Reading& reading, const FetchResponse::PartitionData& row) {
    PartitionId id = id_of(partition);
    record::BatchCursor cursor(row.records.bytes);
    for (;;) {
        auto batch = cursor.next();
        if (!batch || (*batch && !(*batch)->crc_is_valid())) {
            stage_.history.violated(fmt::format("{} hands out bytes that are no batch, behind {}", to_string(id), reading.position));
            return;
        }
        if (!*batch) {
            return;
        }
        auto all = record::read_all_records(**batch, kBatchBudget);
        if (!all) {
            stage_.history.violated(fmt::format("{} hands out records that cannot be read at {}", to_string(id), (*batch)->header.base_offset));
            return;
        }
        for (const record::Record& record : all->records) {
            if (record.offset < reading.position) {
                continue;  // the batch began before the offset asked for
            }
            if (record.offset >= row.high_watermark) {
                stage_.history.violated(fmt::format("{} hands out {}, its high watermark is {}", to_string(id), record.offset, row.high_watermark));
            }
            stage_.history.read(id, record);
            if (keeps_offsets_) {
                reading.offsets.insert(record.offset);
            }
        }
        reading.position = std::max(reading.position, (*batch)->header.next_offset());
    }
}

// Everything up to a position was read: only a log that begins behind it may refuse it.
Task<void> Consumer::seek_to_start(std::int32_t partition) {
    std::uint64_t power_losses = stage_.history.power_losses();
    auto earliest = co_await offset_of(partition, kEarliest);
    if (!earliest) {
        co_return;
    }
    Reading& reading = readings_.at(partition);
    if (*earliest <= reading.position && power_losses == stage_.history.power_losses()) {
        stage_.history.violated(fmt::format("{} refuses {} as out of range and begins at {}", to_string(id_of(partition)), reading.position, *earliest));
    }
    reading.position = reading.log_start = *earliest;
    reading.sent_position = -1;
}

// ListOffsets names topics only: the answer counts if the name meant this topic all the time.
Task<std::optional<Offset>> Consumer::offset_of(std::int32_t partition, std::int64_t timestamp) {
    ListOffsetsRequest request{.replica_id = -1};
    History::Seen seen = stage_.history.seen(id_of(partition));
    auto& topic = request.topics.emplace_back();
    topic.name = topic_.name;
    topic.partitions.push_back({.partition_index = partition, .timestamp = timestamp});
    auto answer = co_await link_.call(request, any_version<ListOffsetsRequest>(random_));
    if (!answer || answer->response.topics.at(0).partitions.at(0).error_code != ErrorCode::none) {
        co_return std::nullopt;
    }
    Offset offset = answer->response.topics.at(0).partitions.at(0).offset;
    if (topic_.is_recreated) {
        // Ids are never used again: if the name means this topic now, it did before.
        bool is_there = co_await is_still_there();
        if (!is_there) {
            co_return std::nullopt;
        }
    }
    if (timestamp == kEarliest) {
        stage_.history.saw_log_start(id_of(partition), offset, seen);
    } else {
        stage_.history.saw_high_watermark(id_of(partition), offset, seen);
    }
    co_return offset;
}

Task<bool> Consumer::is_still_there() {
    MetadataRequest request{.allow_auto_topic_creation = false};
    request.topics.emplace().push_back({.name = topic_.name});
    auto answer = co_await link_.call(request, MetadataRequest::kMaxVersion);
    co_return answer && !answer->response.topics.empty() && answer->response.topics[0].topic_id == topic_.id;
}

Task<void> Consumer::read_all(KnownTopic topic) {
    begin(topic);
    keeps_offsets_ = true;
    std::map<std::int32_t, Offset> ends;
    for (auto& [partition, reading] : readings_) {
        std::optional<Offset> start;
        std::optional<Offset> end;
        while (!start || !end) {
            start = co_await offset_of(partition, kEarliest);
            end = co_await offset_of(partition, kLatest);
            if (!start || !end) {
                co_await stage_.pause(std::chrono::milliseconds(50));
            }
        }
        reading.position = reading.log_start = *start;
        ends[partition] = *end;
    }
    while (std::ranges::any_of(readings_, [&](const auto& each) { return each.second.position < ends.at(each.first); })) {
        co_await poll();
    }
    for (const auto& [partition, reading] : readings_) {
        stage_.history.found(id_of(partition), reading.log_start, ends.at(partition), reading.offsets);
    }
}

}  // namespace

Task<void> run_consumer(Stage& stage, std::uint64_t seed) {
    Consumer consumer(stage, fmt::format("consumer-{}", seed % 1000), seed);
    co_await consumer.run();
}

Task<void> read_everything(Stage& stage, std::uint64_t seed) {
    Consumer consumer(stage, "reader", seed);
    for (KnownTopic* topic : stage.live_topics()) {
        co_await consumer.read_all(*topic);
    }
    co_await consumer.close();
}

}  // namespace tideline::simulation
