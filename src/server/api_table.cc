#include "server/api_table.h"

#include <array>

#include "server/handlers/handlers.h"

namespace tideline::server {

using runtime::Task;

namespace {

// The reason is the same for every API, and its decoder has checked the bytes already.
constexpr std::string_view kMalformed = "request could not be decoded";

template <class Request, auto handle>
Task<Reply> decode_and_handle(RequestContext& context, protocol::Reader& body) {
    auto request = Request::decode(body, context.version());
    if (!request) {
        co_return close_connection(kMalformed);
    }
    auto response = co_await handle(context, *request);
    co_return Reply{encode_response(context.header, response), std::nullopt};
}

Task<Reply> decode_and_produce(RequestContext& context, protocol::Reader& body) {
    auto request = protocol::ProduceRequest::decode(body, context.version());
    if (!request) {
        co_return close_connection(kMalformed);
    }
    co_return co_await handle_produce(context, *request);
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

using namespace protocol;

constexpr std::array kApis{
    ApiRow{.key = ProduceRequest::kApiKey,
           .name = "Produce",
           .min_version = ProduceRequest::kMinVersion,
           .max_version = ProduceRequest::kMaxVersion,
           .handle = decode_and_produce,
           .advertised_min_version = 0},
    row<FetchRequest, handle_fetch>("Fetch"),
    row<ListOffsetsRequest, handle_list_offsets>("ListOffsets"),
    row<MetadataRequest, handle_metadata>("Metadata"),
    row<FindCoordinatorRequest, handle_find_coordinator>("FindCoordinator"),
    row<ApiVersionsRequest, handle_api_versions>("ApiVersions"),
    row<CreateTopicsRequest, handle_create_topics>("CreateTopics"),
    row<DeleteTopicsRequest, handle_delete_topics>("DeleteTopics"),
    row<DeleteRecordsRequest, handle_delete_records>("DeleteRecords"),
    row<InitProducerIdRequest, handle_init_producer_id>("InitProducerId"),
    row<OffsetForLeaderEpochRequest, handle_offset_for_leader_epoch>("OffsetForLeaderEpoch"),
    row<DescribeConfigsRequest, handle_describe_configs>("DescribeConfigs"),
    row<AlterConfigsRequest, handle_alter_configs>("AlterConfigs"),
    row<DescribeLogDirsRequest, handle_describe_log_dirs>("DescribeLogDirs"),
    row<CreatePartitionsRequest, handle_create_partitions>("CreatePartitions"),
    row<IncrementalAlterConfigsRequest, handle_incremental_alter_configs>("IncrementalAlterConfigs"),
    row<DescribeClusterRequest, handle_describe_cluster>("DescribeCluster"),
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
