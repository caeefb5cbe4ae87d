// protocol/api_key.h: the key of every API of Kafka 4.2, served here or not, so that logs can name it.
//
// Keys 4 to 7 lost all their versions with ZooKeeper; the numbers stay reserved.
// Source: org.apache.kafka.common.protocol.ApiKeys of Kafka 4.2.
#pragma once

#include <cstdint>
#include <string_view>

// X(enumerator, Name, key)
#define TL_API_KEYS(X) \
    X(produce, Produce, 0) \
    X(fetch, Fetch, 1) \
    X(list_offsets, ListOffsets, 2) \
    X(metadata, Metadata, 3) \
    X(leader_and_isr, LeaderAndIsr, 4) \
    X(stop_replica, StopReplica, 5) \
    X(update_metadata, UpdateMetadata, 6) \
    X(controlled_shutdown, ControlledShutdown, 7) \
    X(offset_commit, OffsetCommit, 8) \
    X(offset_fetch, OffsetFetch, 9) \
    X(find_coordinator, FindCoordinator, 10) \
    X(join_group, JoinGroup, 11) \
    X(heartbeat, Heartbeat, 12) \
    X(leave_group, LeaveGroup, 13) \
    X(sync_group, SyncGroup, 14) \
    X(describe_groups, DescribeGroups, 15) \
    X(list_groups, ListGroups, 16) \
    X(sasl_handshake, SaslHandshake, 17) \
    X(api_versions, ApiVersions, 18) \
    X(create_topics, CreateTopics, 19) \
    X(delete_topics, DeleteTopics, 20) \
    X(delete_records, DeleteRecords, 21) \
    X(init_producer_id, InitProducerId, 22) \
    X(offset_for_leader_epoch, OffsetForLeaderEpoch, 23) \
    X(add_partitions_to_txn, AddPartitionsToTxn, 24) \
    X(add_offsets_to_txn, AddOffsetsToTxn, 25) \
    X(end_txn, EndTxn, 26) \
    X(write_txn_markers, WriteTxnMarkers, 27) \
    X(txn_offset_commit, TxnOffsetCommit, 28) \
    X(describe_acls, DescribeAcls, 29) \
    X(create_acls, CreateAcls, 30) \
    X(delete_acls, DeleteAcls, 31) \
    X(describe_configs, DescribeConfigs, 32) \
    X(alter_configs, AlterConfigs, 33) \
    X(alter_replica_log_dirs, AlterReplicaLogDirs, 34) \
    X(describe_log_dirs, DescribeLogDirs, 35) \
    X(sasl_authenticate, SaslAuthenticate, 36) \
    X(create_partitions, CreatePartitions, 37) \
    X(create_delegation_token, CreateDelegationToken, 38) \
    X(renew_delegation_token, RenewDelegationToken, 39) \
    X(expire_delegation_token, ExpireDelegationToken, 40) \
    X(describe_delegation_token, DescribeDelegationToken, 41) \
    X(delete_groups, DeleteGroups, 42) \
    X(elect_leaders, ElectLeaders, 43) \
    X(incremental_alter_configs, IncrementalAlterConfigs, 44) \
    X(alter_partition_reassignments, AlterPartitionReassignments, 45) \
    X(list_partition_reassignments, ListPartitionReassignments, 46) \
    X(offset_delete, OffsetDelete, 47) \
    X(describe_client_quotas, DescribeClientQuotas, 48) \
    X(alter_client_quotas, AlterClientQuotas, 49) \
    X(describe_user_scram_credentials, DescribeUserScramCredentials, 50) \
    X(alter_user_scram_credentials, AlterUserScramCredentials, 51) \
    X(vote, Vote, 52) \
    X(begin_quorum_epoch, BeginQuorumEpoch, 53) \
    X(end_quorum_epoch, EndQuorumEpoch, 54) \
    X(describe_quorum, DescribeQuorum, 55) \
    X(alter_partition, AlterPartition, 56) \
    X(update_features, UpdateFeatures, 57) \
    X(envelope, Envelope, 58) \
    X(fetch_snapshot, FetchSnapshot, 59) \
    X(describe_cluster, DescribeCluster, 60) \
    X(describe_producers, DescribeProducers, 61) \
    X(broker_registration, BrokerRegistration, 62) \
    X(broker_heartbeat, BrokerHeartbeat, 63) \
    X(unregister_broker, UnregisterBroker, 64) \
    X(describe_transactions, DescribeTransactions, 65) \
    X(list_transactions, ListTransactions, 66) \
    X(allocate_producer_ids, AllocateProducerIds, 67) \
    X(consumer_group_heartbeat, ConsumerGroupHeartbeat, 68) \
    X(consumer_group_describe, ConsumerGroupDescribe, 69) \
    X(controller_registration, ControllerRegistration, 70) \
    X(get_telemetry_subscriptions, GetTelemetrySubscriptions, 71) \
    X(push_telemetry, PushTelemetry, 72) \
    X(assign_replicas_to_dirs, AssignReplicasToDirs, 73) \
    X(list_config_resources, ListConfigResources, 74) \
    X(describe_topic_partitions, DescribeTopicPartitions, 75) \
    X(share_group_heartbeat, ShareGroupHeartbeat, 76) \
    X(share_group_describe, ShareGroupDescribe, 77) \
    X(share_fetch, ShareFetch, 78) \
    X(share_acknowledge, ShareAcknowledge, 79) \
    X(add_raft_voter, AddRaftVoter, 80) \
    X(remove_raft_voter, RemoveRaftVoter, 81) \
    X(update_raft_voter, UpdateRaftVoter, 82) \
    X(initialize_share_group_state, InitializeShareGroupState, 83) \
    X(read_share_group_state, ReadShareGroupState, 84) \
    X(write_share_group_state, WriteShareGroupState, 85) \
    X(delete_share_group_state, DeleteShareGroupState, 86) \
    X(read_share_group_state_summary, ReadShareGroupStateSummary, 87) \
    X(streams_group_heartbeat, StreamsGroupHeartbeat, 88) \
    X(streams_group_describe, StreamsGroupDescribe, 89) \
    X(describe_share_group_offsets, DescribeShareGroupOffsets, 90) \
    X(alter_share_group_offsets, AlterShareGroupOffsets, 91) \
    X(delete_share_group_offsets, DeleteShareGroupOffsets, 92)

namespace tideline::protocol {

enum class ApiKey : std::int16_t {
#define TL_ENUMERATOR(enumerator, name, key) enumerator = key,
    TL_API_KEYS(TL_ENUMERATOR)
#undef TL_ENUMERATOR
};

// "Produce"; "unknown" for a number that no row has.
std::string_view name_of(ApiKey key);

}  // namespace tideline::protocol
