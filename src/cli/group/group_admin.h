// cli/group/group_admin.h: what brokers know of consumer groups, asked through librdkafka.
//
// Errors:  as KafkaClient::failure().
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/kafka_client.h"

namespace tideline::cli {

struct TopicPartition {
    std::string topic;
    std::int32_t partition = 0;

    auto operator<=>(const TopicPartition&) const = default;
};

using GroupOffsets = std::map<TopicPartition, std::int64_t>;

struct GroupListing {
    std::string group;
    std::string state;
};

struct GroupMember {
    std::string id;
    std::string instance_id;  // of a static member
    std::string client_id;
    std::string host;
    std::vector<TopicPartition> assignment;  // by topic and partition
    std::vector<std::string> subscription = {};  // topics, by name; empty where that was not asked or is a pattern
    // What the member shall have in the end, when that is something else (consumer protocol).
    std::optional<std::vector<TopicPartition>> moving_to = {};

    // What a person knows the member by.
    const std::string& name() const { return instance_id.empty() ? client_id : instance_id; }
};

struct GroupDescription {
    std::string group;
    std::string state;
    std::string assignor;
    BrokerInfo coordinator;
    std::vector<GroupMember> members;
    bool is_consumer_protocol = false;  // KIP-848
    std::string members_hidden;         // why nobody could be asked who is in it

    bool is_active() const { return !members.empty() || (!members_hidden.empty() && state != "Empty"); }
    bool exists() const { return state != "Dead"; }
    const char* protocol() const { return is_consumer_protocol ? "consumer" : "classic"; }
};

struct GroupResult {
    std::string group;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string broker_says;
};

class GroupAdmin {
public:
    explicit GroupAdmin(KafkaClient& client) : client_(client) {}

    Outcome<std::vector<GroupListing>> list();
    // A group that is not there is in state "Dead".
    Outcome<GroupDescription> describe(const std::string& group);
    // Partitions without a committed offset are left out.
    Outcome<GroupOffsets> committed(const std::string& group);
    Outcome<> commit(const std::string& group, const GroupOffsets& offsets);
    Outcome<> forget(const std::string& group, const std::vector<TopicPartition>& partitions);
    // One result a group, in order.
    Outcome<std::vector<GroupResult>> remove(const std::vector<std::string>& groups);

private:
    KafkaClient& client_;
};

// "1 (127.0.0.1:9092)"
std::string text_of(const BrokerInfo& broker);

// Fills in the topics to which the members of a classic group are subscribed; leaves them empty where they cannot be asked.
void look_up_subscriptions(const KafkaClient& client, GroupDescription& description);

// Fills in what a group of the consumer protocol is and who is in it, which librdkafka 2.0 cannot ask.
void describe_consumer_group(const KafkaClient& client, GroupDescription& description);

}  // namespace tideline::cli
