// server/handlers/00_produce.cc: Produce, versions 3–13.
// v5  log start offset   v7  zstd may be sent (KIP-110)   v8  errors of single records (KIP-467)
// v9  flexible           v10 current leader (KIP-951)     v12 same bytes, implicit transaction partitions (KIP-890)
// v13 topic id instead of name (KIP-516)

#include "base/log.h"
#include "base/reach.h"
#include "record/validate.h"
#include "server/api_table.h"
#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/partition_access.h"
#include "server/transaction_gate.h"

namespace tideline::server {

using protocol::ProduceRequest;
using protocol::ProduceResponse;
using runtime::Task;

namespace {

constexpr std::int16_t kAcksAll = -1;
constexpr std::int16_t kAcksLeader = 1;
constexpr std::int16_t kAcksNone = 0;
// A compressed batch of this size or more is decompressed where that holds up nobody else.
constexpr std::size_t kValidateElsewhereBytes = 128 * 1024;

// Kafka's timeout bounds the wait for other replicas; here a request always waits for the disk at least this long, so that a
// client which says 0 is not told of a failure that is none.
constexpr std::int32_t kTimeoutMinMs = 5000;

// What the request says of all its batches.
struct ProduceTerms {
    std::int16_t version = 0;
    std::int16_t acks = 0;
    // Set when a transaction's first batch in a partition needs the word of the transaction coordinator.
    std::optional<TransactionSupport> transaction;
    const TransactionEvidence::Client* client = nullptr;  // of a request with transactional batches, which it outlives
};

struct ProduceItem {
    Located at;
    std::int32_t partition = 0;
    std::size_t topic = 0;  // index in the response
    std::size_t slot = 0;   // index in that topic's partitions
    base::ByteView records;
    log::VerificationGuard guard = log::kNoGuard;  // set: the transaction coordinator is asked about this batch
    log::Offset acknowledged_at = 0;  // the high watermark that acks=all waits for; 0: nothing to wait for
    ErrorCode error = ErrorCode::none;
    std::string_view note;
    std::vector<record::RecordError> record_errors;
    log::AppendInfo appended{.log_start_offset = log::kNoOffset};
};

// What outlives the first phase.
struct ProduceWork {
    ShardServer& server;
    protocol::DecodedHeader header;
    std::int16_t acks = 0;
    runtime::Instant deadline;
    std::vector<ProduceItem> items;
    ProduceResponse response;
};

record::ValidationRules rules_for(const log::LogConfig& config, std::int16_t version) {
    record::ValidationRules rules;
    rules.produce_version = version;
    rules.max_message_bytes = config.max_message_bytes;
    rules.compacted = config.cleanup_compact;
    rules.timestamp_type = config.message_timestamp_type;
    rules.timestamp_before_max_ms = config.message_timestamp_before_max_ms;
    rules.timestamp_after_max_ms = config.message_timestamp_after_max_ms;
    rules.compression = config.compression_type;
    if (rules.compression == record::CompressionType::gzip) {
        rules.compression_level = config.compression_gzip_level;
    } else if (rules.compression == record::CompressionType::lz4) {
        rules.compression_level = config.compression_lz4_level;
    } else if (rules.compression == record::CompressionType::zstd) {
        rules.compression_level = config.compression_zstd_level;
    }
    return rules;
}

void reject(ProduceItem& item, const base::Error& error) {
    item.error = error.code;
    item.note = error.note;
}

// Kafka says where the log starts, except for what it could not even read as a batch of this log.
void reject_batch(ProduceItem& item, const base::Error& error, cluster::Partition& partition) {
    reject(item, error);
    bool is_unreadable = error.code == ErrorCode::corrupt_message || error.code == ErrorCode::message_too_large ||
                         error.code == ErrorCode::record_list_too_large || error.code == ErrorCode::kafka_storage_error;
    item.appended.log_start_offset = is_unreadable ? log::kNoOffset : partition.log().log_start_offset();
}

bool is_worth_offloading(base::ByteView records, const record::ValidationRules& rules) {
    if (records.size() < kValidateElsewhereBytes) {
        return false;
    }
    auto header = record::read_batch_header(records);
    return header && (header->is_compressed() || rules.compression.has_value());
}

Task<std::expected<record::Validated, record::Rejection>> validate(runtime::Shard& shard, base::ByteView records,
                                                                   record::ValidationRules rules) {
    std::int64_t now_ms = shard.wall_ms();
    if (!is_worth_offloading(records, rules)) {
        co_return record::validate_batch(records, rules, now_ms);
    }
    co_return co_await runtime::offload(shard, [&] { return record::validate_batch(records, rules, now_ms); });
}

// For `tideline txn`: who writes in the transaction, and how much.
void note_written(ShardServer& owner, const ProduceItem& item, const record::BatchHeader& batch, std::size_t bytes, const ProduceTerms& terms) {
    if (terms.client == nullptr || !batch.is_transactional() || item.appended.is_duplicate) {
        return;
    }
    owner.transaction_evidence().written({.topic_id = item.at.topic_id,
                                          .partition = item.partition,
                                          .producer_id = batch.producer_id,
                                          .producer_epoch = batch.producer_epoch,
                                          .first_offset = item.appended.base_offset,
                                          .records = batch.record_count,
                                          .bytes = static_cast<std::int64_t>(bytes)},
                                         *terms.client, owner.shard().wall_ms());
}

void append(ShardServer& owner, cluster::Partition& partition, ProduceItem& item, const record::Validated& validated,
            const ProduceTerms& terms) {
    base::ByteView batch = validated.bytes(item.records);
    base::Bytes corrected;
    if (validated.timestamp_type == record::TimestampType::create_time && validated.header.max_timestamp != validated.max_timestamp) {
        // The client's header names another maximum than its records have; lookups by time go by the header.
        corrected.assign(batch.begin(), batch.end());
        record::set_max_timestamp(corrected, record::TimestampType::create_time, validated.max_timestamp);
        batch = corrected;
    }
    log::VerificationGuard guard = terms.transaction ? item.guard : log::kUnguarded;
    auto appended = partition.append_as(batch, {.now_ms = owner.shard().wall_ms(), .guard = guard});
    if (!appended) {
        reject_batch(item, appended.error(), partition);
        return;
    }
    item.appended = *appended;
    note_written(owner, item, validated.header, batch.size(), terms);
    log::Offset end = appended->last_offset + 1;
    if (terms.acks == kAcksAll && !partition.is_acknowledged(end)) {
        item.acknowledged_at = end;
    }
}

// Whether nothing may be appended yet, or at all: the transaction coordinator has to be asked first.
bool waits_for_coordinator(ShardServer& owner, cluster::Partition& partition, ProduceItem& item, const ProduceTerms& terms) {
    auto header = record::read_batch_header(item.records);
    if (!header || !header->is_transactional() || !header->has_producer_id()) {
        return false;
    }
    auto guard = partition.log().begin_verification({.producer_id = header->producer_id,
                                                     .producer_epoch = header->producer_epoch,
                                                     .base_sequence = header->base_sequence,
                                                     .bumps_epochs = terms.transaction == TransactionSupport::implicit_add,
                                                     .now_ms = owner.shard().wall_ms()});
    if (!guard) {
        reject(item, guard.error());
        return true;
    }
    item.guard = *guard;
    return item.guard != log::kNoGuard;
}

Task<void> validate_and_append(ShardServer& owner, cluster::Partition& partition, ProduceItem& item, ProduceTerms terms) {
    if (terms.transaction && item.guard == log::kNoGuard && waits_for_coordinator(owner, partition, item, terms)) {
        co_return;
    }
    record::ValidationRules rules = rules_for(partition.log().config(), terms.version);
    auto validated = co_await validate(owner.shard(), item.records, rules);
    // Validation may have waited: the partition may be gone.
    cluster::Partition* still_there = owner.replicas().find(item.at.topic_id, item.partition);
    if (still_there == nullptr) {
        TL_REACH("produce_to_topic_deleted_meanwhile");
        reject(item, {ErrorCode::unknown_topic_or_partition, "topic was deleted meanwhile"});
        co_return;
    }
    if (!validated) {
        reject_batch(item, validated.error().error, *still_there);
        item.record_errors = std::move(validated.error().record_errors);
        co_return;
    }
    append(owner, *still_there, item, *validated, terms);
}

// The second visit, of batches that the transaction coordinator was asked about.
Task<void> append_if_verified(ShardServer& owner, cluster::Partition& partition, ProduceItem& item, ProduceTerms terms) {
    if (item.guard != log::kNoGuard && item.error == ErrorCode::none) {
        co_await validate_and_append(owner, partition, item, terms);
    }
}

// One row of the response and one item of work for each partition of the request.
void lay_out(ProduceWork& work, const ProduceRequest& request) {
    const cluster::MetadataImage& image = *work.server.image();
    bool by_id = work.header.api_version >= 13;
    ErrorCode unknown = by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
    std::size_t count = 0;
    std::ranges::for_each(request.topic_data, [&](const auto& topic) { count += topic.partition_data.size(); });
    work.items.reserve(count);
    for (const auto& topic : request.topic_data) {
        auto& topic_response = work.response.responses.emplace_back();
        topic_response.name = topic.name;
        topic_response.topic_id = topic.topic_id;
        const cluster::TopicImage* found = by_id ? image.topic(topic.topic_id) : image.topic(topic.name);
        topic_response.partition_responses.reserve(topic.partition_data.size());
        for (const auto& partition : topic.partition_data) {
            ProduceItem item;
            item.partition = partition.index;
            item.topic = work.response.responses.size() - 1;
            item.slot = topic_response.partition_responses.size();
            item.records = partition.records.bytes;
            item.at = locate(work.server, found, partition.index, unknown);
            if (found != nullptr && found->is_internal()) {
                item.at.error = ErrorCode::invalid_topic_exception;
                item.note = "internal topics are written by the broker only";
            }
            topic_response.partition_responses.emplace_back().index = partition.index;
            work.items.push_back(std::move(item));
        }
    }
}

// The headers of batches that say that they belong to a transaction; what cannot be read is judged later.
std::vector<record::BatchHeader> transactional_batches(const ProduceWork& work) {
    std::vector<record::BatchHeader> found;
    for (const ProduceItem& item : work.items) {
        auto header = record::read_batch_header(item.records);
        if (header && header->is_transactional()) {
            found.push_back(*header);
        }
    }
    return found;
}

void refuse_all(ProduceWork& work, ErrorCode error) {
    for (ProduceItem& item : work.items) {
        item.at.error = error;
    }
}

// Why no batch of the request is looked at, or none. Judged by what the batches say, not by what the request admits to
// (CVE-2018-17196).
ErrorCode why_refused(const ProduceRequest& request, const std::vector<record::BatchHeader>& transactional) {
    if (!request.transactional_id && !transactional.empty()) {
        return ErrorCode::transactional_id_authorization_failed;
    }
    if (request.acks != kAcksAll && request.acks != kAcksLeader && request.acks != kAcksNone) {
        return ErrorCode::invalid_required_acks;
    }
    bool is_one_producer = std::ranges::all_of(transactional, [&](const record::BatchHeader& each) {
        return each.producer_id == transactional.front().producer_id && each.producer_epoch == transactional.front().producer_epoch;
    });
    return is_one_producer ? ErrorCode::none : ErrorCode::invalid_producer_id_mapping;
}

// Asks about the partitions in which the transaction is about to begin, and refuses what the coordinator does not know of.
Task<void> ask_about_new_partitions(ProduceWork& work, const std::string& transactional_id, const record::BatchHeader& producer,
                                    TransactionSupport support) {
    std::vector<NewPartition> partitions;
    std::vector<ProduceItem*> asked;
    for (ProduceItem& item : work.items) {
        if (item.guard != log::kNoGuard) {
            partitions.push_back({.topic_id = item.at.topic_id, .partition = item.partition});
            asked.push_back(&item);
        }
    }
    TransactionCheck check{.transactional_id = transactional_id,
                           .producer_id = producer.producer_id,
                           .producer_epoch = producer.producer_epoch,
                           .partitions = {}};
    std::vector<base::Error> refusals = co_await verify_new_partitions(work.server, std::move(check), std::move(partitions), support);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (refusals[i].code != ErrorCode::none) {
            reject(*asked[i], refusals[i]);
        }
    }
}

void fill_in(ProduceWork& work) {
    for (ProduceItem& item : work.items) {
        auto& row = work.response.responses[item.topic].partition_responses[item.slot];
        row.error_code = item.at.error != ErrorCode::none ? item.at.error : item.error;
        if (row.error_code != ErrorCode::none) {
            row.base_offset = -1;
            row.log_start_offset = item.appended.log_start_offset;
            if (!item.note.empty()) {
                row.error_message = std::string(item.note);
            }
            for (record::RecordError& each : item.record_errors) {
                row.record_errors.push_back({each.batch_index, std::move(each.message)});
            }
            continue;
        }
        row.base_offset = item.appended.base_offset;
        row.log_append_time_ms = item.appended.log_append_time_ms;
        row.log_start_offset = item.appended.log_start_offset;
    }
}

// acks=0: there is no response that could carry an error; closing the connection is how the client learns of it.
Reply unanswered(const ProduceWork& work) {
    for (const ProduceItem& item : work.items) {
        if (item.at.error != ErrorCode::none || item.error != ErrorCode::none) {
            return close_connection("produce with acks=0 failed");
        }
    }
    return Reply{EncodedResponse{.bytes = {}, .splices = {}, .is_sent = false, .close_reason = {}}, std::nullopt};
}

bool has_something_to_wait_for(const ProduceWork& work) {
    return std::ranges::any_of(work.items, [](const ProduceItem& item) { return item.acknowledged_at > 0; });
}

Task<void> wait_acknowledged(cluster::Partition& partition, ProduceItem& item, runtime::Instant deadline) {
    if (item.acknowledged_at == 0) {
        co_return;
    }
    auto acknowledged = co_await partition.wait_acknowledged(item.acknowledged_at, deadline);
    if (!acknowledged) {
        reject(item, acknowledged.error());
    }
}

Task<EncodedResponse> finish_when_acknowledged(ProduceWork work) {
    auto visit = [deadline = work.deadline](ShardServer&, cluster::Partition& partition, ProduceItem& item) {
        return wait_acknowledged(partition, item, deadline);
    };
    co_await for_each_on_owner(work.server, work.items, visit);
    fill_in(work);
    co_return encode_response(work.header, work.response);
}

}  // namespace

Task<Reply> handle_produce(RequestContext& context, ProduceRequest& request) {
    ProduceWork work{.server = context.server,
                     .header = context.header,
                     .acks = request.acks,
                     .deadline = context.server.shard().now() + std::chrono::milliseconds(std::max(request.timeout_ms, kTimeoutMinMs)),
                     .items = {},
                     .response = {}};
    lay_out(work, request);
    std::vector<record::BatchHeader> transactional = transactional_batches(work);
    if (ErrorCode refusal = why_refused(request, transactional); refusal != ErrorCode::none) {
        refuse_all(work, refusal);
    }
    ProduceTerms terms{.version = context.version(), .acks = request.acks, .transaction = std::nullopt};
    const TransactionEvidence::Client client = evidence_client_of(context, request.transactional_id);
    terms.client = transactional.empty() ? nullptr : &client;
    TransactionSupport support = transaction_support_of_produce(context.version());
    if (!transactional.empty() && needs_verification(context.server, support)) {
        terms.transaction = support;
    }
    auto visit = [terms](ShardServer& owner, cluster::Partition& partition, ProduceItem& item) {
        return validate_and_append(owner, partition, item, terms);
    };
    co_await for_each_on_owner(context.server, work.items, visit);
    if (std::ranges::any_of(work.items, [](const ProduceItem& item) { return item.guard != log::kNoGuard; })) {
        co_await ask_about_new_partitions(work, *request.transactional_id, transactional.front(), support);
        auto go_on = [terms](ShardServer& owner, cluster::Partition& partition, ProduceItem& item) {
            return append_if_verified(owner, partition, item, terms);
        };
        co_await for_each_on_owner(context.server, work.items, go_on);
    }
    if (request.acks == kAcksNone) {
        co_return unanswered(work);
    }
    if (has_something_to_wait_for(work)) {
        co_return Reply{EncodedResponse{}, finish_when_acknowledged(std::move(work))};
    }
    fill_in(work);
    co_return Reply{encode_response(work.header, work.response), std::nullopt};
}

}  // namespace tideline::server
