#include "cli/txn/written_amount.h"

#include <algorithm>

#include "base/result.h"
#include "record/batch.h"

namespace tideline::cli {
namespace {

constexpr std::size_t kReadBytesMax = 256U << 20;

bool is_of(const record::BatchHeader& batch, const OpenTransaction& transaction) {
    return batch.is_transactional() && !batch.is_control() && batch.producer_id == transaction.producer_id &&
           batch.producer_epoch == transaction.producer_epoch && batch.base_offset >= transaction.first_offset;
}

void count(const record::BatchHeader& batch, std::vector<OpenTransaction>& counted) {
    for (OpenTransaction& each : counted) {
        if (is_of(batch, each)) {
            each.opened_ms = each.opened_ms ? each.opened_ms : std::optional(batch.base_timestamp);
            each.records = each.records.value_or(0) + batch.record_count;
            each.bytes = each.bytes.value_or(0) + static_cast<std::int64_t>(batch.size_in_bytes());
        }
    }
}

}  // namespace

Outcome<> count_written(KafkaClient& client, PartitionState& partition) {
    std::vector<OpenTransaction> counted;
    std::ranges::copy_if(partition.open, std::back_inserter(counted), [](const OpenTransaction& each) { return !each.records; });
    if (counted.empty()) {
        return {};
    }
    TL_TRY(fetcher, PartitionFetcher::open(client, partition.at.topic));
    std::size_t read_bytes = 0;
    for (std::int64_t at = counted.front().first_offset; at < partition.high_watermark;) {
        TL_TRY(fetched, fetcher.fetch(partition.at.partition, at, Isolation::read_uncommitted));
        read_bytes += fetched.batches.size();
        if (read_bytes > kReadBytesMax) {
            return {};
        }
        record::BatchCursor cursor(fetched.batches);
        const std::int64_t before = at;
        for (auto batch = cursor.next(); batch && *batch; batch = cursor.next()) {
            count((*batch)->header, counted);
            at = std::max(at, (*batch)->header.next_offset());
        }
        if (at == before) {
            break;
        }
    }
    for (OpenTransaction& each : partition.open) {
        auto found = std::ranges::find(counted, each.first_offset, &OpenTransaction::first_offset);
        if (found != counted.end()) {
            each = *found;
        }
    }
    return {};
}

}  // namespace tideline::cli
