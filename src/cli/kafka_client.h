// cli/kafka_client.h: a librdkafka handle, how to find out that nobody answers, and errors in Kafka's words.
//
// Thread:  one; librdkafka's own threads stay inside.
// Errors:  a refusal is ExitCode::refused with Kafka's name of the error; silence is ExitCode::unreachable with the address.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "cli/failure.h"
#include "cli/options.h"

namespace tideline::cli {

struct BrokerInfo {
    std::int32_t id = -1;
    std::string host;
    int port = 0;
};

struct PartitionInfo {
    std::int32_t id = -1;
    std::int32_t leader = -1;
    std::vector<std::int32_t> replicas;
    std::vector<std::int32_t> in_sync_replicas;
};

struct TopicInfo {
    std::string name;
    std::vector<PartitionInfo> partitions;  // by id

    bool is_internal() const { return name.starts_with("__"); }
};

struct Metadata {
    std::vector<BrokerInfo> brokers;      // by id
    std::map<std::string, TopicInfo> topics;
};

// A topic that is not there is UNKNOWN_TOPIC_OR_PARTITION.
Outcome<TopicInfo> find_topic(const Metadata& known, const std::string& name);

// Hears of every produced record, during rd_kafka_poll() on the thread that calls it.
class DeliveryListener {
public:
    virtual void on_delivery(const rd_kafka_message_t& message) = 0;

protected:
    ~DeliveryListener() = default;
};

// A group's member: what it hears during rd_kafka_consumer_poll().
class MemberListener {
public:
    // The group gave partitions (RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) or wants them back; to be answered by the calls
    // that librdkafka asks for.
    virtual void on_rebalance(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) = 0;
    // A commit in the background has failed.
    virtual void on_commit_failed(rd_kafka_resp_err_t error) = 0;

protected:
    ~MemberListener() = default;
};

// Who hears of what happens inside librdkafka; they outlive the client.
struct ClientListeners {
    DeliveryListener* delivery = nullptr;
    MemberListener* member = nullptr;
};

class KafkaClient {
public:
    enum class Role { producer, consumer };

    // `settings` are librdkafka properties; the user's own win over them.
    static Outcome<std::unique_ptr<KafkaClient>> open(const ClientOptions& options, Role role,
                                                      const std::vector<KeyValue>& settings = {},
                                                      ClientListeners listeners = {});
    ~KafkaClient();
    KafkaClient(const KafkaClient&) = delete;
    KafkaClient& operator=(const KafkaClient&) = delete;

    rd_kafka_t* handle() { return handle_; }
    int timeout_ms() const { return timeout_ms_; }
    const ClientOptions& options() const { return options_; }

    // Waits until a broker answers, or says within about a second that nobody is there.
    Outcome<> connect();
    // All topics; never creates one.
    Outcome<Metadata> metadata();
    // Those of `names` that exist; a missing one is UNKNOWN_TOPIC_OR_PARTITION.
    Outcome<std::vector<TopicInfo>> topics(const std::vector<std::string>& names);
    Outcome<std::string> cluster_id();
    Outcome<std::int32_t> controller_id();

    // The offsets that ListOffsets answers for `timestamp` (ms; -1 latest, -2 earliest) by partition;
    // -1 where no record is that late.
    Outcome<std::map<std::int32_t, std::int64_t>> offsets_at(const TopicInfo& topic,
                                                             const std::vector<std::int32_t>& partitions,
                                                             std::int64_t timestamp);

    // In the words of a person; `doing` is what failed: "create topic orders".
    Failure failure(rd_kafka_resp_err_t error, std::string_view doing, std::string_view broker_says = {}) const;

    // What the connections last complained about: "Connection refused".
    std::string last_trouble() const { return trouble_; }

    // What a broker last answered to records that librdkafka goes on trying to send, until forgotten. Heard only by a
    // client with the property debug=msg: librdkafka tells nobody else before it gives a record up.
    rd_kafka_resp_err_t last_refusal() const { return last_refusal_; }
    void forget_refusal() { last_refusal_ = RD_KAFKA_RESP_ERR_NO_ERROR; }

private:
    KafkaClient(const ClientOptions& options, ClientListeners listeners);
    void install_callbacks(rd_kafka_conf_t* conf, bool verbose);
    Failure unreachable(rd_kafka_resp_err_t error, std::string_view doing) const;

    ClientOptions options_;
    int timeout_ms_;
    ClientListeners listeners_;
    rd_kafka_t* handle_ = nullptr;
    std::string trouble_;
    bool all_down_ = false;
    bool verbose_ = false;
    bool debug_wanted_ = false;  // by the user, who then sees debug lines too
    std::atomic<rd_kafka_resp_err_t> last_refusal_ = RD_KAFKA_RESP_ERR_NO_ERROR;  // set by librdkafka's threads
};

// Kafka's name of an error code, e.g. "TOPIC_ALREADY_EXISTS"; librdkafka's own errors get librdkafka's.
std::string kafka_name(rd_kafka_resp_err_t error);

// The exit code that an error of librdkafka calls for.
ExitCode exit_code_of(rd_kafka_resp_err_t error);

// "Connection refused" from librdkafka's "127.0.0.1:9092/bootstrap: Connect to ipv4#… failed: Connection refused (after …)".
std::string readable_trouble(std::string_view reason);

// The broker's error in a debug line of librdkafka on records that a broker refused; none in any other line.
rd_kafka_resp_err_t refusal_in_log(std::string_view line);

// Advice for an error a person can do something about; empty when there is none.
std::string hint_for(rd_kafka_resp_err_t error);

}  // namespace tideline::cli
