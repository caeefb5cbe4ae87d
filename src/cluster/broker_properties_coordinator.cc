// Broker properties: groups, offsets, transactions and share state.
// Names, types, defaults and ranges are those of Kafka 4.2; sorted by name.
#include "cluster/broker_property_row.h"

namespace tideline::cluster {

namespace {

using enum base::PropertyType;

constexpr std::string_view kThreads = "threads follow the number of cores, see tideline.shards";
constexpr std::string_view kPurgatory = "a request that ends leaves nothing behind to clean up";
constexpr std::string_view kShareGroups = "share groups are not served yet";
constexpr std::string_view kStreamsGroups = "streams groups are not served yet";
constexpr std::string_view kLinger = "a coordinator writes at once; what comes while the disk is busy shares the next flush";
constexpr std::string_view kLoading = "coordinators load in small steps, so that others are served meanwhile";
constexpr std::string_view kUncompressed = "coordinators write small records, which are not compressed";
constexpr std::string_view kTwoPhase = "no release of Kafka serves it yet";

constexpr std::string_view kGroupCoordinatorRebalanceProtocols[] = {"consumer", "classic", "share", "streams"};

constexpr Row kRows[] = {
    // clang-format off
    Row("add.partitions.to.txn.retry.backoff.max.ms", int32, "100", "Longest wait before a partition is again added to a transaction that is still busy.").at_least(0),
    Row("add.partitions.to.txn.retry.backoff.ms", int32, "20", "First wait before a partition is again added to a transaction that is still busy.").at_least(1),
    Row("group.consumer.assignors", list, "uniform,range", "Server-side assignors of consumer groups, the default first."),
    Row("group.consumer.heartbeat.interval.ms", int32, "5000", "Time between heartbeats of a consumer group's member.").at_least(1),
    Row("group.consumer.max.heartbeat.interval.ms", int32, "15000", "Longest heartbeat interval that a consumer group may set.").at_least(1),
    Row("group.consumer.max.session.timeout.ms", int32, "60000", "Longest session timeout that a consumer group may set.").at_least(1),
    Row("group.consumer.max.size", int32, "2147483647", "Most members of a consumer group.").at_least(1),
    Row("group.consumer.migration.policy", string, "bidirectional", "Which way groups may move between the classic and the consumer protocol."),
    Row("group.consumer.min.heartbeat.interval.ms", int32, "5000", "Shortest heartbeat interval that a consumer group may set.").at_least(1),
    Row("group.consumer.min.session.timeout.ms", int32, "45000", "Shortest session timeout that a consumer group may set.").at_least(1),
    Row("group.consumer.regex.refresh.interval.ms", int32, "600000", "Time between evaluations of subscriptions by pattern.").at_least(10000),
    Row("group.consumer.session.timeout.ms", int32, "45000", "Silence after which a consumer group's member is taken out.").at_least(1),
    Row("group.coordinator.append.linger.ms", int32, "-1", "Wait for more records before a coordinator writes; -1 adapts.").at_least(-1).accepted(kLinger),
    Row("group.coordinator.rebalance.protocols", list, "classic,consumer,streams", "Group protocols that are switched on.").one_of(kGroupCoordinatorRebalanceProtocols),
    Row("group.coordinator.threads", int32, "4", "Threads of the group coordinator.").at_least(1).accepted(kThreads),
    Row("group.initial.rebalance.delay.ms", int32, "3000", "Wait for more members before a new classic group's first rebalance."),
    Row("group.max.session.timeout.ms", int32, "1800000", "Longest session timeout that a classic member may ask for."),
    Row("group.max.size", int32, "2147483647", "Most members of a classic group.").at_least(1),
    Row("group.min.session.timeout.ms", int32, "6000", "Shortest session timeout that a classic member may ask for."),
    Row("group.share.assignors", list, "simple", "Server-side assignors of share groups.").accepted(kShareGroups),
    Row("group.share.delivery.count.limit", int32, "5", "Deliveries after which a record of a share group counts as undeliverable.").between(2, 10).accepted(kShareGroups),
    Row("group.share.enable", boolean, "false", "Switch for share groups from before they had a feature level.").accepted(kShareGroups),
    Row("group.share.heartbeat.interval.ms", int32, "5000", "Time between heartbeats of a share group's member.").at_least(1).accepted(kShareGroups),
    Row("group.share.initialize.retry.interval.ms", int32, "30000", "Wait before a share partition's state is set up again.").at_least(1).accepted(kShareGroups),
    Row("group.share.max.heartbeat.interval.ms", int32, "15000", "Longest heartbeat interval that a share group may set.").at_least(1).accepted(kShareGroups),
    Row("group.share.max.record.lock.duration.ms", int32, "60000", "Longest lock on a record that a share group may set.").between(30000, 3600000).accepted(kShareGroups),
    Row("group.share.max.session.timeout.ms", int32, "60000", "Longest session timeout that a share group may set.").at_least(1).accepted(kShareGroups),
    Row("group.share.max.share.sessions", int32, "2000", "Most share sessions of a broker.").at_least(1).accepted(kShareGroups),
    Row("group.share.max.size", int32, "200", "Most members of a share group.").between(1, 1000).accepted(kShareGroups),
    Row("group.share.min.heartbeat.interval.ms", int32, "5000", "Shortest heartbeat interval that a share group may set.").at_least(1).accepted(kShareGroups),
    Row("group.share.min.record.lock.duration.ms", int32, "15000", "Shortest lock on a record that a share group may set.").between(1000, 30000).accepted(kShareGroups),
    Row("group.share.min.session.timeout.ms", int32, "45000", "Shortest session timeout that a share group may set.").at_least(1).accepted(kShareGroups),
    Row("group.share.partition.max.record.locks", int32, "2000", "Most records of a share partition that may be locked at once.").between(100, 10000).accepted(kShareGroups),
    Row("group.share.persister.class.name", string, "org.apache.kafka.server.share.persister.DefaultStatePersister", "Class that stores the state of share partitions.").accepted(kShareGroups),
    Row("group.share.record.lock.duration.ms", int32, "30000", "Time for which a delivered record is locked.").between(1000, 3600000).accepted(kShareGroups),
    Row("group.share.session.timeout.ms", int32, "45000", "Silence after which a share group's member is taken out.").at_least(1).accepted(kShareGroups),
    Row("group.streams.heartbeat.interval.ms", int32, "5000", "Time between heartbeats of a streams group's member.").at_least(1).accepted(kStreamsGroups),
    Row("group.streams.initial.rebalance.delay.ms", int32, "3000", "Wait for more members before a new streams group's first assignment.").at_least(0).accepted(kStreamsGroups),
    Row("group.streams.max.heartbeat.interval.ms", int32, "15000", "Longest heartbeat interval that a streams group may set.").at_least(1).accepted(kStreamsGroups),
    Row("group.streams.max.session.timeout.ms", int32, "60000", "Longest session timeout that a streams group may set.").at_least(1).accepted(kStreamsGroups),
    Row("group.streams.max.size", int32, "2147483647", "Most members of a streams group.").at_least(1).accepted(kStreamsGroups),
    Row("group.streams.max.standby.replicas", int32, "2", "Most standby replicas that a streams group may set.").at_least(0).accepted(kStreamsGroups),
    Row("group.streams.min.heartbeat.interval.ms", int32, "5000", "Shortest heartbeat interval that a streams group may set.").at_least(1).accepted(kStreamsGroups),
    Row("group.streams.min.session.timeout.ms", int32, "45000", "Shortest session timeout that a streams group may set.").at_least(1).accepted(kStreamsGroups),
    Row("group.streams.num.standby.replicas", int32, "0", "Standby replicas of each task of a streams group.").at_least(0).accepted(kStreamsGroups),
    Row("group.streams.session.timeout.ms", int32, "45000", "Silence after which a streams group's member is taken out.").at_least(1).accepted(kStreamsGroups),
    Row("offset.metadata.max.bytes", int32, "4096", "Largest text that a client may commit with an offset."),
    Row("offsets.commit.timeout.ms", int32, "5000", "Time within which a commit of offsets must be replicated.").at_least(1),
    Row("offsets.load.buffer.size", int32, "5242880", "Bytes read at a time when offsets are loaded.").at_least(1).accepted(kLoading),
    Row("offsets.retention.check.interval.ms", int64, "600000", "Time between searches for expired offsets.").at_least(1),
    Row("offsets.retention.minutes", int32, "10080", "Time for which offsets of an empty group are kept.").at_least(1),
    Row("offsets.topic.compression.codec", int32, "0", "Codec of the offsets topic, by its number.").accepted(kUncompressed),
    Row("offsets.topic.num.partitions", int32, "50", "Partitions of __consumer_offsets when it is created.").at_least(1),
    Row("offsets.topic.replication.factor", int16, "3", "Replicas of __consumer_offsets when it is created.").at_least(1),
    Row("offsets.topic.segment.bytes", int32, "104857600", "Segment size of __consumer_offsets.").at_least(1),
    Row("share.coordinator.append.linger.ms", int32, "-1", "Wait for more records before the share coordinator writes; -1 adapts.").at_least(-1).accepted(kShareGroups),
    Row("share.coordinator.cold.partition.snapshot.interval.ms", int32, "300000", "Time between snapshots of share partitions without traffic.").at_least(1).accepted(kShareGroups),
    Row("share.coordinator.load.buffer.size", int32, "5242880", "Bytes read at a time when share state is loaded.").at_least(1).accepted(kShareGroups),
    Row("share.coordinator.snapshot.update.records.per.snapshot", int32, "500", "Updates of a share partition between two snapshots.").at_least(0).accepted(kShareGroups),
    Row("share.coordinator.state.topic.compression.codec", int32, "0", "Codec of the share state topic, by its number.").accepted(kShareGroups),
    Row("share.coordinator.state.topic.min.isr", int16, "2", "min.insync.replicas of __share_group_state.").at_least(1),
    Row("share.coordinator.state.topic.num.partitions", int32, "50", "Partitions of __share_group_state when it is created.").at_least(1),
    Row("share.coordinator.state.topic.prune.interval.ms", int32, "300000", "Time between deletions of old share state.").at_least(1).accepted(kShareGroups),
    Row("share.coordinator.state.topic.replication.factor", int16, "3", "Replicas of __share_group_state when it is created.").at_least(1),
    Row("share.coordinator.state.topic.segment.bytes", int32, "104857600", "Segment size of __share_group_state.").at_least(1),
    Row("share.coordinator.threads", int32, "1", "Threads of the share coordinator.").at_least(1).accepted(kThreads),
    Row("share.coordinator.write.timeout.ms", int32, "5000", "Time within which share state must be replicated.").at_least(1).accepted(kShareGroups),
    Row("share.fetch.purgatory.purge.interval.requests", int32, "1000", "Finished share fetches between clean-ups of those that wait.").accepted(kPurgatory),
    Row("tideline.group.member.memory.bytes", int64, "268435456", "Memory for what members of classic groups say of themselves and are assigned, all groups together; past it, nobody new joins.").at_least(1048576),
    Row("transaction.abort.timed.out.transaction.cleanup.interval.ms", int32, "10000", "Time between searches for transactions that took too long.").at_least(1),
    Row("transaction.max.timeout.ms", int32, "900000", "Longest transaction timeout that a producer may ask for.").at_least(1),
    Row("transaction.partition.verification.enable", boolean, "true", "Whether a write checks that its partition is in the transaction.").cluster_wide(),
    Row("transaction.remove.expired.transaction.cleanup.interval.ms", int32, "3600000", "Time between searches for expired transactional ids.").at_least(1),
    Row("transaction.state.log.load.buffer.size", int32, "5242880", "Bytes read at a time when transactions are loaded.").at_least(1).accepted(kLoading),
    Row("transaction.state.log.min.isr", int32, "2", "min.insync.replicas of __transaction_state.").at_least(1),
    Row("transaction.state.log.num.partitions", int32, "50", "Partitions of __transaction_state when it is created.").at_least(1),
    Row("transaction.state.log.replication.factor", int16, "3", "Replicas of __transaction_state when it is created.").at_least(1),
    Row("transaction.state.log.segment.bytes", int32, "104857600", "Segment size of __transaction_state.").at_least(1),
    Row("transaction.two.phase.commit.enable", boolean, "false", "Whether producers may leave a transaction prepared.").refused(kTwoPhase),
    Row("transactional.id.expiration.ms", int32, "604800000", "Silence after which a transactional id is forgotten.").at_least(1),
    // clang-format on
};

}  // namespace

std::span<const Row> coordinator_properties() { return kRows; }

}  // namespace tideline::cluster
