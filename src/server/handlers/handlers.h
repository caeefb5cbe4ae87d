// server/handlers/handlers.h: one function for each API; each is in the file of its number and name.
//
// A handler gets a decoded request and gives the response of the same version; it answers per topic and partition with
// Kafka's own codes. Views in the request end with the call.
#pragma once

#include "protocol/messages/add_offsets_to_txn.h"
#include "protocol/messages/add_partitions_to_txn.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/consumer_group_describe.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_cluster.h"
#include "protocol/messages/describe_configs.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/describe_log_dirs.h"
#include "protocol/messages/describe_producers.h"
#include "protocol/messages/describe_topic_partitions.h"
#include "protocol/messages/describe_transactions.h"
#include "protocol/messages/end_txn.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/group_evidence.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/list_config_resources.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/list_transactions.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_delete.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/offset_for_leader_epoch.h"
#include "protocol/messages/produce.h"
#include "protocol/messages/sync_group.h"
#include "protocol/messages/transaction_evidence.h"
#include "protocol/messages/txn_offset_commit.h"
#include "protocol/messages/write_txn_markers.h"
#include "server/context.h"
#include "server/reply.h"

namespace tideline::server {

// Two phases: the reply's `later` waits until the records are what acks promises.
runtime::Task<Reply> handle_produce(RequestContext& context, protocol::ProduceRequest& request);
// Two phases: the answer waits in `later` until the group is ready.
runtime::Task<Reply> handle_join_group(RequestContext& context, protocol::JoinGroupRequest& request);
runtime::Task<Reply> handle_sync_group(RequestContext& context, protocol::SyncGroupRequest& request);

runtime::Task<protocol::FetchResponse> handle_fetch(RequestContext& context, protocol::FetchRequest& request);
runtime::Task<protocol::ListOffsetsResponse> handle_list_offsets(RequestContext& context, protocol::ListOffsetsRequest& request);
runtime::Task<protocol::MetadataResponse> handle_metadata(RequestContext& context, protocol::MetadataRequest& request);
runtime::Task<protocol::FindCoordinatorResponse> handle_find_coordinator(RequestContext& context,
                                                                         protocol::FindCoordinatorRequest& request);
runtime::Task<protocol::ApiVersionsResponse> handle_api_versions(RequestContext& context, protocol::ApiVersionsRequest& request);
runtime::Task<protocol::CreateTopicsResponse> handle_create_topics(RequestContext& context, protocol::CreateTopicsRequest& request);
runtime::Task<protocol::DeleteTopicsResponse> handle_delete_topics(RequestContext& context, protocol::DeleteTopicsRequest& request);
runtime::Task<protocol::DeleteRecordsResponse> handle_delete_records(RequestContext& context, protocol::DeleteRecordsRequest& request);
runtime::Task<protocol::InitProducerIdResponse> handle_init_producer_id(RequestContext& context,
                                                                        protocol::InitProducerIdRequest& request);
runtime::Task<protocol::OffsetForLeaderEpochResponse> handle_offset_for_leader_epoch(
    RequestContext& context, protocol::OffsetForLeaderEpochRequest& request);
runtime::Task<protocol::DescribeConfigsResponse> handle_describe_configs(RequestContext& context,
                                                                         protocol::DescribeConfigsRequest& request);
runtime::Task<protocol::AlterConfigsResponse> handle_alter_configs(RequestContext& context, protocol::AlterConfigsRequest& request);
runtime::Task<protocol::DescribeLogDirsResponse> handle_describe_log_dirs(RequestContext& context,
                                                                          protocol::DescribeLogDirsRequest& request);
runtime::Task<protocol::CreatePartitionsResponse> handle_create_partitions(RequestContext& context,
                                                                           protocol::CreatePartitionsRequest& request);
runtime::Task<protocol::IncrementalAlterConfigsResponse> handle_incremental_alter_configs(
    RequestContext& context, protocol::IncrementalAlterConfigsRequest& request);
runtime::Task<protocol::DescribeClusterResponse> handle_describe_cluster(RequestContext& context,
                                                                         protocol::DescribeClusterRequest& request);
runtime::Task<protocol::DescribeTopicPartitionsResponse> handle_describe_topic_partitions(
    RequestContext& context, protocol::DescribeTopicPartitionsRequest& request);

// Transactions.
runtime::Task<protocol::AddPartitionsToTxnResponse> handle_add_partitions_to_txn(RequestContext& context,
                                                                                 protocol::AddPartitionsToTxnRequest& request);
runtime::Task<protocol::AddOffsetsToTxnResponse> handle_add_offsets_to_txn(RequestContext& context,
                                                                           protocol::AddOffsetsToTxnRequest& request);
runtime::Task<protocol::EndTxnResponse> handle_end_txn(RequestContext& context, protocol::EndTxnRequest& request);
runtime::Task<protocol::DescribeTransactionsResponse> handle_describe_transactions(RequestContext& context,
                                                                                   protocol::DescribeTransactionsRequest& request);
runtime::Task<protocol::ListTransactionsResponse> handle_list_transactions(RequestContext& context,
                                                                           protocol::ListTransactionsRequest& request);
runtime::Task<protocol::WriteTxnMarkersResponse> handle_write_txn_markers(RequestContext& context,
                                                                          protocol::WriteTxnMarkersRequest& request);
runtime::Task<protocol::TxnOffsetCommitResponse> handle_txn_offset_commit(RequestContext& context,
                                                                          protocol::TxnOffsetCommitRequest& request);
runtime::Task<protocol::DescribeProducersResponse> handle_describe_producers(RequestContext& context,
                                                                             protocol::DescribeProducersRequest& request);

// Groups.
runtime::Task<protocol::OffsetCommitResponse> handle_offset_commit(RequestContext& context,
                                                                   protocol::OffsetCommitRequest& request);
runtime::Task<protocol::OffsetFetchResponse> handle_offset_fetch(RequestContext& context,
                                                                 protocol::OffsetFetchRequest& request);
runtime::Task<protocol::HeartbeatResponse> handle_heartbeat(RequestContext& context,
                                                            protocol::HeartbeatRequest& request);
runtime::Task<protocol::LeaveGroupResponse> handle_leave_group(RequestContext& context,
                                                               protocol::LeaveGroupRequest& request);
runtime::Task<protocol::DescribeGroupsResponse> handle_describe_groups(RequestContext& context,
                                                                       protocol::DescribeGroupsRequest& request);
runtime::Task<protocol::ListGroupsResponse> handle_list_groups(RequestContext& context,
                                                               protocol::ListGroupsRequest& request);
runtime::Task<protocol::DeleteGroupsResponse> handle_delete_groups(RequestContext& context,
                                                                   protocol::DeleteGroupsRequest& request);
runtime::Task<protocol::OffsetDeleteResponse> handle_offset_delete(RequestContext& context,
                                                                   protocol::OffsetDeleteRequest& request);
runtime::Task<protocol::ConsumerGroupHeartbeatResponse> handle_consumer_group_heartbeat(RequestContext& context,
                                                                                        protocol::ConsumerGroupHeartbeatRequest& request);
runtime::Task<protocol::ConsumerGroupDescribeResponse> handle_consumer_group_describe(RequestContext& context,
                                                                                      protocol::ConsumerGroupDescribeRequest& request);
runtime::Task<protocol::ListConfigResourcesResponse> handle_list_config_resources(RequestContext& context,
                                                                                  protocol::ListConfigResourcesRequest& request);

// Tideline's own, shown to its command line only.
runtime::Task<protocol::GroupEvidenceResponse> handle_group_evidence(RequestContext& context,
                                                                     protocol::GroupEvidenceRequest& request);
runtime::Task<protocol::TransactionEvidenceResponse> handle_transaction_evidence(RequestContext& context,
                                                                                 protocol::TransactionEvidenceRequest& request);

}  // namespace tideline::server
