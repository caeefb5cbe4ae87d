#include "simulation/producer.h"

#include <fmt/format.h>

#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/produce.h"
#include "record/build.h"

namespace tideline::simulation {

using protocol::InitProducerIdRequest;
using protocol::ProduceRequest;

namespace {

constexpr std::int16_t kFirstProduceById = 13;
constexpr int kRoundsPatience = 12;  // rounds in which the oldest batch of all may be called out of order

struct Batch {
    PartitionId partition;
    std::string topic_name;
    std::vector<RecordId> ids;
    std::int32_t base_sequence = record::kNoSequence;
    base::Bytes bytes;
    bool is_settled = false;
    ErrorCode last_error = ErrorCode::none;
};
using Flight = std::vector<Batch>;  // one request: a batch for each of some partitions

class Producer {
public:
    Producer(Stage& stage, std::uint64_t seed)
        : stage_(stage),
          random_(seed),
          number_(++stage.producers_made),
          link_(stage.shard, stage.broker, fmt::format("producer-{}", number_), stage.weather, random_.next()) {
        is_idempotent_ = !random_.chance(3);
        acks_ = is_idempotent_ ? std::int16_t{-1} : static_cast<std::int16_t>(static_cast<int>(random_.below(3)) - 1);
        compression_ = static_cast<record::CompressionType>(random_.chance(2) ? 0 : random_.below(5));
    }

    Task<void> run();
    Task<void> run_until_gone(KnownTopic topic);

private:
    Task<void> get_producer_id();
    Task<void> produce_to(KnownTopic topic);
    Flight make_flight(const KnownTopic& topic);
    Batch make_batch(const KnownTopic& topic, std::int32_t partition, bool is_bulky);
    Task<void> send_until_settled(std::vector<Flight>& flights, bool is_recreated);
    Task<void> send(Flight& flight, std::int16_t version, ClientLink::Pipeline pipeline);
    ProduceRequest request_of(const Flight& flight) const;
    void take_answer(Flight& flight, const protocol::ProduceResponse& response);
    void settle(Batch& batch, const protocol::ProduceResponse::PartitionProduceResponse& row);
    bool is_given_up(const std::vector<Flight>& flights, int round);

    Stage& stage_;
    runtime::Random random_;
    std::uint32_t number_;
    ClientLink link_;
    bool is_idempotent_ = false;
    std::int16_t acks_ = -1;
    record::CompressionType compression_ = record::CompressionType::none;
    std::int64_t producer_id_ = record::kNoProducerId;
    std::int16_t producer_epoch_ = record::kNoProducerEpoch;
    std::map<PartitionId, std::int32_t> next_sequence_;
    std::uint32_t next_number_ = 2;
};

Task<void> Producer::run() {
    while (!stage_.is_storm_over) {
        std::vector<KnownTopic*> topics = stage_.live_topics();
        if (!topics.empty()) {
            co_await produce_to(*topics[random_.below(topics.size())]);
        }
        co_await stage_.pause(random_ms(random_, 0, random_.chance(4) ? 2000 : 100));
    }
    for (KnownTopic* topic : stage_.live_topics()) {
        KnownTopic copy = *topic;
        co_await produce_to(copy);
    }
    co_await link_.close();
}

Task<void> Producer::run_until_gone(KnownTopic topic) {
    constexpr int kTriesMax = 30;
    is_idempotent_ = false;
    acks_ = -1;
    compression_ = record::CompressionType::none;
    for (int tries = 0; tries < kTriesMax; ++tries) {
        auto partition = static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(topic.partitions)));
        Flight flight;
        flight.push_back(make_batch(topic, partition, true));
        co_await send(flight, ProduceRequest::kMaxVersion, nullptr);
        if (flight.front().last_error == ErrorCode::unknown_topic_id || flight.front().last_error == ErrorCode::unknown_topic_or_partition) {
            break;
        }
    }
    co_await link_.close();
}

Task<void> Producer::get_producer_id() {
    while (producer_id_ < 0) {
        auto answer = co_await link_.call(InitProducerIdRequest{.transactional_id = std::nullopt, .transaction_timeout_ms = 60000}, any_version<InitProducerIdRequest>(random_));
        if (answer && answer->response.error_code == ErrorCode::none) {
            producer_id_ = answer->response.producer_id;
            producer_epoch_ = answer->response.producer_epoch;
            next_sequence_.clear();
            stage_.trace(fmt::format("producer {} has id {}", number_, producer_id_));
            co_return;
        }
        co_await stage_.pause(random_ms(random_, 10, 200));
    }
}

Task<void> Producer::produce_to(KnownTopic topic) {
    constexpr std::size_t kInFlightMax = 5;
    if (is_idempotent_) {
        co_await get_producer_id();
    }
    if (stage_.is_doomed(topic.id)) {
        co_return;
    }
    std::vector<Flight> flights;
    std::size_t count = 1 + random_.below(kInFlightMax);
    for (std::size_t i = 0; i < count; ++i) {
        flights.push_back(make_flight(topic));
    }
    co_await send_until_settled(flights, topic.is_recreated);
}

Flight Producer::make_flight(const KnownTopic& topic) {
    Flight flight;
    auto first = static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(topic.partitions)));
    for (std::int32_t i = 0; i < topic.partitions; ++i) {
        if (i == 0 || random_.chance(3)) {
            bool may_be_bulky = i == 0 && compression_ == record::CompressionType::none && topic.configs.contains("compression.type");
            flight.push_back(make_batch(topic, (first + i) % topic.partitions, may_be_bulky && random_.chance(8)));
        }
    }
    return flight;
}

Batch Producer::make_batch(const KnownTopic& topic, std::int32_t partition, bool is_bulky) {
    Batch batch{.partition = {topic.id, partition}, .topic_name = topic.name};
    record::BatchOptions options{.compression = compression_};
    if (is_idempotent_) {
        batch.base_sequence = next_sequence_[batch.partition];
        options.producer_id = producer_id_;
        options.producer_epoch = producer_epoch_;
        options.base_sequence = batch.base_sequence;
    }
    record::BatchBuilder builder(options);
    std::uint64_t records = 1 + random_.below(4);
    for (std::uint64_t i = 0; i < records; ++i) {
        RecordId id{number_, next_number_ + (is_bulky && i == 0 ? 1u : 0u)};
        next_number_ += 2;
        std::string value = value_of(id);
        std::optional<std::string> key = key_of(id);
        auto key_bytes = key ? std::optional(base::as_bytes(*key)) : std::nullopt;
        builder.add(stage_.shard.wall_ms(), key_bytes, base::as_bytes(value));
        stage_.history.sending(batch.partition, id, is_idempotent_);
        batch.ids.push_back(id);
    }
    if (is_idempotent_) {
        next_sequence_[batch.partition] += static_cast<std::int32_t>(records);
    }
    batch.bytes = builder.finish();
    return batch;
}

bool is_settled(const Flight& flight) { return std::ranges::all_of(flight, &Batch::is_settled); }

Task<void> Producer::send_until_settled(std::vector<Flight>& flights, bool is_recreated) {
    for (int round = 0; !std::ranges::all_of(flights, is_settled); ++round) {
        std::int16_t version = any_version<ProduceRequest>(random_, is_recreated ? kFirstProduceById : ProduceRequest::kMinVersion);
        if (compression_ == record::CompressionType::zstd) {
            version = std::max<std::int16_t>(version, 7);  // older ones know no zstd
        }
        auto pipeline = co_await link_.open();
        runtime::TaskScope sending(stage_.shard);
        for (Flight& flight : flights) {
            if (pipeline && !is_settled(flight)) {
                sending.spawn(send(flight, version, *pipeline));
            }
        }
        co_await sending.join();
        if (is_given_up(flights, round)) {
            co_return;
        }
        if (!std::ranges::all_of(flights, is_settled)) {
            co_await stage_.pause(random_ms(random_, 10, 300));
        }
    }
}

// Whether to leave the rest. An idempotent producer never may; it begins anew when the broker has forgotten it.
bool Producer::is_given_up(const std::vector<Flight>& flights, int round) {
    if (!is_idempotent_) {
        return acks_ == 0 || (!stage_.is_storm_over && random_.chance(5));
    }
    if (round < kRoundsPatience) {
        return false;
    }
    for (const Flight& flight : flights) {
        for (const Batch& batch : flight) {
            if (batch.is_settled) {
                continue;
            }
            bool is_forgotten = batch.last_error == ErrorCode::out_of_order_sequence_number ||
                                batch.last_error == ErrorCode::unknown_producer_id;
            if (is_forgotten && !stage_.history.may_have_lost_head(batch.partition)) {
                stage_.history.violated(fmt::format("{} answers {} to the oldest batch of producer {}, sequence {}", to_string(batch.partition),
                                                    name_of(batch.last_error), number_, batch.base_sequence));
            }
            if (is_forgotten) {
                producer_id_ = record::kNoProducerId;
                return true;
            }
            return false;
        }
    }
    return false;
}

ProduceRequest Producer::request_of(const Flight& flight) const {
    ProduceRequest request{.acks = acks_, .timeout_ms = 5000};
    auto& topic = request.topic_data.emplace_back();
    topic.name = flight.front().topic_name;
    topic.topic_id = flight.front().partition.topic;
    for (const Batch& batch : flight) {
        if (!batch.is_settled) {
            topic.partition_data.push_back({.index = batch.partition.partition, .records = protocol::Records::of(batch.bytes)});
        }
    }
    return request;
}

Task<void> Producer::send(Flight& flight, std::int16_t version, ClientLink::Pipeline pipeline) {
    ProduceRequest request = request_of(flight);
    for (Batch& batch : flight) {
        batch.last_error = batch.is_settled ? ErrorCode::none : ErrorCode::network_exception;
    }
    if (acks_ == 0) {
        co_await link_.tell(request, version, std::move(pipeline));
        co_return;
    }
    auto answer = co_await link_.call(request, version, std::move(pipeline));
    if (answer) {
        take_answer(flight, answer->response);
    } else {
        stage_.trace(fmt::format("producer {} gets no answer: {}", number_, answer.error().note));
    }
}

void Producer::take_answer(Flight& flight, const protocol::ProduceResponse& response) {
    for (const auto& topic : response.responses) {
        for (const auto& row : topic.partition_responses) {
            for (Batch& batch : flight) {
                if (!batch.is_settled && batch.partition.partition == row.index) {
                    settle(batch, row);
                }
            }
        }
    }
}

void Producer::settle(Batch& batch, const protocol::ProduceResponse::PartitionProduceResponse& row) {
    batch.last_error = row.error_code;
    if (row.error_code != ErrorCode::none) {
        stage_.trace(fmt::format("producer {} sequence {} of {}: {}", number_, batch.base_sequence, to_string(batch.partition),
                                 name_of(row.error_code)));
    }
    bool is_doomed = stage_.is_doomed(batch.partition.topic);
    switch (row.error_code) {
        case ErrorCode::none:
            batch.is_settled = true;
            if (acks_ == -1 && row.base_offset >= 0) {
                stage_.trace(fmt::format("producer {} sequence {} of {}: {} records acknowledged at {}", number_, batch.base_sequence,
                                         to_string(batch.partition), batch.ids.size(), row.base_offset));
                stage_.history.acknowledged(batch.partition, row.base_offset, batch.ids);
            }
            return;
        case ErrorCode::duplicate_sequence_number:
            batch.is_settled = true;
            return;
        case ErrorCode::out_of_order_sequence_number:
        case ErrorCode::unknown_producer_id:
            return;
        case ErrorCode::unknown_topic_or_partition:
        case ErrorCode::unknown_topic_id:
            batch.is_settled = is_doomed;
            if (!stage_.is_sure(batch.partition.topic)) {
                return;
            }
            break;
        default:
            break;
    }
    if (!is_passing(row.error_code) && !is_doomed) {
        stage_.history.violated(fmt::format("{} answers {} to a batch of producer {} that is in order", to_string(batch.partition),
                                            name_of(row.error_code), number_));
        batch.is_settled = true;
    }
}

}  // namespace

Task<void> run_producer(Stage& stage, std::uint64_t seed) {
    ++stage.producers_running;
    Producer producer(stage, seed);
    co_await producer.run();
    --stage.producers_running;
}

Task<void> produce_until_gone(Stage& stage, KnownTopic topic, std::uint64_t seed) {
    Producer producer(stage, seed);
    co_await producer.run_until_gone(std::move(topic));
}

}  // namespace tideline::simulation
