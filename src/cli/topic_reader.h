// cli/topic_reader.h: reads ranges of partitions without a consumer group.
//
// Built on librdkafka's simple consumer: assign() would need a group.id, and a group.id makes librdkafka ask for a
// group coordinator, which nothing here needs.
// Thread:  one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/kafka_client.h"
#include "cli/position.h"
#include "cli/record_source.h"

namespace tideline::cli {

class TopicReader : public RecordSource {
public:
    static Outcome<std::unique_ptr<TopicReader>> open(const ConsumeOptions& options);
    ~TopicReader() override;
    TopicReader(const TopicReader&) = delete;
    TopicReader& operator=(const TopicReader&) = delete;

    // Finds out what to read; sentences for people about offsets that are not there go to `warnings`.
    Outcome<> start(const ConsumeOptions& options, std::vector<std::string>& warnings);

    // Done when every range is read. A broker that stays silent for the timeout is an error, except while following.
    Outcome<Step> next(int wait_ms) override;
    const RecordView& record() const override { return view_; }

private:
    explicit TopicReader(bool follow) : follow_(follow) {}
    Outcome<> begin_reading(const std::string& topic);
    Outcome<Step> take(rd_kafka_message_t* message);
    void nudge();
    void finish_partition(std::int32_t partition);

    bool follow_;
    double last_heard_ = 0;
    int since_nudge_ = 0;  // records
    std::unique_ptr<KafkaClient> client_;
    rd_kafka_topic_t* topic_ = nullptr;
    rd_kafka_queue_t* queue_ = nullptr;
    rd_kafka_message_t* message_ = nullptr;  // what view_ points into
    std::map<std::int32_t, ReadRange> reading_;
    RecordView view_;
};

}  // namespace tideline::cli
