// Broker properties: server, network, quorum and replication.
// Names, types, defaults and ranges are those of Kafka 4.2; sorted by name.
#include "cluster/broker_property_row.h"

namespace tideline::cluster {

namespace {

using enum base::PropertyType;

constexpr std::string_view kOneNode = "one node has no other replicas or voters";
constexpr std::string_view kJava = "a Java class cannot be loaded here";
constexpr std::string_view kThreads = "threads follow the number of cores, see tideline.shards";
constexpr std::string_view kQuorumOfOne = "a quorum of one needs no votes, fetches or heartbeats";
constexpr std::string_view kQuotas = "client quotas are not served yet";
constexpr std::string_view kPurgatory = "a request that ends leaves nothing behind to clean up";
constexpr std::string_view kEarly = "every listener opens when the broker is ready";
constexpr std::string_view kMetrics = "metrics are not reported through Java classes";
constexpr std::string_view kRate = "new connections are bounded by max.connections only";
constexpr std::string_view kQueue = "requests in flight are bounded by tideline.request.memory.bytes";
constexpr std::string_view kSockets = "the operating system sizes its buffers by itself";
constexpr std::string_view kTelemetry = "client metrics are not collected yet";
constexpr std::string_view kUnstable = "only stable versions are served";

constexpr std::string_view kProcessRoles[] = {"broker", "controller"};
constexpr std::string_view kSecurityInterBrokerProtocol[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};

constexpr Row kRows[] = {
    // clang-format off
    Row("advertised.listeners", list, kNull, "Addresses that clients are told, one for each listener that is not what they can reach."),
    Row("alter.config.policy.class.name", klass, kNull, "Class that judges configuration changes.").refused(kJava),
    Row("alter.log.dirs.replication.quota.window.num", int32, "11", "Samples that the quota on moves between log directories keeps.").at_least(1).accepted(kOneNode),
    Row("alter.log.dirs.replication.quota.window.size.seconds", int32, "1", "Span of one sample of the quota on moves between log directories.").at_least(1).accepted(kOneNode),
    Row("auto.create.topics.enable", boolean, "true", "Whether a client that asks for a topic that is not there gets it created."),
    Row("auto.leader.rebalance.enable", boolean, "true", "Whether leadership moves back to preferred replicas by itself.").accepted(kOneNode),
    Row("background.threads", int32, "10", "Threads for work in the background.").at_least(1).cluster_wide().accepted(kThreads),
    Row("broker.heartbeat.interval.ms", int32, "2000", "Time between a broker's heartbeats to the controller.").accepted(kQuorumOfOne),
    Row("broker.id", int32, "-1", "Older name of node.id; must equal it when both are set."),
    Row("broker.rack", string, kNull, "Where the broker stands, as clients and replica placement are told."),
    Row("broker.session.timeout.ms", int32, "9000", "Silence after which the controller fences a broker.").accepted(kQuorumOfOne),
    Row("client.quota.callback.class", klass, kNull, "Class that decides which quota applies to a client.").refused(kJava),
    Row("config.providers", list, "", "Names of classes that supply values from outside the file.").cluster_wide().refused(kJava),
    Row("connections.max.idle.ms", int64, "600000", "Time without traffic after which a connection is closed."),
    Row("controlled.shutdown.enable", boolean, "true", "Whether a stopping broker first hands over its leaderships.").accepted(kOneNode),
    Row("controller.listener.names", list, "CONTROLLER", "Listeners of the controller; must be among listeners."),
    Row("controller.performance.always.log.threshold.ms", int64, "2000", "Duration from which every slow controller event is logged.").at_least(0).accepted(kQuorumOfOne),
    Row("controller.performance.sample.period.ms", int64, "60000", "Time between logged summaries of the controller's speed.").at_least(100).accepted(kQuorumOfOne),
    Row("controller.quorum.append.linger.ms", int32, "25", "Wait for more records before the metadata log is written; Tideline writes at once.").at_least(0).accepted(kQuorumOfOne),
    Row("controller.quorum.auto.join.enable", boolean, "false", "Whether a new controller adds itself to the voters.").refused(kOneNode),
    Row("controller.quorum.bootstrap.servers", list, "", "Controllers to find the quorum by; with one node, itself."),
    Row("controller.quorum.election.backoff.max.ms", int32, "1000", "Longest wait after an election that nobody won.").at_least(0).accepted(kQuorumOfOne),
    Row("controller.quorum.election.timeout.ms", int32, "1000", "Wait for votes before another election starts.").at_least(0).accepted(kQuorumOfOne),
    Row("controller.quorum.fetch.timeout.ms", int32, "2000", "Silence of the leader after which a voter becomes a candidate.").at_least(0).accepted(kQuorumOfOne),
    Row("controller.quorum.request.timeout.ms", int32, "2000", "Wait for an answer of another controller.").at_least(0).accepted(kQuorumOfOne),
    Row("controller.quorum.retry.backoff.ms", int32, "20", "Wait before a failed request to a controller is sent again.").at_least(0).accepted(kQuorumOfOne),
    Row("controller.quorum.voters", list, "", "The static voters as id@host:port; with one node, itself or nothing."),
    Row("controller.quota.window.num", int32, "11", "Samples that the quota on controller changes keeps.").at_least(1).accepted(kQuotas),
    Row("controller.quota.window.size.seconds", int32, "1", "Span of one sample of the quota on controller changes.").at_least(1).accepted(kQuotas),
    Row("controller.socket.timeout.ms", int32, "30000", "Socket timeout between controller and brokers.").accepted(kQuorumOfOne),
    Row("create.topic.policy.class.name", klass, kNull, "Class that judges new topics.").refused(kJava),
    Row("default.replication.factor", int32, "1", "Replicas of a topic whose creator did not say."),
    Row("delete.records.purgatory.purge.interval.requests", int32, "1", "Finished DeleteRecords requests between clean-ups of those that wait.").accepted(kPurgatory),
    Row("delete.topic.enable", boolean, "true", "Whether topics may be deleted."),
    Row("early.start.listeners", list, kNull, "Listeners that open before the broker is ready.").accepted(kEarly),
    Row("fetch.max.bytes", int32, "57671680", "Most record bytes in one answer to a fetch.").at_least(1024),
    Row("fetch.purgatory.purge.interval.requests", int32, "1000", "Finished fetches between clean-ups of those that wait.").accepted(kPurgatory),
    Row("initial.broker.registration.timeout.ms", int32, "60000", "Time a broker has to register before it gives up.").accepted(kQuorumOfOne),
    Row("inter.broker.listener.name", string, kNull, "The listener that brokers use among themselves."),
    Row("kafka.metrics.polling.interval.secs", int32, "10", "Time between polls of metrics reporters.").at_least(1).accepted(kMetrics),
    Row("kafka.metrics.reporters", list, "", "Classes that report metrics.").accepted(kMetrics),
    Row("leader.imbalance.check.interval.seconds", int64, "300", "Time between checks whether leaders are the preferred ones.").at_least(1).accepted(kOneNode),
    Row("listener.security.protocol.map", string, "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", "Security protocol of each listener name.").per_broker(),
    Row("listeners", list, "PLAINTEXT://:9092", "Addresses on which the broker listens, as NAME://host:port.").per_broker(),
    Row("max.connection.creation.rate", int32, "2147483647", "Most new connections a second.").at_least(0).cluster_wide().accepted(kRate),
    Row("max.connections", int32, "2147483647", "Most connections of the broker at one time.").at_least(0).cluster_wide(),
    Row("max.connections.per.ip", int32, "2147483647", "Most connections from one address at one time.").at_least(0).cluster_wide(),
    Row("max.connections.per.ip.overrides", string, "", "Other limits for single addresses, as host:count.").cluster_wide(),
    Row("max.incremental.fetch.session.cache.slots", int32, "1000", "Most fetch sessions that are kept.").at_least(0),
    Row("max.request.partition.size.limit", int32, "2000", "Most partitions in one answer to DescribeTopicPartitions.").at_least(1),
    Row("metric.reporters", list, "org.apache.kafka.common.metrics.JmxReporter", "Classes that report metrics.").cluster_wide().accepted(kMetrics),
    Row("metrics.num.samples", int32, "2", "Samples that a metric keeps.").at_least(1).accepted(kMetrics),
    Row("metrics.recording.level", string, "INFO", "How detailed the recorded metrics are.").accepted(kMetrics),
    Row("metrics.sample.window.ms", int64, "30000", "Span of one sample of a metric.").at_least(1).accepted(kMetrics),
    Row("node.id", int32, "1", "The id of this node in the cluster.").at_least(0),
    Row("num.io.threads", int32, "8", "Threads that handle requests.").at_least(1).cluster_wide().accepted(kThreads),
    Row("num.network.threads", int32, "3", "Threads that read and write sockets.").at_least(1).cluster_wide().accepted(kThreads),
    Row("num.replica.alter.log.dirs.threads", int32, kNull, "Threads that move replicas between log directories.").accepted(kOneNode),
    Row("num.replica.fetchers", int32, "1", "Threads that fetch from each leader.").at_least(1).cluster_wide().accepted(kOneNode),
    Row("process.roles", list, "broker,controller", "Roles of this process; Tideline is broker and controller in one.").one_of(kProcessRoles),
    Row("producer.purgatory.purge.interval.requests", int32, "1000", "Finished produce requests between clean-ups of those that wait.").accepted(kPurgatory),
    Row("queued.max.request.bytes", int64, "-1", "Bytes of waiting requests beyond which sockets are not read.").accepted(kQueue),
    Row("queued.max.requests", int32, "500", "Waiting requests beyond which sockets are not read.").at_least(1).accepted(kQueue),
    Row("quota.window.num", int32, "11", "Samples that client quotas keep.").at_least(1).accepted(kQuotas),
    Row("quota.window.size.seconds", int32, "1", "Span of one sample of a client quota.").at_least(1).accepted(kQuotas),
    Row("replica.fetch.backoff.ms", int32, "1000", "Wait after a failed fetch from a leader.").at_least(0).accepted(kOneNode),
    Row("replica.fetch.max.bytes", int32, "1048576", "Bytes of one partition in a fetch from a leader.").at_least(0).accepted(kOneNode),
    Row("replica.fetch.min.bytes", int32, "1", "Bytes that a leader waits for before it answers a follower.").accepted(kOneNode),
    Row("replica.fetch.response.max.bytes", int32, "10485760", "Bytes of a whole answer to a follower.").at_least(0).accepted(kOneNode),
    Row("replica.fetch.wait.max.ms", int32, "500", "Time that a leader waits before it answers a follower.").accepted(kOneNode),
    Row("replica.high.watermark.checkpoint.interval.ms", int64, "5000", "Time between writes of the high watermark checkpoint."),
    Row("replica.lag.time.max.ms", int64, "30000", "Time behind the leader after which a follower is out of sync.").accepted(kOneNode),
    Row("replica.selector.class", string, kNull, "Class that picks the replica a consumer reads from.").refused(kJava),
    Row("replica.socket.receive.buffer.bytes", int32, "65536", "Receive buffer of connections to leaders.").accepted(kOneNode),
    Row("replica.socket.timeout.ms", int32, "30000", "Socket timeout of connections to leaders.").accepted(kOneNode),
    Row("replication.quota.window.num", int32, "11", "Samples that the replication quota keeps.").at_least(1).accepted(kOneNode),
    Row("replication.quota.window.size.seconds", int32, "1", "Span of one sample of the replication quota.").at_least(1).accepted(kOneNode),
    Row("request.timeout.ms", int32, "30000", "Wait for an answer of another broker; longest wait of a transaction marker for the disk."),
    Row("security.inter.broker.protocol", string, "PLAINTEXT", "Security protocol between brokers when inter.broker.listener.name is not set.").one_of(kSecurityInterBrokerProtocol),
    Row("server.max.startup.time.ms", int64, "9223372036854775807", "Time that a start may take.").at_least(0).accepted(kQuorumOfOne),
    Row("socket.connection.setup.timeout.max.ms", int64, "30000", "Longest wait for a connection to another node.").accepted(kOneNode),
    Row("socket.connection.setup.timeout.ms", int64, "10000", "First wait for a connection to another node.").accepted(kOneNode),
    Row("socket.listen.backlog.size", int32, "50", "Connections that may wait to be accepted.").at_least(1).accepted(kSockets),
    Row("socket.receive.buffer.bytes", int32, "102400", "Receive buffer of clients' connections.").accepted(kSockets),
    Row("socket.request.max.bytes", int32, "104857600", "Largest request that is read.").at_least(1),
    Row("socket.send.buffer.bytes", int32, "102400", "Send buffer of clients' connections.").accepted(kSockets),
    Row("telemetry.max.bytes", int32, "1048576", "Largest push of client metrics that is taken.").at_least(1).accepted(kTelemetry),
    Row("tideline.request.memory.bytes", int64, "268435456", "Memory for requests in flight, all shards together; past it, sockets are not read.").at_least(1048576),
    Row("tideline.shards", int32, "0", "Event loops, one thread each; 0 starts one for each core.").between(0, 1024),
    Row("unstable.api.versions.enable", boolean, "false", "Whether versions under development are served.").refused(kUnstable),
    Row("unstable.feature.versions.enable", boolean, "false", "Whether feature levels under development may be finalized.").refused(kUnstable),
    // clang-format on
};

}  // namespace

std::span<const Row> server_properties() { return kRows; }

}  // namespace tideline::cluster
