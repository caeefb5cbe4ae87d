// cli/admin.h: librdkafka's admin requests, awaited one at a time.
//
// Errors:  as KafkaClient::failure(); what the broker said about a topic is in the message.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/kafka_client.h"

namespace tideline::cli {

struct ConfigEntry {
    std::string name;
    std::string value;
    std::string source;  // "topic" when it was set on the topic, else where the value comes from
    bool is_set_on_topic = false;
    bool is_sensitive = false;
};

struct TopicResult {
    std::string topic;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string broker_says;
};

class Admin {
public:
    explicit Admin(KafkaClient& client) : client_(client) {}

    Outcome<> create_topic(const std::string& topic, int partitions, int replication_factor,
                           const std::vector<KeyValue>& configs);
    // One result a topic, in order.
    Outcome<std::vector<TopicResult>> delete_topics(const std::vector<std::string>& topics);
    Outcome<> set_partition_count(const std::string& topic, int total);
    // All properties of the topic, by name.
    Outcome<std::vector<ConfigEntry>> topic_configs(const std::string& topic);
    // Replaces everything that is set on the topic: what is not in `configs` goes back to the default.
    Outcome<> replace_topic_configs(const std::string& topic, const std::vector<KeyValue>& configs);

private:
    KafkaClient& client_;
};

}  // namespace tideline::cli
