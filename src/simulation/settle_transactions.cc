// What must be true of transactions when everybody has ended. See transactions.h.
#include <fmt/format.h>

#include "protocol/messages/describe_producers.h"
#include "protocol/messages/list_transactions.h"
#include "simulation/transactions.h"

namespace tideline::simulation {

using protocol::DescribeProducersRequest;
using protocol::ListTransactionsRequest;

namespace {

// The longest timeout of a transaction, the time between searches for those that took too long, and more than the markers take.
constexpr std::chrono::seconds kOpenMax{20};

class Settling {
public:
    Settling(Stage& stage, std::string process, std::uint64_t seed)
        : stage_(stage),
          client_(stage, {.process = std::move(process), .transactional_id = "", .group = std::string(kCopiers)}, seed),
          input_(*stage.topic_named(kTransactionInput)),
          output_(*stage.topic_named(kTransactionOutput)) {}

    Task<void> run();

private:
    Task<void> wait_until_stable(KnownTopic topic, std::int32_t partition);
    Task<void> check_coordinators();
    Task<void> read_committed_offsets();
    Task<void> drain(KnownTopic topic, std::int32_t partition, Isolation isolation);
    Task<std::optional<Offset>> first_open(const KnownTopic& topic, std::int32_t partition);
    Task<void> rest() { return stage_.pause(std::chrono::milliseconds(50)); }

    Stage& stage_;
    TransactionalClient client_;
    KnownTopic input_;
    KnownTopic output_;
    std::map<std::int32_t, Offset> committed_;  // by partition of the input
    int drains_ = 0;
};

Task<void> Settling::run() {
    std::vector<KnownTopic> topics{input_, output_};
    for (const KnownTopic& topic : topics) {
        for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
            co_await wait_until_stable(topic, partition);
        }
    }
    co_await check_coordinators();
    co_await read_committed_offsets();
    for (const KnownTopic& topic : topics) {
        for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
            co_await drain(topic, partition, Isolation::uncommitted);
            co_await drain(topic, partition, Isolation::committed);
        }
    }
    co_await client_.link().close();
}

// The first offset of the oldest open transaction; -1: none is open. nullopt: no answer.
Task<std::optional<Offset>> Settling::first_open(const KnownTopic& topic, std::int32_t partition) {
    DescribeProducersRequest request;
    request.topics.push_back({.name = topic.name, .partition_indexes = {partition}});
    auto answer = co_await client_.link().call(request, DescribeProducersRequest::kMaxVersion);
    if (!answer || answer->response.topics.at(0).partitions.at(0).error_code != ErrorCode::none) {
        co_return std::nullopt;
    }
    Offset first = -1;
    for (const auto& producer : answer->response.topics[0].partitions[0].active_producers) {
        Offset start = producer.current_txn_start_offset;
        first = start >= 0 && (first < 0 || start < first) ? start : first;
    }
    co_return first;
}

Task<void> Settling::wait_until_stable(KnownTopic topic, std::int32_t partition) {
    runtime::Instant deadline = stage_.shard.now() + kOpenMax;
    for (;;) {
        auto open = co_await first_open(topic, partition);
        if (open && *open < 0) {
            co_return;
        }
        if (stage_.shard.now() >= deadline) {
            stage_.history.violated(fmt::format("a transaction of {}-{} hangs: it is open since {}", topic.name, partition, open.value_or(-1)));
            co_return;
        }
        co_await rest();
    }
}

// Whatever was prepared must be complete, and what nobody ended aborted: in partitions and coordinators alike, of groups too.
Task<void> Settling::check_coordinators() {
    runtime::Instant deadline = stage_.shard.now() + kOpenMax;
    for (;;) {
        auto answer = co_await client_.link().call(ListTransactionsRequest{}, ListTransactionsRequest::kMaxVersion);
        bool is_told = answer && answer->response.error_code == ErrorCode::none;
        std::string open;
        if (is_told) {
            for (const auto& each : answer->response.transaction_states) {
                bool is_open = each.transaction_state != "Empty" && !each.transaction_state.starts_with("Complete");
                open += is_open ? fmt::format(" {} ({})", each.transactional_id, each.transaction_state) : "";
            }
        }
        if (is_told && open.empty()) {
            co_return;
        }
        if (stage_.shard.now() >= deadline) {
            stage_.history.violated(fmt::format("transactions do not end:{}", open));
            co_return;
        }
        co_await rest();
    }
}

Task<void> Settling::read_committed_offsets() {
    for (std::int32_t partition = 0; partition < input_.partitions; ++partition) {
        committed_[partition] = co_await client_.fetch_committed(input_, partition, true);
    }
}

Task<void> Settling::drain(KnownTopic topic, std::int32_t partition, Isolation isolation) {
    Reading reading{.process = client_.setup().process,
                    .consumer = fmt::format("drain-{}", ++drains_),
                    .topic = topic.name,
                    .topic_id = topic.id,
                    .partition = partition,
                    .isolation = isolation};
    for (Offset end = 1; reading.position < end;) {
        auto read = co_await read_isolated(stage_, client_.link(), client_.random(), reading);
        if (!read) {
            co_await rest();
            continue;
        }
        if (read->last_stable < read->high_watermark || (read->next == reading.position && read->next < read->high_watermark)) {
            stage_.history.violated(fmt::format("{}-{} is read up to {} only: its last stable offset is {} and its high watermark {}, though nothing is open",
                                                topic.name, partition, read->next, read->last_stable, read->high_watermark));
            co_return;
        }
        for (const auto& [offset, value] : read->records) {
            if (topic.name == kTransactionInput && isolation == Isolation::committed && offset >= committed_[partition]) {
                stage_.history.violated(fmt::format("{} at {} of {}-{} was not processed, the group is at {}", value, offset, topic.name, partition,
                                                    committed_[partition]));
            }
        }
        end = read->high_watermark;
        reading.position = read->next;
    }
    stage_.recorder.note(client_.setup().process, "drained", R"("partition":"{}-{}","isolation":"{}","end":{})", topic.name, partition, name_of(isolation),
                         reading.position);
}

}  // namespace

Task<void> settle_transactions(Stage& stage, std::string process, std::uint64_t seed) {
    Settling settling(stage, std::move(process), seed);
    co_await settling.run();
}

}  // namespace tideline::simulation
