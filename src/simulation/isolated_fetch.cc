#include "simulation/isolated_fetch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "protocol/messages/fetch.h"
#include "record/control.h"

namespace tideline::simulation {

using protocol::FetchRequest;
using protocol::FetchResponse;
using Row = FetchResponse::PartitionData;

namespace {

constexpr std::int16_t kFirstFetchById = 13;
constexpr std::size_t kBatchBudget = 1 << 20;

// What of the records is to be shown, batch by batch: aborted transactions begin where the answer says, and end with their marker.
class Sieve {
public:
    Sieve(const Row& row, Isolation isolation) : is_committed_(isolation == Isolation::committed) {
        if (is_committed_ && row.aborted_transactions) {
            for (const auto& aborted : *row.aborted_transactions) {
                aborted_.emplace(aborted.first_offset, aborted.producer_id);
            }
        }
    }

    // Whether the records of this batch, which comes behind those asked about before, are shown.
    bool passes(const record::BatchView& batch) {
        while (!aborted_.empty() && aborted_.begin()->first <= batch.header.last_offset()) {
            open_.insert(aborted_.begin()->second);
            aborted_.erase(aborted_.begin());
        }
        if (batch.header.is_control()) {
            if (is_abort(batch)) {
                open_.erase(batch.header.producer_id);
            }
            return false;
        }
        return !(is_committed_ && batch.header.is_transactional() && open_.contains(batch.header.producer_id));
    }

private:
    static bool is_abort(const record::BatchView& batch) {
        auto records = record::read_all_records(batch, kBatchBudget);
        if (!records || records->records.empty() || !records->records[0].key) {
            return false;
        }
        auto type = record::parse_control_key(*records->records[0].key);
        return type && *type == record::ControlType::abort;
    }

    bool is_committed_;
    std::multimap<Offset, std::int64_t> aborted_;  // that begin further on
    std::set<std::int64_t> open_;                  // producers of those that have begun
};

FetchRequest request_of(const Reading& reading) {
    FetchRequest request{.max_wait_ms = reading.max_wait_ms,
                         .min_bytes = 1,
                         .max_bytes = reading.bytes_max,
                         .isolation_level = static_cast<std::int8_t>(reading.isolation)};
    auto& topic = request.topics.emplace_back();
    topic.topic = reading.topic;
    topic.topic_id = reading.topic_id;
    topic.partitions.push_back({.partition = reading.partition, .fetch_offset = reading.position, .partition_max_bytes = reading.bytes_max});
    return request;
}

// False: the bytes are no batches.
bool take_records(const Row& row, const Reading& reading, IsolatedRead& read) {
    Sieve sieve(row, reading.isolation);
    record::BatchCursor cursor(row.records.bytes);
    for (;;) {
        auto batch = cursor.next();
        if (!batch || (*batch && !(*batch)->crc_is_valid())) {
            return false;
        }
        if (!*batch) {
            return true;
        }
        read.next = std::max(read.next, (*batch)->header.next_offset());
        if (!sieve.passes(**batch)) {
            continue;
        }
        auto all = record::read_all_records(**batch, kBatchBudget);
        if (!all) {
            return false;
        }
        for (const record::Record& record : all->records) {
            if (record.offset >= reading.position) {  // the batch may begin before the offset asked for
                std::string_view value = base::as_text(record.value.value_or(base::ByteView()));
                read.records.emplace_back(record.offset, std::string(value.substr(0, value.find(' '))));  // without its padding
            }
        }
    }
}

void note_poll(Stage& stage, const Reading& reading, const IsolatedRead& read) {
    std::string records;
    for (const auto& [offset, value] : read.records) {
        records += fmt::format(R"({}[{},"{}"])", records.empty() ? "" : ",", offset, value);
    }
    std::string marks;
    if (read.last_stable >= 0) {
        marks = fmt::format(R"(,"high_watermark":{},"last_stable":{})", read.high_watermark, read.last_stable);
    }
    stage.recorder.note(reading.process, "poll",
                        R"("consumer":"{}","isolation":"{}","partition":"{}-{}","position":{},"next":{},"asked":{}{},"records":[{}])",
                        reading.consumer, name_of(reading.isolation), reading.topic, reading.partition, reading.position, read.next,
                        read.asked, marks, records);
}

}  // namespace

std::string_view name_of(Isolation isolation) { return isolation == Isolation::committed ? "read_committed" : "read_uncommitted"; }

Task<std::optional<IsolatedRead>> read_isolated(Stage& stage, ClientLink& link, runtime::Random& random, Reading reading) {
    FetchRequest request = request_of(reading);
    std::int16_t version = any_version<FetchRequest>(random);
    IsolatedRead read{.records = {}, .next = reading.position, .asked = stage.recorder.moment()};
    auto answer = co_await link.call(request, version);
    if (!answer || answer->response.error_code != ErrorCode::none || answer->response.responses.empty()) {
        co_return std::nullopt;
    }
    const auto& topic = answer->response.responses[0];
    bool is_ours = version >= kFirstFetchById ? topic.topic_id == reading.topic_id : topic.topic == reading.topic;
    if (!is_ours || topic.partitions.size() != 1 || topic.partitions[0].partition_index != reading.partition) {
        stage.history.violated(fmt::format("a fetch of {}-{} was answered with something else", reading.topic, reading.partition));
        co_return std::nullopt;
    }
    const Row& row = topic.partitions[0];
    if (row.error_code != ErrorCode::none) {
        if (!is_passing(row.error_code)) {
            stage.history.violated(fmt::format("{}-{} answers {} to a fetch at {}", reading.topic, reading.partition, name_of(row.error_code),
                                               reading.position));
        }
        co_return std::nullopt;
    }
    read.high_watermark = row.high_watermark;
    read.last_stable = row.last_stable_offset;
    if (!take_records(row, reading, read)) {
        stage.history.violated(fmt::format("{}-{} hands out bytes that are no batches, behind {}", reading.topic, reading.partition, read.next));
        co_return std::nullopt;
    }
    note_poll(stage, reading, read);
    co_return read;
}

}  // namespace tideline::simulation
