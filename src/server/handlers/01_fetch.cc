// server/handlers/01_fetch.cc: Fetch, versions 4–18.
// v5  log start offset            v7  sessions (KIP-227)       v9  current leader epoch (KIP-320)
// v11 rack id (KIP-392)           v12 flexible, diverging epoch (KIP-595)
// v13 topic id instead of name    v15 replica state (KIP-903)  v16 node endpoints  v17, v18 fields of replicas only

#include "base/log.h"
#include "base/reach.h"
#include "server/broker.h"
#include "server/group_access.h"
#include "server/handlers/handlers.h"
#include "server/partition_access.h"

namespace tideline::server {

using protocol::FetchRequest;
using protocol::FetchResponse;
using runtime::Task;

namespace {

using Row = FetchResponse::PartitionData;

constexpr std::int32_t kSessionInitialEpoch = 0;
constexpr std::int32_t kSessionFinalEpoch = -1;
constexpr std::int16_t kFirstVersionWithTopicIds = 13;

// One partition that is read. There may be hundreds of thousands: it refers to the request, and to its row of the response.
struct FetchItem {
    Located at;
    std::int32_t partition = 0;
    const FetchRequest::FetchPartition* wanted = nullptr;
    Row* row = nullptr;
};

// What is read for one request. Items refer to `response` and to the topics that they were laid out from.
struct FetchWork {
    std::vector<FetchItem> items;
    FetchResponse response;
};

// How far one pass may go, over all partitions of the request.
struct FetchLimits {
    cluster::Isolation isolation = cluster::Isolation::read_uncommitted;
    std::size_t bytes_left = 0;
    std::size_t bytes_read = 0;
    // What counts for min_bytes: of each partition as much as there is and it asks for, whether or not whole batches of it fit.
    std::uint64_t bytes_ready = 0;
    bool is_behind = false;  // a partition has more in later segments: it is no matter of waiting
    std::shared_ptr<cluster::DataWaiter> waiter;  // when set: told once there is more
};

// What a row says when there is nothing but an error.
void set_error(Row& row, ErrorCode error) {
    row.error_code = error;
    row.high_watermark = -1;
    row.last_stable_offset = -1;
    row.log_start_offset = -1;
    row.aborted_transactions = std::nullopt;
    row.records = protocol::Records::of(base::ByteView{});
}

// The answer to a reader whose last batch is of an epoch that this log ended elsewhere (KIP-595). False: go on.
bool answer_divergence(cluster::Partition& partition, FetchItem& item) {
    if (item.wanted->last_fetched_epoch < 0) {
        return false;
    }
    log::EpochEnd end =
        partition.log().leader_epochs().end_offset_for(item.wanted->last_fetched_epoch, partition.log().next_offset());
    if (end.epoch < 0) {
        set_error(*item.row, ErrorCode::offset_out_of_range);
        return true;
    }
    if (end.epoch < item.wanted->last_fetched_epoch || end.end_offset < item.wanted->fetch_offset) {
        item.row->diverging_epoch = {.epoch = end.epoch, .end_offset = end.end_offset};
        item.row->records = protocol::Records::of(base::ByteView{});
        return true;
    }
    return false;
}

void describe(cluster::Partition& partition, Row& row) {
    row.error_code = ErrorCode::none;
    row.high_watermark = partition.high_watermark();
    row.last_stable_offset = partition.read_limit(cluster::Isolation::read_committed);
    row.log_start_offset = partition.log().log_start_offset();
    row.aborted_transactions = std::nullopt;
    row.diverging_epoch = {};
}

void read_records(cluster::Partition& partition, FetchItem& item, FetchLimits& limits) {
    Row& row = *item.row;
    auto wanted_bytes = static_cast<std::size_t>(std::max(item.wanted->partition_max_bytes, 0));
    std::size_t max_bytes = std::min(wanted_bytes, limits.bytes_left);
    bool at_least_one = limits.bytes_read == 0;
    auto slice = partition.read(item.wanted->fetch_offset, max_bytes, limits.isolation, at_least_one);
    if (!slice) {
        set_error(row, slice.error().code);
        return;
    }
    row.records = protocol::Records::of(base::ByteView{});
    if (limits.isolation == cluster::Isolation::read_committed) {
        row.aborted_transactions.emplace();
    }
    limits.bytes_ready += std::max<std::uint64_t>(slice->size, std::min<std::uint64_t>(slice->readable_bytes, wanted_bytes));
    limits.is_behind |= slice->goes_on_in_later_segments;
    if (slice->is_empty()) {
        return;
    }
    if (limits.isolation == cluster::Isolation::read_committed) {
        auto aborted = partition.log().aborted_transactions(slice->first_offset, slice->next_offset);
        if (!aborted) {
            set_error(row, aborted.error().code);
            return;
        }
        for (const log::AbortedTransaction& each : *aborted) {
            row.aborted_transactions->push_back({.producer_id = each.producer_id, .first_offset = each.first_offset});
        }
    }
    auto body = std::make_shared<FileRecords>();
    body->file = slice->file;
    body->position = slice->position;
    row.records = protocol::Records::of(std::move(body), slice->size);
    limits.bytes_read += slice->size;
    limits.bytes_left -= std::min(limits.bytes_left, slice->size);
}

void read_partition(cluster::Partition& partition, FetchItem& item, FetchLimits& limits) {
    if (auto epoch = partition.check_epoch(item.wanted->current_leader_epoch); !epoch) {
        set_error(*item.row, epoch.error().code);
        return;
    }
    if (auto online = partition.check_online(); !online) {
        set_error(*item.row, online.error().code);
        return;
    }
    describe(partition, *item.row);
    if (!answer_divergence(partition, item)) {
        read_records(partition, item, limits);
    }
    if (limits.waiter != nullptr) {
        partition.add_waiter(limits.waiter, limits.isolation);
    }
}

// Evidence for who wonders later why a consumer began anew.
void note_out_of_range(const RequestContext& context, ShardServer& owner, cluster::Partition& partition, const FetchItem& item) {
    const group::ClientInfo client = client_info_of(context);
    owner.evidence().out_of_range(evidence_client(context, client), partition.id().topic, item.partition, item.wanted->fetch_offset,
                                  partition.log().log_start_offset(), partition.high_watermark());
}

// One pass over all partitions; the budget is shared by all shards, one after the other. The shard of the first partition goes first:
// clients and sessions begin with what was served longest ago, and whatever else has records may not keep it waiting.
Task<void> read_all(const RequestContext& context, std::vector<FetchItem>& items, FetchLimits& limits) {
    auto read = [&](ShardServer& owner, cluster::Partition& partition, FetchItem& item) {
        read_partition(partition, item, limits);
        if (item.row->error_code == ErrorCode::offset_out_of_range) {
            note_out_of_range(context, owner, partition, item);
        }
    };
    co_await for_each_on_owner(context.server, items, read, ShardOrder::as_items);
    for (FetchItem& item : items) {
        item.row->partition_index = item.partition;
        if (item.at.error != ErrorCode::none) {
            set_error(*item.row, item.at.error);
            if (item.at.error == ErrorCode::unknown_topic_or_partition || item.at.error == ErrorCode::unknown_topic_id) {
                item.row->aborted_transactions.emplace();  // Kafka's builder of such rows leaves it empty, not null
            }
        }
    }
}

bool wants_answer_now(const std::vector<FetchItem>& items) {
    return std::ranges::any_of(items, [](const FetchItem& item) {
        return item.row->error_code != ErrorCode::none || item.row->diverging_epoch.epoch >= 0;
    });
}

// Reads until min_bytes are there, an error wants to be told, or max_wait_ms are over.
Task<void> read_or_wait(RequestContext& context, const FetchRequest& request, std::vector<FetchItem>& items) {
    ShardServer& server = context.server;
    std::size_t response_max = static_cast<std::size_t>(server.config()->integer("fetch.max.bytes"));
    std::size_t bytes_max = std::min(static_cast<std::size_t>(std::max(request.max_bytes, 0)), response_max);
    std::int64_t bytes_min = std::min<std::int64_t>(request.min_bytes, static_cast<std::int64_t>(bytes_max));
    FetchLimits limits;
    limits.isolation = request.isolation_level == 1 ? cluster::Isolation::read_committed : cluster::Isolation::read_uncommitted;
    auto pass = [&]() -> Task<void> {
        limits.bytes_left = bytes_max;
        limits.bytes_read = 0;
        limits.bytes_ready = 0;
        limits.is_behind = false;
        return read_all(context, items, limits);
    };
    co_await pass();
    auto enough = [&] {
        return static_cast<std::int64_t>(limits.bytes_ready) >= bytes_min || limits.is_behind || items.empty() || wants_answer_now(items);
    };
    if (request.max_wait_ms <= 0 || enough()) {
        co_return;
    }
    runtime::Instant deadline = server.shard().now() + std::chrono::milliseconds(request.max_wait_ms);
    limits.waiter = std::make_shared<cluster::DataWaiter>(server.shard());
    context.connection.parked = limits.waiter;
    for (;;) {
        limits.waiter->rearm();
        // Registers and reads in one step on each shard, so that nothing slips in between.
        co_await pass();
        // The connection may have closed while other shards were asked; nobody would wake this wait then.
        if (enough() || context.connection.is_closing || context.memory.should_give_way()) {
            co_return;
        }
        bool signalled = co_await limits.waiter->wait_until(deadline);
        if (!signalled || context.connection.is_closing) {
            co_return;
        }
    }
}

// Neighbours of one topic have one entry in the response, as in Kafka.
template <class A, class B>
bool is_same_topic(const A& a, const B& b) {
    return a.topic == b.topic && a.topic_id == b.topic_id;
}

// One item, and one row of the response, for each partition.
FetchWork lay_out(const ShardServer& server, const std::vector<FetchRequest::FetchTopic>& topics, bool by_id) {
    FetchWork work;
    const cluster::MetadataImage& image = *server.image();
    ErrorCode unknown = by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
    std::size_t count = 0;
    for (const auto& topic : topics) {
        count += topic.partitions.size();
    }
    work.items.reserve(count);
    for (auto topic = topics.begin(); topic != topics.end();) {
        auto end = std::find_if_not(topic, topics.end(), [&](const auto& each) { return is_same_topic(each, *topic); });
        std::size_t rows = 0;
        std::for_each(topic, end, [&](const auto& each) { rows += each.partitions.size(); });
        if (rows == 0) {
            topic = end;
            continue;
        }
        auto& out = work.response.responses.emplace_back();
        out.topic = topic->topic;
        out.topic_id = topic->topic_id;
        out.partitions.resize(rows);
        const cluster::TopicImage* found = by_id ? image.topic(topic->topic_id) : image.topic(topic->topic);
        Row* row = out.partitions.data();
        for (; topic != end; ++topic) {
            for (const auto& wanted : topic->partitions) {
                Located at = locate(server, found, wanted.partition, unknown);
                work.items.push_back({.at = at, .partition = wanted.partition, .wanted = &wanted, .row = row++});
            }
        }
    }
    return work;
}

// A copy: the session may go while its partitions are read.
std::vector<FetchRequest::FetchTopic> topics_of(const FetchSession& session) {
    std::vector<FetchRequest::FetchTopic> topics;
    for (const SessionPartition& each : session.partitions()) {
        if (topics.empty() || !is_same_topic(topics.back(), each.key)) {
            topics.push_back({.topic = each.key.topic, .topic_id = each.key.topic_id, .partitions = {}});
        }
        topics.back().partitions.push_back(each.wanted);
    }
    return topics;
}

// Remembers what the response tells; with `leave_out`, takes out of it what the client knows.
void note_told(FetchSession& session, FetchResponse& response, bool leave_out) {
    std::vector<FetchResponse::FetchableTopicResponse> news;
    for (auto& topic : response.responses) {
        SessionKey key{topic.topic, topic.topic_id, 0};
        std::erase_if(topic.partitions, [&](const Row& row) {
            key.partition = row.partition_index;
            bool is_news = session.note_told(key, row);
            return leave_out && !is_news;
        });
        if (topic.partitions.empty()) {
            continue;
        }
        if (!news.empty() && is_same_topic(news.back(), topic)) {
            std::ranges::move(topic.partitions, std::back_inserter(news.back().partitions));
        } else {
            news.push_back(std::move(topic));
        }
    }
    response.responses = std::move(news);
}

// Evidence, as where offsets were out of range: where this client reads. What a session reads is looked up when somebody asks.
void note_position(RequestContext& context, const std::vector<FetchItem>& items, std::int32_t session_id) {
    LastFetch& last = context.connection.last_fetch;
    last.client_id = context.header.client_id;
    last.at_ms = context.server.shard().wall_ms();
    last.session_id = session_id;
    last.places.clear();
    if (session_id != 0) {
        return;
    }
    for (const FetchItem& item : items) {
        if (item.row->error_code == ErrorCode::none && last.places.size() < LastFetch::kPlacesMax) {
            last.places.push_back({.topic_id = item.at.topic_id, .partition = item.partition, .position = item.wanted->fetch_offset});
        }
    }
}

FetchResponse refused(ErrorCode error) {
    FetchResponse response;
    response.error_code = error;
    return response;
}

// Why no partition of this request can be answered, or none.
ErrorCode why_refused(const FetchRequest& request, std::int16_t version) {
    constexpr std::int8_t kIsolationLevelMax = 1;
    if (request.max_bytes < 0 || request.isolation_level < 0 || request.isolation_level > kIsolationLevelMax) {
        return ErrorCode::invalid_request;  // Kafka: UNKNOWN_SERVER_ERROR, which says nothing
    }
    // A client that says it is a replica: nobody is one of a partition with a single replica (CVE-2018-1288).
    std::int32_t replica_id = version >= 15 ? request.replica_state.replica_id : request.replica_id;
    return replica_id >= 0 ? ErrorCode::not_leader_or_follower : ErrorCode::none;
}

Task<FetchResponse> fetch_without_session(RequestContext& context, const FetchRequest& request, bool create_session) {
    ShardServer& server = context.server;
    bool by_id = context.version() >= kFirstVersionWithTopicIds;
    FetchWork work = lay_out(server, request.topics, by_id);
    ErrorCode refusal = why_refused(request, context.version());
    for (FetchItem& item : work.items) {
        if (item.at.error == ErrorCode::none) {
            item.at.error = refusal;
        }
    }
    co_await read_or_wait(context, request, work.items);

    FetchSession* session = nullptr;
    if (create_session && !work.items.empty()) {
        session = server.fetch_sessions().create(request, by_id, server.shard().now(), server.shard().random());
        if (session != nullptr) {
            work.response.session_id = session->id();
        }
    }
    note_position(context, work.items, work.response.session_id);
    if (session != nullptr) {
        note_told(*session, work.response, false);
    }
    co_return std::move(work.response);
}

// What is held for each partition of a session while it is read, before the names of topics.
constexpr std::size_t kReadBytesPerPartition = sizeof(FetchRequest::FetchPartition) * 2 + sizeof(FetchItem) + sizeof(Row) + 100;

// Why the session cannot go on with this request, or none.
ErrorCode why_not_in_session(const FetchSession* session, const FetchRequest& request, std::int16_t version) {
    if (session == nullptr) {
        TL_REACH("fetch_session_not_found");
        return ErrorCode::fetch_session_id_not_found;
    }
    if (session->next_epoch() != request.session_epoch) {
        TL_REACH("fetch_session_epoch_refused");
        return ErrorCode::invalid_fetch_session_epoch;
    }
    if (session->uses_topic_ids() != (version >= kFirstVersionWithTopicIds)) {
        return ErrorCode::fetch_session_topic_id_error;
    }
    return why_refused(request, version);
}

// Memory for what the session adds to the request. False when there is no answer.
Task<bool> take_for_session(RequestContext& context, const FetchRequest& request) {
    const FetchSession* session = context.server.fetch_sessions().find(request.session_id, context.server.shard().now());
    std::size_t bytes = session == nullptr ? 0 : session->size() * kReadBytesPerPartition + session->name_bytes();
    if (bytes <= kRequestBytesFree || context.memory.take_now(bytes)) {
        co_return true;
    }
    co_return co_await context.memory.take(bytes);
}

Task<FetchResponse> fetch_in_session(RequestContext& context, const FetchRequest& request) {
    ShardServer& server = context.server;
    FetchSessionCache& sessions = server.fetch_sessions();
    bool has_memory = co_await take_for_session(context, request);
    if (!has_memory) {
        co_return FetchResponse{};
    }
    FetchSession* session = sessions.find(request.session_id, server.shard().now());
    if (ErrorCode refusal = why_not_in_session(session, request, context.version()); refusal != ErrorCode::none) {
        co_return refused(refusal);
    }
    if (!sessions.update(*session, request)) {
        co_return refused(ErrorCode::fetch_session_id_not_found);  // there is no room for what it adds: the client starts anew
    }
    session->advance_epoch();
    std::int32_t epoch = session->next_epoch();
    std::vector<FetchRequest::FetchTopic> topics = topics_of(*session);
    FetchWork work = lay_out(server, topics, session->uses_topic_ids());
    co_await read_or_wait(context, request, work.items);

    // Other connections ran meanwhile: the session may have been evicted or used by another.
    session = sessions.find(request.session_id, server.shard().now());
    if (session == nullptr || session->next_epoch() != epoch) {
        co_return refused(session == nullptr ? ErrorCode::fetch_session_id_not_found : ErrorCode::invalid_fetch_session_epoch);
    }
    work.response.session_id = request.session_id;
    note_position(context, work.items, request.session_id);
    note_told(*session, work.response, true);
    if (session->empty()) {
        sessions.remove(request.session_id);
        work.response.session_id = 0;
    }
    co_return std::move(work.response);
}

}  // namespace

Task<FetchResponse> handle_fetch(RequestContext& context, FetchRequest& request) {
    bool is_full = request.session_epoch == kSessionInitialEpoch || request.session_epoch == kSessionFinalEpoch;
    if (!is_full) {
        co_return co_await fetch_in_session(context, request);
    }
    if (request.session_id != 0) {
        context.server.fetch_sessions().remove(request.session_id);
    }
    bool create_session = context.version() >= 7 && request.session_epoch == kSessionInitialEpoch;
    co_return co_await fetch_without_session(context, request, create_session);
}

}  // namespace tideline::server
