#include "cli/topic_reader.h"

#include <fmt/format.h>

#include "base/result.h"
#include "cli/message_view.h"
#include "cli/read_ranges.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

constexpr int kRecordsPerNudge = 10'000;

std::vector<KeyValue> consumer_settings(const ConsumeOptions& options) {
    return {
        {"isolation.level", options.isolation},
        {"enable.partition.eof", "true"},
        // A range that vanished under the reader is an error to report, not a reason to jump.
        {"auto.offset.reset", "error"},
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms", "100"},
    };
}

}  // namespace

Outcome<std::unique_ptr<TopicReader>> TopicReader::open(const ConsumeOptions& options) {
    std::unique_ptr<TopicReader> reader(new TopicReader(options.follow));
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer, consumer_settings(options)));
    reader->client_ = std::move(client);
    return reader;
}

TopicReader::~TopicReader() {
    if (message_ != nullptr) {
        rd_kafka_message_destroy(message_);
    }
    while (!reading_.empty()) {
        finish_partition(reading_.begin()->first);
    }
    if (queue_ != nullptr) {
        rd_kafka_queue_destroy(queue_);
    }
    if (topic_ != nullptr) {
        rd_kafka_topic_destroy(topic_);
    }
}

Outcome<> TopicReader::start(const ConsumeOptions& options, std::vector<std::string>& warnings) {
    TL_TRY(ranges, find_ranges(*client_, options, warnings));
    for (const ReadRange& range : ranges) {
        reading_.emplace(range.partition, range);
    }
    return begin_reading(options.topic);
}

Outcome<> TopicReader::begin_reading(const std::string& topic) {
    queue_ = rd_kafka_queue_new(client_->handle());
    topic_ = rd_kafka_topic_new(client_->handle(), topic.c_str(), nullptr);
    for (const auto& [partition, range] : reading_) {
        if (rd_kafka_consume_start_queue(topic_, partition, range.start, queue_) != 0) {
            return std::unexpected(client_->failure(rd_kafka_last_error(), fmt::format("read topic '{}'", topic)));
        }
    }
    last_heard_ = terminal::steady_seconds();
    return {};
}

Outcome<TopicReader::Step> TopicReader::next(int wait_ms) {
    if (message_ != nullptr) {
        rd_kafka_message_destroy(std::exchange(message_, nullptr));
    }
    while (!reading_.empty()) {
        rd_kafka_message_t* message = rd_kafka_consume_queue(queue_, wait_ms);
        if (message == nullptr) {
            rd_kafka_poll(client_->handle(), 0);
            if (since_nudge_ >= kRecordsPerNudge) {
                nudge();
                return Step::idle;
            }
            double silent = terminal::steady_seconds() - last_heard_;
            if (wait_ms > 0 && !follow_ && silent * 1000 > client_->timeout_ms()) {
                return std::unexpected(client_->failure(RD_KAFKA_RESP_ERR__TIMED_OUT, "go on reading"));
            }
            return Step::idle;
        }
        TL_TRY(step, take(message));
        if (step == Step::record) {
            return step;
        }
    }
    return Step::done;
}

// librdkafka stops fetching when its queue is full and, before 2.2, looks again only a second later however fast the
// queue was emptied: 4 million small records took 16 to 34 s. Any request to a broker wakes its thread up, so when the
// queue has run dry after many records, ask for something cheap.
void TopicReader::nudge() {
    since_nudge_ = 0;
    std::vector<std::int32_t> partitions;
    for (const auto& [partition, range] : reading_) {
        partitions.push_back(partition);
    }
    // An answer is not needed, and a failure shows where records are awaited.
    (void)client_->offsets_at(TopicInfo{rd_kafka_topic_name(topic_), {}}, partitions, RD_KAFKA_OFFSET_END);
}

// Owns `message`: keeps it for the view, or destroys it.
Outcome<TopicReader::Step> TopicReader::take(rd_kafka_message_t* message) {
    std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> owned(message, &rd_kafka_message_destroy);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        return std::unexpected(client_->failure(
            message->err, fmt::format("read partition {}", message->partition), rd_kafka_message_errstr(message)));
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        last_heard_ = terminal::steady_seconds();
    }
    auto at = reading_.find(message->partition);
    if (at == reading_.end()) {
        return Step::idle;  // it was on its way when its partition was finished
    }
    const std::optional<std::int64_t> stop = at->second.stop;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || (stop && message->offset >= *stop)) {
        // Compaction and transaction markers leave offsets without a record: the end can come before stop does.
        if (stop && message->offset >= *stop) {
            finish_partition(message->partition);
        }
        return Step::idle;
    }
    ++since_nudge_;
    look_at(*message, view_);
    message_ = owned.release();
    if (stop && message->offset + 1 >= *stop) {
        finish_partition(message->partition);
    }
    return Step::record;
}

void TopicReader::finish_partition(std::int32_t partition) {
    rd_kafka_consume_stop(topic_, partition);
    reading_.erase(partition);
}

}  // namespace tideline::cli
