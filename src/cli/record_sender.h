// cli/record_sender.h: hands records to librdkafka as fast as it takes them and keeps count of what became of each.
//
// Thread:  one. Deliveries are heard while send() and flush() poll.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "cli/kafka_client.h"
#include "cli/record_key.h"

namespace tideline::cli {

struct DeliveryCount {
    std::int64_t records = 0;
    std::int64_t bytes = 0;  // of keys and values
    std::map<std::int32_t, std::int64_t> by_partition;
    std::map<rd_kafka_resp_err_t, std::int64_t> failed;

    std::int64_t failed_total() const;
    // Those that give_up() ended the wait for.
    std::int64_t given_up() const;
};

class RecordSender final : public DeliveryListener {
public:
    RecordSender() = default;
    ~RecordSender();

    // Once, before anything else; `options` must outlive the sender. Checks that the topic and the partition exist unless options say otherwise.
    Outcome<> open(const ProduceOptions& options);

    // Queues one record; waits for room when librdkafka is full. Only what no record can survive is an error
    // (a fatal producer, Ctrl-C while waiting); a record that fails by itself is counted.
    Outcome<> send(const KeyedRecord& record);
    // Serves deliveries without waiting.
    void poll();
    // Waits a tenth of a second for deliveries; true when every queued record is delivered or given up.
    bool flush();

    // Ends the wait for every record that is not delivered yet; they are counted as purged at the next flush().
    void give_up();
    // The error that a broker last answered, if records are still refused; else empty.
    std::string last_refusal() const;

    const DeliveryCount& count() const { return count_; }
    KafkaClient& client() { return *client_; }
    // How long a record is tried for.
    double patience_seconds() const { return patience_seconds_; }
    // What to tell a person about an error that count() holds.
    Failure failure_of(rd_kafka_resp_err_t error, const std::string& doing) const;

private:
    void on_delivery(const rd_kafka_message_t& message) override;
    Outcome<> check_topic(const ProduceOptions& options);
    void prepare_parts(const std::vector<KeyValue>& headers);
    rd_kafka_resp_err_t enqueue(const KeyedRecord& record);
    Outcome<> fatal();

    std::unique_ptr<KafkaClient> client_;
    rd_kafka_topic_t* topic_ = nullptr;
    std::vector<rd_kafka_vu_t> parts_;  // of a record with headers; empty when there are none: produce() is faster
    std::int32_t partition_ = RD_KAFKA_PARTITION_UA;
    DeliveryCount count_;
    double patience_seconds_ = 0;
    int since_poll_ = 0;
};

}  // namespace tideline::cli
