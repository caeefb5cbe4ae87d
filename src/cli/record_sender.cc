#include "cli/record_sender.h"

#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

// Polling takes a lock and an atomic or two: not for every record.
constexpr int kRecordsPerPoll = 500;

// Which of the parts below differ from record to record.
constexpr std::size_t kValuePart = 0;
constexpr std::size_t kKeyPart = 1;

// A record outlives the restart of a broker, unless somebody said how long to wait.
constexpr double kRecordTimeoutSeconds = 120;
// librdkafka wants more than its linger.ms.
constexpr double kRecordTimeoutSecondsMin = 0.1;
// librdkafka's default.
constexpr std::int64_t kTransactionTimeoutMs = 60'000;

double record_timeout_seconds(const ClientOptions& client) {
    return client.timeout_given ? std::max(client.timeout_seconds, kRecordTimeoutSecondsMin) : kRecordTimeoutSeconds;
}

// A record of a transaction has until the transaction ends: librdkafka's own transaction.timeout.ms, a minute, unless told otherwise.
void add_transaction_settings(const ProduceOptions& options, std::vector<KeyValue>& settings) {
    settings.emplace_back("transactional.id", *options.transactional_id);
    if (options.client.timeout_given) {
        const std::int64_t timeout_ms = std::llround(record_timeout_seconds(options.client) * 1000);
        settings.emplace_back("message.timeout.ms", std::to_string(timeout_ms));
        settings.emplace_back("transaction.timeout.ms", std::to_string(std::max(timeout_ms, kTransactionTimeoutMs)));
    }
}

std::vector<KeyValue> producer_settings(const ProduceOptions& options) {
    bool idempotent = options.idempotent.value_or(options.acks == "all");
    std::vector<KeyValue> settings{
        {"enable.idempotence", idempotent ? "true" : "false"},
        {"acks", options.acks},
        {"compression.type", options.compression},
        // The partition that Java clients choose for a key; librdkafka's own default is another one.
        {"partitioner", "murmur2_random"},
        // What is too large is for the broker and its topic to say.
        {"message.max.bytes", "100000000"},
        // For KafkaClient::last_refusal(); a few lines for each request.
        {"debug", "msg"},
    };
    if (options.transactional_id) {
        add_transaction_settings(options, settings);
    } else {
        settings.emplace_back("message.timeout.ms", fmt::format("{:.0f}", record_timeout_seconds(options.client) * 1000));
    }
    return settings;
}

}  // namespace

std::int64_t DeliveryCount::failed_total() const {
    return std::accumulate(failed.begin(), failed.end(), std::int64_t{0},
                           [](std::int64_t sum, const auto& entry) { return sum + entry.second; });
}

std::int64_t DeliveryCount::given_up() const {
    auto of = [this](rd_kafka_resp_err_t error) { return failed.contains(error) ? failed.at(error) : 0; };
    return of(RD_KAFKA_RESP_ERR__PURGE_QUEUE) + of(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
}

RecordSender::~RecordSender() {
    if (topic_ != nullptr) {
        rd_kafka_topic_destroy(topic_);
    }
}

Outcome<> RecordSender::open(const ProduceOptions& options) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer, producer_settings(options), {.delivery = this}));
    client_ = std::move(client);
    patience_seconds_ = record_timeout_seconds(options.client);
    TL_TRY_VOID(options.auto_create ? client_->connect() : check_topic(options));
    partition_ = options.partition.value_or(RD_KAFKA_PARTITION_UA);
    topic_ = rd_kafka_topic_new(client_->handle(), options.topic.c_str(), nullptr);
    if (topic_ == nullptr) {
        return std::unexpected(client_->failure(rd_kafka_last_error(), fmt::format("produce to '{}'", options.topic)));
    }
    if (!options.headers.empty()) {
        prepare_parts(options.headers);
    }
    return {};
}

Outcome<> RecordSender::check_topic(const ProduceOptions& options) {
    auto topics = client_->topics({options.topic});
    if (!topics) {
        Failure failure = topics.error();
        if (failure.exit == ExitCode::refused) {
            failure.hint = fmt::format("Create it: tideline topic create {}", options.topic);
        }
        return std::unexpected(failure);
    }
    std::size_t partitions = topics->front().partitions.size();
    if (options.partition && static_cast<std::size_t>(*options.partition) >= partitions) {
        return std::unexpected(Failure{ExitCode::refused,
                                       fmt::format("topic '{}' has no partition {}", options.topic, *options.partition),
                                       fmt::format("Its partitions are 0 to {}", partitions - 1),
                                       "UNKNOWN_TOPIC_OR_PARTITION"});
    }
    return {};
}

rd_kafka_resp_err_t RecordSender::enqueue(const KeyedRecord& record) {
    auto* value = record.value ? const_cast<char*>(record.value->data()) : nullptr;
    std::size_t value_size = record.value ? record.value->size() : 0;
    auto* key = record.key ? const_cast<char*>(record.key->data()) : nullptr;
    std::size_t key_size = record.key ? record.key->size() : 0;
    if (parts_.empty()) {
        int status = rd_kafka_produce(topic_, partition_, RD_KAFKA_MSG_F_COPY, value, value_size, key, key_size, nullptr);
        return status == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
    }
    parts_[kValuePart].u.mem = {value, value_size};
    parts_[kKeyPart].u.mem = {key, key_size};
    rd_kafka_error_t* refused = rd_kafka_produceva(client_->handle(), parts_.data(), parts_.size());
    if (refused == nullptr) {
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_resp_err_t error = rd_kafka_error_code(refused);
    rd_kafka_error_destroy(refused);
    return error;
}

void RecordSender::prepare_parts(const std::vector<KeyValue>& headers) {
    parts_.resize(5);
    parts_[kValuePart].vtype = RD_KAFKA_VTYPE_VALUE;
    parts_[kKeyPart].vtype = RD_KAFKA_VTYPE_KEY;
    parts_[2].vtype = RD_KAFKA_VTYPE_RKT;
    parts_[2].u.rkt = topic_;
    parts_[3].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts_[3].u.i32 = partition_;
    parts_[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts_[4].u.i = RD_KAFKA_MSG_F_COPY;
    for (const auto& [name, value] : headers) {
        rd_kafka_vu_t& part = parts_.emplace_back();
        part.vtype = RD_KAFKA_VTYPE_HEADER;
        part.u.header = {name.c_str(), value.data(), static_cast<ssize_t>(value.size())};
    }
}

Outcome<> RecordSender::send(const KeyedRecord& record) {
    for (;;) {
        rd_kafka_resp_err_t error = enqueue(record);
        if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            // Deliveries make room. This is how a slow broker slows the input down.
            rd_kafka_poll(client_->handle(), 100);
            if (terminal::interrupted()) {
                return {};  // it was never sent
            }
            continue;
        }
        if (error == RD_KAFKA_RESP_ERR__FATAL) {
            return fatal();
        }
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            ++count_.failed[error];
        }
        if (++since_poll_ >= kRecordsPerPoll) {
            poll();
        }
        return {};
    }
}

Outcome<> RecordSender::fatal() {
    char why[512];
    rd_kafka_resp_err_t error = rd_kafka_fatal_error(client_->handle(), why, sizeof why);
    return std::unexpected(client_->failure(error, "go on producing", why));
}

void RecordSender::poll() {
    since_poll_ = 0;
    rd_kafka_poll(client_->handle(), 0);
}

void RecordSender::give_up() { rd_kafka_purge(client_->handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT); }

std::string RecordSender::last_refusal() const {
    rd_kafka_resp_err_t error = client_->last_refusal();
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : fmt::format("{} ({})", kafka_name(error), rd_kafka_err2str(error));
}

bool RecordSender::flush() { return rd_kafka_flush(client_->handle(), 100) == RD_KAFKA_RESP_ERR_NO_ERROR; }

void RecordSender::on_delivery(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        // Given up after a broker refused it again and again: why it did says more than that time is up.
        bool refused = message.err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT &&
                       client_->last_refusal() != RD_KAFKA_RESP_ERR_NO_ERROR;
        ++count_.failed[refused ? client_->last_refusal() : message.err];
        return;
    }
    client_->forget_refusal();
    ++count_.records;
    count_.bytes += static_cast<std::int64_t>(message.len + message.key_len);
    ++count_.by_partition[message.partition];
}

Failure RecordSender::failure_of(rd_kafka_resp_err_t error, const std::string& doing) const {
    return client_->failure(error, doing);
}

}  // namespace tideline::cli
