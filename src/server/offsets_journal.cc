#include "server/offsets_journal.h"

namespace tideline::server {

using base::Result;
using runtime::Task;

Result<cluster::Partition*> OffsetsJournal::partition() const {
    cluster::Partition* found = replicas_.find(key_.topic_id, key_.partition);
    if (found == nullptr) {
        return base::fail(ErrorCode::not_leader_or_follower, "the partition of __consumer_offsets is not here", key_.partition);
    }
    return found;
}

std::int64_t OffsetsJournal::start() const {
    auto found = partition();
    return found ? (*found)->log().log_start_offset() : 0;
}

std::int64_t OffsetsJournal::end() const {
    auto found = partition();
    return found ? (*found)->log().next_offset() : 0;
}

std::size_t OffsetsJournal::batch_bytes_max() const {
    auto found = partition();
    return found ? static_cast<std::size_t>((*found)->log().config().max_message_bytes) : 0;
}

Result<std::int64_t> OffsetsJournal::append(base::ByteView batch, const coordinator::JournalAppend& how) {
    TL_TRY(found, partition());
    log::AppendOptions options{.origin = log::AppendOrigin::coordinator,
                               .now_ms = how.now_ms,
                               .transaction_version = how.transaction_version,
                               .guard = how.guard};
    TL_TRY(appended, found->append_as(batch, options, cluster::FlushBegins::when_awaited));
    return appended.last_offset + 1;
}

Task<Result<>> OffsetsJournal::wait_durable(std::int64_t end) {
    auto found = partition();
    if (!found) {
        co_return std::unexpected(found.error());
    }
    runtime::Instant deadline = shard_.now() + commit_timeout_;
    co_return co_await (*found)->wait_acknowledged(end, deadline);
}

Task<Result<coordinator::JournalSlice>> OffsetsJournal::read(std::int64_t from, std::size_t bytes_max) {
    auto found = partition();
    if (!found) {
        co_return std::unexpected(found.error());
    }
    log::PartitionLog& log = (*found)->log();
    auto slice = log.read(from, bytes_max, log.next_offset(), true);
    if (!slice) {
        co_return std::unexpected(slice.error());
    }
    coordinator::JournalSlice out{.batches = base::Bytes(slice->size), .next = slice->is_empty() ? from : slice->next_offset};
    if (slice->is_empty()) {
        co_return out;
    }
    auto got = co_await runtime::offload(shard_, [&] { return slice->file->read_at(slice->position, out.batches); });
    if (!got) {
        co_return std::unexpected(got.error());
    }
    if (*got != out.batches.size()) {
        co_return base::fail(ErrorCode::kafka_storage_error, "a log of __consumer_offsets ends inside a batch", from);
    }
    co_return out;
}

}  // namespace tideline::server
