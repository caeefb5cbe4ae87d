#include "server/api_table.h"

#include <array>

#include "server/handlers/handlers.h"

namespace tideline::server {

using runtime::Task;

namespace {

// The reason is the same for every API, and its decoder has checked the bytes already.
constexpr std::string_view kMalformed = "request could not be decoded";

template <class Request>
Task<base::Result<Request>> decode(RequestContext& context, protocol::Reader& body) {
    base::ByteView bytes = body.rest();
    auto request = Request::decode(body, context.version());
    if (request || request.error().code != ErrorCode::invalid_request) {
        co_return request;
    }
    // More than is free. How much, only decoding can tell: all that it may be is taken first.
    bool has_memory = co_await context.memory.take(kDecodedBytesMax);
    if (!has_memory) {
        co_return request;
    }
    protocol::Reader again(bytes, kDecodedBytesMax);
    request = Request::decode(again, context.version());
    context.memory.keep(kDecodedBytesMax - again.budget_left());
    co_return request;
}

template <class Request, auto handle>
Task<Reply> decode_and_handle(RequestContext& context, protocol::Reader& body) {
    auto request = co_await decode<Request>(context, body);
    if (!request) {
        co_return close_connection(kMalformed);
    }
    auto response = co_await handle(context, *request);
    co_return Reply{encode_response(context.header, response), std::nullopt};
}

// For a handler of two phases, which makes its Reply itself.
template <class Request, auto begin>
Task<Reply> decode_and_begin(RequestContext& context, protocol::Reader& body) {
    auto request = co_await decode<Request>(context, body);
    if (!request) {
        co_return close_connection(kMalformed);
    }
    co_return co_await begin(context, *request);
}

template <class Request, auto handle>
constexpr ApiRow row(std::string_view name) {
    return {.key = Request::kApiKey,
            .name = name,
            .min_version = Request::kMinVersion,
            .max_version = Request::kMaxVersion,
            .handle = decode_and_handle<Request, handle>,
            .advertised_min_version = Request::kMinVersion};
}

template <class Request, auto begin>
constexpr ApiRow two_phase_row(std::string_view name, std::int16_t advertised_min_version = Request::kMinVersion) {
    return {.key = Request::kApiKey,
            .name = name,
            .min_version = Request::kMinVersion,
            .max_version = Request::kMaxVersion,
            .handle = decode_and_begin<Request, begin>,
            .advertised_min_version = advertised_min_version};
}

using namespace protocol;

constexpr std::array kApis{
    two_phase_row<ProduceRequest, handle_produce>("Produce", 0),
    row<FetchRequest, handle_fetch>("Fetch"),
    row<ListOffsetsRequest, handle_list_offsets>("ListOffsets"),
    row<MetadataRequest, handle_metadata>("Metadata"),
    row<OffsetCommitRequest, handle_offset_commit>("OffsetCommit"),
    row<OffsetFetchRequest, handle_offset_fetch>("OffsetFetch"),
    row<FindCoordinatorRequest, handle_find_coordinator>("FindCoordinator"),
    two_phase_row<JoinGroupRequest, handle_join_group>("JoinGroup"),
    row<HeartbeatRequest, handle_heartbeat>("Heartbeat"),
    row<LeaveGroupRequest, handle_leave_group>("LeaveGroup"),
    two_phase_row<SyncGroupRequest, handle_sync_group>("SyncGroup"),
    row<DescribeGroupsRequest, handle_describe_groups>("DescribeGroups"),
    row<ListGroupsRequest, handle_list_groups>("ListGroups"),
    row<ApiVersionsRequest, handle_api_versions>("ApiVersions"),
    row<CreateTopicsRequest, handle_create_topics>("CreateTopics"),
    row<DeleteTopicsRequest, handle_delete_topics>("DeleteTopics"),
    row<DeleteRecordsRequest, handle_delete_records>("DeleteRecords"),
    row<InitProducerIdRequest, handle_init_producer_id>("InitProducerId"),
    row<OffsetForLeaderEpochRequest, handle_offset_for_leader_epoch>("OffsetForLeaderEpoch"),
    row<AddPartitionsToTxnRequest, handle_add_partitions_to_txn>("AddPartitionsToTxn"),
    row<AddOffsetsToTxnRequest, handle_add_offsets_to_txn>("AddOffsetsToTxn"),
    row<EndTxnRequest, handle_end_txn>("EndTxn"),
    row<WriteTxnMarkersRequest, handle_write_txn_markers>("WriteTxnMarkers"),
    row<TxnOffsetCommitRequest, handle_txn_offset_commit>("TxnOffsetCommit"),
    row<DescribeConfigsRequest, handle_describe_configs>("DescribeConfigs"),
    row<AlterConfigsRequest, handle_alter_configs>("AlterConfigs"),
    row<DescribeLogDirsRequest, handle_describe_log_dirs>("DescribeLogDirs"),
    row<CreatePartitionsRequest, handle_create_partitions>("CreatePartitions"),
    row<DeleteGroupsRequest, handle_delete_groups>("DeleteGroups"),
    row<IncrementalAlterConfigsRequest, handle_incremental_alter_configs>("IncrementalAlterConfigs"),
    row<OffsetDeleteRequest, handle_offset_delete>("OffsetDelete"),
    row<DescribeClusterRequest, handle_describe_cluster>("DescribeCluster"),
    row<DescribeProducersRequest, handle_describe_producers>("DescribeProducers"),
    row<DescribeTransactionsRequest, handle_describe_transactions>("DescribeTransactions"),
    row<ListTransactionsRequest, handle_list_transactions>("ListTransactions"),
    row<ConsumerGroupHeartbeatRequest, handle_consumer_group_heartbeat>("ConsumerGroupHeartbeat"),
    row<ConsumerGroupDescribeRequest, handle_consumer_group_describe>("ConsumerGroupDescribe"),
    row<ListConfigResourcesRequest, handle_list_config_resources>("ListConfigResources"),
    row<DescribeTopicPartitionsRequest, handle_describe_topic_partitions>("DescribeTopicPartitions"),
};

}  // namespace

std::span<const ApiRow> served_apis() { return kApis; }

const ApiRow* find_api(std::int16_t key) {
    for (const ApiRow& each : kApis) {
        if (static_cast<std::int16_t>(each.key) == key) {
            return &each;
        }
    }
    return nullptr;
}

}  // namespace tideline::server
