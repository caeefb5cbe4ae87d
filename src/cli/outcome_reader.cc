#include "cli/outcome_reader.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/read_ranges.h"
#include "record/control.h"

namespace tideline::cli {
namespace {

constexpr std::size_t kDecompressedBytesMax = 1U << 30;

std::string_view as_text(base::ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::optional<std::string_view> as_text(const std::optional<base::ByteView>& bytes) {
    return bytes ? std::optional(as_text(*bytes)) : std::nullopt;
}

Failure unreadable(std::int32_t partition, const base::Error& error) {
    return {ExitCode::refused, fmt::format("cannot read partition {}: {}", partition, base::to_string(error))};
}

// The type of a control batch: that of its first record.
base::Result<record::ControlType> control_type_of(const record::BatchView& batch) {
    TL_TRY(reader, record::RecordReader::open(batch, kDecompressedBytesMax));
    TL_TRY(record, reader.next());
    return record && record->key ? record::parse_control_key(*record->key) : base::Result<record::ControlType>(record::ControlType::unknown);
}

}  // namespace

OutcomeReader::OutcomeReader(std::unique_ptr<KafkaClient> client, PartitionFetcher fetcher, const ConsumeOptions& options)
    : client_(std::move(client)),
      fetcher_(std::move(fetcher)),
      topic_(options.topic),
      isolation_(options.isolation == "read_committed" ? Isolation::read_committed : Isolation::read_uncommitted),
      follow_(options.follow) {}

Outcome<std::unique_ptr<OutcomeReader>> OutcomeReader::open(const ConsumeOptions& options, std::vector<std::string>& warnings) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer, {{"isolation.level", options.isolation}}));
    TL_TRY(ranges, find_ranges(*client, options, warnings));
    TL_TRY(fetcher, PartitionFetcher::open(*client, options.topic));
    std::unique_ptr<OutcomeReader> reader(new OutcomeReader(std::move(client), std::move(fetcher), options));
    for (const ReadRange& range : ranges) {
        reader->partitions_.push_back(std::make_unique<Partition>(Partition{.range = range, .at = range.start}));
    }
    return reader;
}

Outcome<RecordSource::Step> OutcomeReader::next(int wait_ms) {
    std::size_t silent = 0;  // partitions in a row that had nothing
    for (;;) {
        if (chunk_) {
            TL_TRY(found, next_record());
            if (found) {
                return Step::record;
            }
            chunk_.reset();
        }
        std::erase_if(partitions_, [](const auto& each) { return each->range.stop && each->at >= *each->range.stop; });
        if (partitions_.empty()) {
            return Step::done;
        }
        if (silent == partitions_.size()) {
            TL_TRY_VOID(wait(wait_ms));
            return Step::idle;
        }
        turn_ = (turn_ + 1) % partitions_.size();
        Partition& partition = *partitions_[turn_];
        TL_TRY(chunk, fetch_chunk(partition));
        chunk_ = std::move(chunk);
        silent = chunk_ ? 0 : silent + 1;
        if (!chunk_ && !follow_) {
            partition.range.stop = partition.at;  // compaction took what was there
        }
    }
}

// nullptr: there is nothing at the moment.
Outcome<std::unique_ptr<OutcomeReader::Chunk>> OutcomeReader::fetch_chunk(Partition& partition) {
    const std::int32_t id = partition.range.partition;
    TL_TRY(stable, fetcher_.fetch(id, partition.at, Isolation::read_committed));
    std::int64_t end = std::numeric_limits<std::int64_t>::max();
    if (!stable.batches.empty()) {
        record::BatchCursor cursor(stable.batches);
        DecidedOutcomes decided(std::move(stable.aborted));
        return std::unique_ptr<Chunk>(new Chunk{partition, std::move(stable), cursor, std::move(decided), end});
    }
    if (isolation_ == Isolation::read_committed || partition.at >= stable.high_watermark) {
        return nullptr;
    }
    TL_TRY_VOID(learn_markers(partition, stable.high_watermark));
    TL_TRY(unstable, fetcher_.fetch(id, partition.at, Isolation::read_uncommitted));
    if (unstable.batches.empty()) {
        return nullptr;
    }
    record::BatchCursor cursor(unstable.batches);
    return std::unique_ptr<Chunk>(new Chunk{partition, std::move(unstable), cursor, std::nullopt, partition.markers_end});
}

// Reads on to `end` and remembers the markers on the way.
Outcome<> OutcomeReader::learn_markers(Partition& partition, std::int64_t end) {
    partition.markers_end = std::max(partition.markers_end, partition.at);
    while (partition.markers_end < end) {
        TL_TRY(fetched, fetcher_.fetch(partition.range.partition, partition.markers_end, Isolation::read_uncommitted));
        record::BatchCursor cursor(fetched.batches);
        const std::int64_t before = partition.markers_end;
        for (;;) {
            auto batch = cursor.next();
            if (!batch) {
                return std::unexpected(unreadable(partition.range.partition, batch.error()));
            }
            if (!*batch) {
                break;
            }
            const record::BatchHeader& header = (*batch)->header;
            if (header.is_control() && header.base_offset >= before) {
                auto type = control_type_of(**batch);
                if (!type) {
                    return std::unexpected(unreadable(partition.range.partition, type.error()));
                }
                if (*type == record::ControlType::commit || *type == record::ControlType::abort) {
                    partition.markers.add(header, *type == record::ControlType::commit);
                }
            }
            partition.markers_end = std::max(partition.markers_end, header.next_offset());
        }
        if (partition.markers_end == before) {
            break;  // compaction took the end
        }
    }
    partition.markers_end = std::max(partition.markers_end, end);
    return {};
}

// Of several partitions, records of another one are seen when the wait is over.
Outcome<> OutcomeReader::wait(int wait_ms) {
    if (wait_ms == 0) {
        return {};
    }
    const Partition& partition = *partitions_[turn_];
    return fetcher_.wait_for_more(partition.range.partition, partition.at, isolation_, wait_ms);
}

// The next wanted record of the chunk, if it has one; it moves the partition on.
Outcome<bool> OutcomeReader::next_record() {
    for (;;) {
        while (chunk_->records) {
            auto record = chunk_->records->next();
            if (!record) {
                return std::unexpected(unreadable(chunk_->partition.range.partition, record.error()));
            }
            if (!*record) {
                chunk_->partition.at = std::max(chunk_->partition.at, chunk_->header.next_offset());
                chunk_->records.reset();
            } else if (is_wanted(**record)) {
                chunk_->partition.at = (*record)->offset + 1;
                show(**record);
                return true;
            }
        }
        TL_TRY(more, next_batch());
        if (!more) {
            return false;
        }
    }
}

// Goes on to the next batch; one of markers gives no records. False at the end of what may be read of the chunk.
Outcome<bool> OutcomeReader::next_batch() {
    Partition& partition = chunk_->partition;
    auto batch = chunk_->cursor.next();
    if (!batch) {
        return std::unexpected(unreadable(partition.range.partition, batch.error()));
    }
    if (!*batch || (*batch)->header.base_offset >= chunk_->end) {
        return false;
    }
    chunk_->header = (*batch)->header;
    if (partition.range.stop && chunk_->header.base_offset >= *partition.range.stop) {
        partition.at = *partition.range.stop;
        return false;
    }
    if (chunk_->header.is_control()) {
        if (chunk_->decided) {
            chunk_->decided->pass_marker(chunk_->header);
        }
        partition.at = std::max(partition.at, chunk_->header.next_offset());
        return true;
    }
    chunk_->outcome = chunk_->decided ? chunk_->decided->outcome_of(chunk_->header) : partition.markers.outcome_of(chunk_->header);
    auto records = record::RecordReader::open(**batch, kDecompressedBytesMax);
    if (!records) {
        return std::unexpected(unreadable(partition.range.partition, records.error()));
    }
    chunk_->records.emplace(std::move(*records));
    return true;
}

bool OutcomeReader::is_wanted(const record::Record& record) const {
    const ReadRange& range = chunk_->partition.range;
    return record.offset >= chunk_->partition.at && (!range.stop || record.offset < *range.stop);
}

void OutcomeReader::show(const record::Record& record) {
    const record::BatchHeader& header = chunk_->header;
    view_.topic = topic_;
    view_.partition = chunk_->partition.range.partition;
    view_.offset = record.offset;
    view_.timestamp_ms = record.timestamp;
    view_.timestamp_kind = record.timestamp < 0 ? TimestampKind::none
                           : header.timestamp_type() == record::TimestampType::create_time ? TimestampKind::create_time
                                                                                            : TimestampKind::log_append_time;
    view_.key = as_text(record.key);
    view_.value = as_text(record.value);
    view_.headers.clear();
    for (const record::RecordHeader& each : record.headers) {
        view_.headers.push_back({as_text(each.key), as_text(each.value)});
    }
    view_.outcome = chunk_->outcome;
    view_.producer_id = header.is_transactional() ? std::optional(header.producer_id) : std::nullopt;
}

}  // namespace tideline::cli
