#include "server/api_table.h"

#include <algorithm>
#include <array>

#include "server/handlers/handlers.h"

namespace tideline::server {

using runtime::Task;

namespace {

// The reason is the same for every API, and its decoder has checked the bytes already.
constexpr std::string_view kMalformed = "request could not be decoded";
constexpr std::string_view kTooMuch = "request needs more memory than one may have";

// What a byte of a frame may decode into, guessed again when that was too little: mostly names and bytes; mostly numbers; the worst that
// there is, an empty string in a list, which takes one byte, and a std::string in memory.
constexpr std::size_t kDecodedPerByte[] = {2, 8, 40};

// What a request holds besides its frame, in bytes: `each` for every byte that it decodes into, which is what the handler and the
// response have for one of its partitions, topics or members at most, and `base` whatever it asks, where the answer tells of much
// that the request does not name.
struct Cost {
    std::size_t each = 4;
    std::size_t base = 0;

    constexpr std::size_t of(std::size_t decoded) const { return decoded * (1 + each) + base; }
    constexpr std::size_t decoded_in(std::size_t bytes) const { return bytes > base ? (bytes - base) / (1 + each) : 0; }
};

// Decodes once all that the request may hold with that is there, and gives back what it does not.
template <class Request, Cost cost>
Task<base::Result<Request>> decode_within(RequestContext& context, base::ByteView bytes, std::size_t most) {
    bool has_memory = co_await context.memory.take(most - std::min(most, context.memory.bytes()));
    if (!has_memory) {
        co_return base::fail(ErrorCode::invalid_request, kTooMuch);
    }
    std::size_t decoded_max = cost.decoded_in(most);
    protocol::Reader body(bytes, decoded_max);
    auto request = Request::decode(body, context.version());
    if (request) {
        context.memory.keep(cost.of(decoded_max - body.budget_left()));
    }
    co_return request;
}

template <class Request, Cost cost>
Task<base::Result<Request>> decode(RequestContext& context, protocol::Reader& body) {
    base::ByteView bytes = body.rest();
    auto request = Request::decode(body, context.version());
    if (request) {
        std::size_t needed = cost.of(kDecodedBytesFree - body.budget_left());
        if (needed <= kRequestBytesFree || context.memory.take_now(needed)) {
            co_return request;
        }
        request = base::fail(ErrorCode::invalid_request, kTooMuch);  // lets go of it before it waits
        co_return co_await decode_within<Request, cost>(context, bytes, needed);
    }
    for (std::size_t per_byte : kDecodedPerByte) {
        if (request || request.error().code != ErrorCode::invalid_request) {
            break;
        }
        std::size_t most = std::min(cost.of(per_byte * bytes.size()), context.memory.most());
        request = co_await decode_within<Request, cost>(context, bytes, most);
    }
    co_return request;
}

std::string_view why_not_decoded(const base::Error& error) {
    return error.code == ErrorCode::invalid_request ? kTooMuch : kMalformed;
}

template <class Request, auto handle, Cost cost>
Task<Reply> decode_and_handle(RequestContext& context, protocol::Reader& body) {
    auto request = co_await decode<Request, cost>(context, body);
    if (!request) {
        co_return close_connection(why_not_decoded(request.error()));
    }
    auto response = co_await handle(context, *request);
    if (context.memory.is_over()) {
        co_return close_connection(kTooMuch);
    }
    *request = Request{};
    co_return Reply{encode_response(context.header, response), std::nullopt};
}

// For a handler of two phases, which makes its Reply itself.
template <class Request, auto begin, Cost cost>
Task<Reply> decode_and_begin(RequestContext& context, protocol::Reader& body) {
    auto request = co_await decode<Request, cost>(context, body);
    if (!request) {
        co_return close_connection(why_not_decoded(request.error()));
    }
    co_return co_await begin(context, *request);
}

template <class Request, auto handle, Cost cost = Cost{}>
constexpr ApiRow row(std::string_view name) {
    return {.key = Request::kApiKey,
            .name = name,
            .min_version = Request::kMinVersion,
            .max_version = Request::kMaxVersion,
            .handle = decode_and_handle<Request, handle, cost>,
            .advertised_min_version = Request::kMinVersion};
}

template <class Request, auto begin, Cost cost = Cost{}>
constexpr ApiRow two_phase_row(std::string_view name, std::int16_t advertised_min_version = Request::kMinVersion) {
    return {.key = Request::kApiKey,
            .name = name,
            .min_version = Request::kMinVersion,
            .max_version = Request::kMaxVersion,
            .handle = decode_and_begin<Request, begin, cost>,
            .advertised_min_version = advertised_min_version};
}

using namespace protocol;

// Of groups, transactions, or partitions of a whole broker.
constexpr Cost kListing{.each = 4, .base = std::size_t{4} << 20};

constexpr std::array kApis{
    two_phase_row<ProduceRequest, handle_produce, Cost{6}>("Produce", 0),
    row<FetchRequest, handle_fetch, Cost{4}>("Fetch"),
    row<ListOffsetsRequest, handle_list_offsets, Cost{8}>("ListOffsets"),
    row<MetadataRequest, handle_metadata, Cost{12}>("Metadata"),
    row<OffsetCommitRequest, handle_offset_commit, Cost{8}>("OffsetCommit"),
    row<OffsetFetchRequest, handle_offset_fetch, Cost{55}>("OffsetFetch"),
    row<FindCoordinatorRequest, handle_find_coordinator, Cost{8}>("FindCoordinator"),
    two_phase_row<JoinGroupRequest, handle_join_group>("JoinGroup"),
    row<HeartbeatRequest, handle_heartbeat>("Heartbeat"),
    row<LeaveGroupRequest, handle_leave_group, Cost{4}>("LeaveGroup"),
    two_phase_row<SyncGroupRequest, handle_sync_group>("SyncGroup"),
    row<DescribeGroupsRequest, handle_describe_groups, Cost{14}>("DescribeGroups"),
    row<ListGroupsRequest, handle_list_groups, kListing>("ListGroups"),
    row<ApiVersionsRequest, handle_api_versions>("ApiVersions"),
    row<CreateTopicsRequest, handle_create_topics, Cost{12}>("CreateTopics"),
    row<DeleteTopicsRequest, handle_delete_topics, Cost{6}>("DeleteTopics"),
    row<DeleteRecordsRequest, handle_delete_records, Cost{8}>("DeleteRecords"),
    row<InitProducerIdRequest, handle_init_producer_id>("InitProducerId"),
    row<OffsetForLeaderEpochRequest, handle_offset_for_leader_epoch, Cost{12}>("OffsetForLeaderEpoch"),
    row<AddPartitionsToTxnRequest, handle_add_partitions_to_txn, Cost{80}>("AddPartitionsToTxn"),
    row<AddOffsetsToTxnRequest, handle_add_offsets_to_txn>("AddOffsetsToTxn"),
    row<EndTxnRequest, handle_end_txn>("EndTxn"),
    row<WriteTxnMarkersRequest, handle_write_txn_markers, Cost{60}>("WriteTxnMarkers"),
    row<TxnOffsetCommitRequest, handle_txn_offset_commit, Cost{8}>("TxnOffsetCommit"),
    row<DescribeConfigsRequest, handle_describe_configs, Cost{8}>("DescribeConfigs"),
    row<AlterConfigsRequest, handle_alter_configs, Cost{6}>("AlterConfigs"),
    row<DescribeLogDirsRequest, handle_describe_log_dirs, Cost{.each = 50, .base = kListing.base}>("DescribeLogDirs"),
    row<CreatePartitionsRequest, handle_create_partitions, Cost{6}>("CreatePartitions"),
    row<DeleteGroupsRequest, handle_delete_groups, Cost{8}>("DeleteGroups"),
    row<IncrementalAlterConfigsRequest, handle_incremental_alter_configs, Cost{6}>("IncrementalAlterConfigs"),
    row<OffsetDeleteRequest, handle_offset_delete, Cost{40}>("OffsetDelete"),
    row<DescribeClusterRequest, handle_describe_cluster>("DescribeCluster"),
    row<DescribeProducersRequest, handle_describe_producers, Cost{80}>("DescribeProducers"),
    row<DescribeTransactionsRequest, handle_describe_transactions, Cost{8}>("DescribeTransactions"),
    row<ListTransactionsRequest, handle_list_transactions, kListing>("ListTransactions"),
    row<ConsumerGroupHeartbeatRequest, handle_consumer_group_heartbeat>("ConsumerGroupHeartbeat"),
    row<ConsumerGroupDescribeRequest, handle_consumer_group_describe, Cost{14}>("ConsumerGroupDescribe"),
    row<ListConfigResourcesRequest, handle_list_config_resources>("ListConfigResources"),
    row<DescribeTopicPartitionsRequest, handle_describe_topic_partitions, Cost{6}>("DescribeTopicPartitions"),
};

constexpr std::array kOwnApis{
    row<GroupEvidenceRequest, handle_group_evidence>("GroupEvidence"),
    row<TransactionEvidenceRequest, handle_transaction_evidence, kListing>("TransactionEvidence"),
};

}  // namespace

std::span<const ApiRow> served_apis() { return kApis; }
std::span<const ApiRow> own_apis() { return kOwnApis; }

const ApiRow* find_api(std::int16_t key) {
    for (std::span<const ApiRow> rows : {served_apis(), own_apis()}) {
        auto found = std::ranges::find(rows, static_cast<protocol::ApiKey>(key), &ApiRow::key);
        if (found != rows.end()) {
            return &*found;
        }
    }
    return nullptr;
}

}  // namespace tideline::server
