// Broker properties: logs, compression, tiered storage and the metadata log.
// Names, types, defaults and ranges are those of Kafka 4.2; sorted by name.
#include "cluster/broker_property_row.h"

namespace tideline::cluster {

namespace {

using enum base::PropertyType;

constexpr std::string_view kOneNode = "one node has no other replicas or voters";
constexpr std::string_view kThreads = "threads follow the number of cores, see tideline.shards";
constexpr std::string_view kInternal = "Kafka's own tests use it";
constexpr std::string_view kCleaner = "compaction is not served yet: compacted topics keep every record";
constexpr std::string_view kTiered = "tiered storage is not served yet";
constexpr std::string_view kPreallocate = "a hint to the file system; segments grow as they are written";
constexpr std::string_view kSnapshots = "snapshots are written by size, and what they make superfluous goes at once";
constexpr std::string_view kCheckpoints = "all checkpoints are written together, see replica.high.watermark.checkpoint.interval.ms";
constexpr std::string_view kWithRetention = "producers expire with the retention check, see log.retention.check.interval.ms";
constexpr std::string_view kIdle = "one node can tell silence from failure by itself";

constexpr std::string_view kCompressionType[] = {"uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"};
constexpr std::string_view kLogCleanupPolicy[] = {"compact", "delete"};
constexpr std::string_view kLogMessageTimestampType[] = {"CreateTime", "LogAppendTime"};
constexpr std::string_view kDurabilities[] = {"fsync", "replicated"};

constexpr Row kRows[] = {
    // clang-format off
    Row("compression.gzip.level", int32, "-1", "Level for topics whose compression.type is gzip.").between(-1, 9).cluster_wide(),
    Row("compression.lz4.level", int32, "9", "Level for topics whose compression.type is lz4.").between(1, 17).cluster_wide(),
    Row("compression.type", string, "producer", "Codec in which topics are stored; producer keeps what the producer chose.").one_of(kCompressionType).cluster_wide(),
    Row("compression.zstd.level", int32, "3", "Level for topics whose compression.type is zstd.").between(-131072, 22).cluster_wide(),
    Row("internal.metadata.delete.delay.millis", int64, "60000", "Wait before a removed metadata segment's file goes.").accepted(kInternal),
    Row("internal.metadata.log.segment.bytes", int32, kNull, "Size of a metadata segment in tests.").accepted(kInternal),
    Row("internal.metadata.max.batch.size.in.bytes", int32, "8388608", "Most bytes of one batch of metadata records.").accepted(kInternal),
    Row("internal.metadata.max.fetch.size.in.bytes", int32, "8388608", "Most bytes of one fetch of metadata records.").accepted(kInternal),
    Row("log.cleaner.backoff.ms", int64, "15000", "Wait of a compaction thread that finds nothing to do.").at_least(0).cluster_wide().accepted(kCleaner),
    Row("log.cleaner.dedupe.buffer.size", int64, "134217728", "Memory for the keys of a compaction, for all threads together.").cluster_wide().accepted(kCleaner),
    Row("log.cleaner.delete.retention.ms", int64, "86400000", "Time for which tombstones of compacted topics stay readable.").at_least(0).cluster_wide().accepted(kCleaner),
    Row("log.cleaner.enable", boolean, "true", "Whether logs are compacted at all.").accepted(kCleaner),
    Row("log.cleaner.io.buffer.load.factor", float64, "0.9", "How full the key table of a compaction may get.").cluster_wide().accepted(kCleaner),
    Row("log.cleaner.io.buffer.size", int32, "524288", "Memory for reading and writing in compaction, for all threads together.").at_least(0).cluster_wide().accepted(kCleaner),
    Row("log.cleaner.io.max.bytes.per.second", float64, "1.7976931348623157E308", "Most bytes a second that compaction reads and writes.").cluster_wide().accepted(kCleaner),
    Row("log.cleaner.max.compaction.lag.ms", int64, "9223372036854775807", "Longest time that a record may stay uncompacted.").at_least(1).cluster_wide().accepted(kCleaner),
    Row("log.cleaner.min.cleanable.ratio", float64, "0.5", "Share of uncompacted bytes from which a log is compacted.").between(0, 1).cluster_wide().accepted(kCleaner),
    Row("log.cleaner.min.compaction.lag.ms", int64, "0", "Time for which a record stays uncompacted at least.").at_least(0).cluster_wide().accepted(kCleaner),
    Row("log.cleaner.threads", int32, "1", "Compaction threads.").at_least(0).cluster_wide().accepted(kCleaner),
    Row("log.cleanup.policy", list, "delete", "What becomes of old segments: delete, compact, both or nothing.").one_of(kLogCleanupPolicy).cluster_wide(),
    Row("log.dir", list, "/tmp/kafka-logs", "The log directory when log.dirs is not set."),
    Row("log.dir.failure.timeout.ms", int64, "30000", "Time to tell the controller of a failed log directory before the broker stops itself.").at_least(1).accepted(kOneNode),
    Row("log.dirs", list, kNull, "The directories that hold the logs."),
    Row("log.flush.interval.messages", int64, "9223372036854775807", "Records after which a log is synced.").at_least(1).cluster_wide(),
    Row("log.flush.interval.ms", int64, kNull, "Time after which a log is synced.").cluster_wide(),
    Row("log.flush.offset.checkpoint.interval.ms", int32, "60000", "Time between writes of the recovery point checkpoint.").at_least(0).accepted(kCheckpoints),
    Row("log.flush.scheduler.interval.ms", int64, "9223372036854775807", "Time between searches for logs that are to be synced; the default looks as often as log.flush.interval.ms asks."),
    Row("log.flush.start.offset.checkpoint.interval.ms", int32, "60000", "Time between writes of the log start checkpoint.").at_least(0).accepted(kCheckpoints),
    Row("log.index.interval.bytes", int32, "4096", "Bytes between two entries of an offset index.").at_least(0).cluster_wide(),
    Row("log.index.size.max.bytes", int32, "10485760", "Largest offset or time index; a full one rolls its segment.").at_least(4).cluster_wide(),
    Row("log.initial.task.delay.ms", int64, "30000", "Wait after the start before retention and checkpoints run.").at_least(0),
    Row("log.local.retention.bytes", int64, "-2", "Bytes of a tiered log that stay on the broker.").at_least(-2).cluster_wide().accepted(kTiered),
    Row("log.local.retention.ms", int64, "-2", "Time for which segments of a tiered log stay on the broker.").at_least(-2).cluster_wide().accepted(kTiered),
    Row("log.message.timestamp.after.max.ms", int64, "3600000", "How far in the future a record's timestamp may lie.").at_least(0).cluster_wide(),
    Row("log.message.timestamp.before.max.ms", int64, "9223372036854775807", "How far in the past a record's timestamp may lie.").at_least(0).cluster_wide(),
    Row("log.message.timestamp.type", string, "CreateTime", "Whose clock stamps records: the producer's or the broker's.").one_of(kLogMessageTimestampType).cluster_wide(),
    Row("log.preallocate", boolean, "false", "Whether new segments get their full size at once.").cluster_wide().accepted(kPreallocate),
    Row("log.retention.bytes", int64, "-1", "Bytes of a log beyond which its oldest segments are deleted; -1 keeps all.").cluster_wide(),
    Row("log.retention.check.interval.ms", int64, "300000", "Time between searches for segments to delete.").at_least(1),
    Row("log.retention.hours", int32, "168", "Age in hours beyond which segments are deleted; -1 keeps all."),
    Row("log.retention.minutes", int32, kNull, "Age in minutes beyond which segments are deleted; goes before the hours."),
    Row("log.retention.ms", int64, kNull, "Age in milliseconds beyond which segments are deleted; goes before minutes and hours.").cluster_wide(),
    Row("log.roll.hours", int32, "168", "Age in hours at which a segment is closed for a new one.").at_least(1),
    Row("log.roll.jitter.hours", int32, "0", "Hours by which rolls are spread at random.").at_least(0),
    Row("log.roll.jitter.ms", int64, kNull, "Milliseconds by which rolls are spread at random; goes before the hours.").cluster_wide(),
    Row("log.roll.ms", int64, kNull, "Age in milliseconds at which a segment is closed for a new one; goes before the hours.").cluster_wide(),
    Row("log.segment.bytes", int32, "1073741824", "Size at which a segment is closed for a new one.").at_least(1048576).cluster_wide(),
    Row("log.segment.delete.delay.ms", int64, "60000", "Wait before the files of a deleted segment go.").at_least(0).cluster_wide(),
    Row("message.max.bytes", int32, "1048588", "Largest batch of records that is taken, compressed.").at_least(0).cluster_wide(),
    Row("metadata.log.dir", string, kNull, "The directory of the metadata log; the first of log.dirs when not set."),
    Row("metadata.log.max.record.bytes.between.snapshots", int64, "20971520", "Bytes of metadata records after which a snapshot is written.").at_least(1),
    Row("metadata.log.max.snapshot.interval.ms", int64, "3600000", "Time after which a snapshot is written if there were changes.").at_least(0).accepted(kSnapshots),
    Row("metadata.log.segment.bytes", int32, "1073741824", "Size at which a segment of the metadata log is closed.").at_least(8388608),
    Row("metadata.log.segment.ms", int64, "604800000", "Age at which a segment of the metadata log is closed.").accepted(kSnapshots),
    Row("metadata.max.idle.interval.ms", int32, "500", "Silence of the metadata log after which a no-op record is written.").at_least(0).accepted(kIdle),
    Row("metadata.max.retention.bytes", int64, "104857600", "Bytes of metadata log and snapshots beyond which old ones are deleted.").accepted(kSnapshots),
    Row("metadata.max.retention.ms", int64, "604800000", "Age beyond which metadata log and snapshots are deleted.").accepted(kSnapshots),
    Row("min.insync.replicas", int32, "1", "In-sync replicas that a write with acks=all needs.").at_least(1).cluster_wide(),
    Row("num.partitions", int32, "1", "Partitions of a topic whose creator did not say.").at_least(1),
    Row("num.recovery.threads.per.data.dir", int32, "2", "Threads that open logs, for each directory.").at_least(1).cluster_wide().accepted(kThreads),
    Row("producer.id.expiration.check.interval.ms", int32, "600000", "Time between searches for producer ids that have expired.").at_least(1).accepted(kWithRetention),
    Row("producer.id.expiration.ms", int32, "86400000", "Silence after which a partition forgets a producer id.").at_least(1).cluster_wide(),
    Row("remote.fetch.max.wait.ms", int32, "500", "Wait for a read from remote storage.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.list.offsets.request.timeout.ms", int64, "30000", "Wait for an offset looked up in remote storage.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.log.index.file.cache.total.size.bytes", int64, "1073741824", "Disk for indexes fetched from remote storage.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.log.manager.copier.thread.pool.size", int32, "10", "Threads that copy segments to remote storage.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.log.manager.copy.max.bytes.per.second", int64, "9223372036854775807", "Most bytes a second copied to remote storage.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.log.manager.copy.quota.window.num", int32, "11", "Samples that the quota on copies to remote storage keeps.").at_least(1).accepted(kTiered),
    Row("remote.log.manager.copy.quota.window.size.seconds", int32, "1", "Span of one sample of the quota on copies to remote storage.").at_least(1).accepted(kTiered),
    Row("remote.log.manager.expiration.thread.pool.size", int32, "10", "Threads that delete expired segments from remote storage.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.log.manager.fetch.max.bytes.per.second", int64, "9223372036854775807", "Most bytes a second fetched from remote storage.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.log.manager.fetch.quota.window.num", int32, "11", "Samples that the quota on reads from remote storage keeps.").at_least(1).accepted(kTiered),
    Row("remote.log.manager.fetch.quota.window.size.seconds", int32, "1", "Span of one sample of the quota on reads from remote storage.").at_least(1).accepted(kTiered),
    Row("remote.log.manager.follower.thread.pool.size", int32, "2", "Threads that do a follower's work on tiered logs.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.log.manager.task.interval.ms", int64, "30000", "Time between rounds of copying to remote storage.").at_least(1).accepted(kTiered),
    Row("remote.log.manager.task.retry.backoff.max.ms", int64, "30000", "Longest wait before a failed round is tried again.").at_least(1).accepted(kTiered),
    Row("remote.log.manager.task.retry.backoff.ms", int64, "500", "First wait before a failed round is tried again.").at_least(1).accepted(kTiered),
    Row("remote.log.manager.task.retry.jitter", float64, "0.2", "Share of that wait that is left to chance.").between(0, 0.5).accepted(kTiered),
    Row("remote.log.manager.thread.pool.size", int32, "2", "Older setting of the threads for remote storage.").at_least(1).accepted(kTiered),
    Row("remote.log.metadata.custom.metadata.max.bytes", int32, "128", "Most bytes of a plug-in's own data for one segment.").at_least(0).accepted(kTiered),
    Row("remote.log.metadata.manager.class.name", string, "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager", "Class that keeps the metadata of remote segments.").accepted(kTiered),
    Row("remote.log.metadata.manager.class.path", string, kNull, "Where that class is loaded from.").accepted(kTiered),
    Row("remote.log.metadata.manager.impl.prefix", string, "rlmm.config.", "Prefix of the properties handed to that class.").accepted(kTiered),
    Row("remote.log.metadata.manager.listener.name", string, kNull, "Listener by which that class reaches the brokers.").accepted(kTiered),
    Row("remote.log.reader.max.pending.tasks", int32, "100", "Most reads from remote storage that may wait.").at_least(1).accepted(kTiered),
    Row("remote.log.reader.threads", int32, "10", "Threads that read from remote storage.").at_least(1).cluster_wide().accepted(kTiered),
    Row("remote.log.storage.manager.class.name", string, kNull, "Class that stores segments remotely.").accepted(kTiered),
    Row("remote.log.storage.manager.class.path", string, kNull, "Where that class is loaded from.").accepted(kTiered),
    Row("remote.log.storage.manager.impl.prefix", string, "rsm.config.", "Prefix of the properties handed to that class.").accepted(kTiered),
    Row("remote.log.storage.system.enable", boolean, "false", "Whether the broker can keep segments in remote storage.").refused(kTiered),
    Row("tideline.durability", string, "fsync", "What acks=all waits for: stable storage (fsync), or the page cache of all in-sync replicas (replicated).").one_of(kDurabilities),
    Row("tideline.open.files", int32, "1024", "Idle files of logs that are kept open.").at_least(16),
    Row("tideline.producer.state.max.entries", int32, "100000", "Idempotent producers that one partition remembers; the ones silent for longest go first.").at_least(1),
    Row("unclean.leader.election.enable", boolean, "false", "Whether a replica that is not in sync may lead rather than nobody.").cluster_wide().accepted(kOneNode),
    Row("unclean.leader.election.interval.ms", int64, "300000", "Time between searches for partitions that need such a leader.").at_least(1).accepted(kOneNode),
    // clang-format on
};

}  // namespace

std::span<const Row> log_properties() { return kRows; }

}  // namespace tideline::cluster
