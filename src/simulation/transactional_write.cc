// The records of a transaction. See transactional_client.h.
#include <fmt/format.h>

#include "protocol/messages/add_partitions_to_txn.h"
#include "protocol/messages/produce.h"
#include "record/build.h"
#include "simulation/transactional_client.h"

namespace tideline::simulation {

using protocol::AddPartitionsToTxnRequest;
using protocol::ProduceRequest;

namespace {

constexpr std::int16_t kFirstImplicitProduce = 12;
constexpr std::int16_t kLastAddByClients = 3;
constexpr int kRoundsPatience = 12;  // after so many the transaction is aborted

}  // namespace

Task<TransactionalClient::Step> TransactionalClient::write(const KnownTopic& topic, std::vector<Output> outputs) {
    if (!setup_.is_implicit) {
        Step added = co_await add_partitions(topic, outputs);
        if (added != Step::done) {
            co_return added;
        }
    }
    constexpr std::uint64_t kBulkyOneIn = 20;
    std::vector<Batch> batches = make_batches(topic, outputs, kBulkyOneIn);
    auto is_settled = [&] { return std::ranges::all_of(batches, &Batch::is_settled); };
    auto worst = [&] { return std::ranges::max_element(batches, {}, &Batch::step)->step; };
    for (int round = 0; !is_settled() && worst() == Step::done && round < kRoundsPatience; ++round) {
        std::int16_t version = any_produce_version();
        auto pipeline = co_await link_.open();
        runtime::TaskScope sending(stage_.shard);
        for (Batch& batch : batches) {
            if (pipeline && !batch.is_settled) {
                sending.spawn(send(topic, batch, version, *pipeline));
            }
        }
        co_await sending.join();
        if (!is_settled()) {
            co_await rest();
        }
    }
    if (is_settled()) {
        co_return Step::done;
    }
    is_in_doubt_ = true;
    co_return std::max(worst(), Step::abort);
}

Task<TransactionalClient::Step> TransactionalClient::write_in_passing(const KnownTopic& topic, std::vector<Output> outputs) {
    if (!setup_.is_implicit) {
        Step added = co_await add_partitions(topic, outputs);
        if (added != Step::done) {
            co_return added;
        }
    }
    constexpr std::uint64_t kBulkyOneIn = 1;
    std::vector<Batch> batches = make_batches(topic, outputs, kBulkyOneIn);
    auto pipeline = co_await link_.open();
    runtime::TaskScope sending(stage_.shard);
    for (Batch& batch : batches) {
        if (pipeline) {
            sending.spawn(send(topic, batch, any_produce_version(), *pipeline));
        }
    }
    co_await stage_.pause(random_ms(random_, 0, 5));
    link_.cut();
    co_await sending.join();
    is_in_doubt_ = true;
    co_return std::max(Step::abort, std::ranges::max_element(batches, {}, &Batch::step)->step);
}

std::int16_t TransactionalClient::any_produce_version() {
    return setup_.is_implicit ? any_version_up_to(kFirstImplicitProduce, ProduceRequest::kMaxVersion)
                              : any_version_up_to(ProduceRequest::kMinVersion, kFirstImplicitProduce - 1);
}

Task<TransactionalClient::Step> TransactionalClient::add_partitions(const KnownTopic& topic, const std::vector<Output>& outputs) {
    AddPartitionsToTxnRequest request{.v3_and_below_transactional_id = setup_.transactional_id,
                                      .v3_and_below_producer_id = producer_id_,
                                      .v3_and_below_producer_epoch = epoch_};
    std::set<std::int32_t> partitions;
    for (const Output& output : outputs) {
        partitions.insert(output.partition);
    }
    request.v3_and_below_topics.push_back({.name = topic.name, .partitions = {partitions.begin(), partitions.end()}});
    for (int round = 0; round < kRoundsPatience; ++round) {
        auto answer = co_await ask(request, any_version_up_to(AddPartitionsToTxnRequest::kMinVersion, kLastAddByClients));
        ErrorCode error = ErrorCode::network_exception;
        if (answer) {
            error = ErrorCode::none;
            for (const auto& row : answer->response.results_by_topic_v3_and_below.at(0).results_by_partition) {
                error = row.partition_error_code != ErrorCode::none ? row.partition_error_code : error;
            }
        }
        std::optional<Step> step = judge(error, "AddPartitionsToTxn");
        if (step) {
            co_return *step;
        }
        co_await rest();
    }
    co_return Step::abort;
}

// Gives each its place among the batches of its partition, and notes what is about to be sent.
std::vector<TransactionalClient::Batch> TransactionalClient::make_batches(const KnownTopic& topic, const std::vector<Output>& outputs,
                                                                           std::uint64_t bulky_one_in) {
    std::map<std::int32_t, std::vector<const Output*>> by_partition;
    for (const Output& output : outputs) {
        by_partition[output.partition].push_back(&output);
    }
    std::vector<Batch> batches;
    for (const auto& [partition, all] : by_partition) {
        Batch batch{.partition = partition, .producer_id = producer_id_, .epoch = epoch_};
        std::int32_t& sequence = sequences_[{topic.name, partition}];
        bool is_bulky = batches.empty() && topic.configs.contains("compression.type") && random_.chance(bulky_one_in);
        bool is_compressed = !is_bulky && random_.chance(3);
        record::BatchBuilder builder({.compression = is_compressed ? record::CompressionType::lz4 : record::CompressionType::none,
                                      .producer_id = producer_id_,
                                      .producer_epoch = epoch_,
                                      .base_sequence = sequence,
                                      .transactional = true});
        for (const Output* output : all) {
            std::uint64_t number = ++stage_.transactional_records;
            std::string value = fmt::format("r{}", number);
            std::string padding = is_bulky && batch.records.empty() ? " " + std::string(kBulkyBytes, 'x') : "";
            std::string padded = value + padding;
            builder.add(stage_.shard.wall_ms(), std::nullopt, base::as_bytes(padded));
            batch.records.push_back(number);
            std::string from = output->from ? fmt::format(R"(,"from":["{}",{}])", output->from->first, output->from->second) : "";
            stage_.recorder.note(setup_.process, "send", R"("id":{},"partition":"{}-{}","value":"{}"{})", number, topic.name, partition, value,
                                 from);
        }
        sequence += static_cast<std::int32_t>(all.size());
        batch.bytes = builder.finish();
        batches.push_back(std::move(batch));
    }
    return batches;
}

Task<void> TransactionalClient::send(const KnownTopic& topic, Batch& batch, std::int16_t version, ClientLink::Pipeline pipeline) {
    ProduceRequest request{.transactional_id = setup_.transactional_id, .acks = -1, .timeout_ms = 5000};
    auto& data = request.topic_data.emplace_back();
    data.name = topic.name;
    data.topic_id = topic.id;
    data.partition_data.push_back({.index = batch.partition, .records = protocol::Records::of(batch.bytes)});
    ++batch.attempts;
    auto answer = co_await link_.call(request, version, std::move(pipeline));
    if (!answer) {
        note_stray();
        co_return;
    }
    const auto& row = answer->response.responses.at(0).partition_responses.at(0);
    settle(topic, batch, row.error_code, row.base_offset);
}

void TransactionalClient::settle(const KnownTopic& topic, Batch& batch, ErrorCode error, Offset base_offset) {
    bool is_there_already = error == ErrorCode::duplicate_sequence_number;
    std::optional<Step> step =
        judge(is_there_already ? ErrorCode::none : error, fmt::format("a produce to {}-{}", topic.name, batch.partition));
    if (!step) {
        return;
    }
    batch.step = *step;
    batch.is_settled = *step == Step::done;
    if (batch.is_settled) {
        note_sent(batch, "ok", is_there_already ? -1 : base_offset);
    } else if (batch.attempts == 1) {
        note_sent(batch, "fail", -1);  // otherwise an attempt before it, of which nothing was heard, may have written it
    }
}

void TransactionalClient::note_sent(const Batch& batch, std::string_view outcome, Offset base_offset) {
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
        std::string offset = base_offset >= 0 ? fmt::format(R"(,"offset":{})", base_offset + static_cast<Offset>(i)) : "";
        stage_.recorder.note(setup_.process, "sent", R"("id":{},"outcome":"{}","producer_id":{},"epoch":{}{})", batch.records[i], outcome,
                             batch.producer_id, batch.epoch, offset);
    }
}

}  // namespace tideline::simulation
