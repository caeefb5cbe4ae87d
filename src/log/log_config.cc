#include "log/log_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace tideline::log {

namespace {

using base::PropertyRow;
using base::PropertyType;

constexpr std::string_view kPolicies[] = {"compact", "delete"};
constexpr std::string_view kCodecs[] = {"uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"};
constexpr std::string_view kTimestampTypes[] = {"CreateTime", "LogAppendTime"};

constexpr double kAnyMin = -std::numeric_limits<double>::infinity();
constexpr double kAnyMax = std::numeric_limits<double>::infinity();
constexpr std::string_view kForever = "9223372036854775807";

// A number: at least `min`.
constexpr PropertyRow number(std::string_view name, PropertyType type, std::string_view value, double min,
                             std::string_view synonym, std::string_view description, double max = kAnyMax) {
    return {.name = name,
            .type = type,
            .default_value = value,
            .description = description,
            .min = min,
            .max = max,
            .update = base::PropertyUpdate::cluster_wide,
            .broker_synonym = synonym};
}

constexpr PropertyRow word(std::string_view name, PropertyType type, std::string_view value,
                           std::span<const std::string_view> choices, std::string_view synonym, std::string_view description) {
    return {.name = name,
            .type = type,
            .default_value = value,
            .description = description,
            .choices = choices,
            .update = base::PropertyUpdate::cluster_wide,
            .broker_synonym = synonym};
}

constexpr auto kInt = PropertyType::int32;
constexpr auto kLong = PropertyType::int64;
constexpr auto kFlag = PropertyType::boolean;

constexpr std::array kRows{
    word("cleanup.policy", PropertyType::list, "delete", kPolicies, "log.cleanup.policy",
         "What happens to old records: `delete` drops them by age and size, `compact` keeps the newest of each key; both may be given, and none."),
    number("compression.gzip.level", kInt, "-1", -1, "compression.gzip.level",
           "The level when the broker compresses with gzip: 1 to 9, or -1 for the codec's own default.", 9),
    number("compression.lz4.level", kInt, "9", 1, "compression.lz4.level", "The level when the broker compresses with lz4.", 17),
    word("compression.type", PropertyType::string, "producer", kCodecs, "compression.type",
         "The codec batches are stored with; `producer` keeps the one they came with."),
    number("compression.zstd.level", kInt, "3", -131072, "compression.zstd.level", "The level when the broker compresses with zstd.", 22),
    number("delete.retention.ms", kLong, "86400000", 0, "log.cleaner.delete.retention.ms",
           "How long a compacted topic keeps tombstones and transaction markers, so that a slow reader still sees them."),
    number("file.delete.delay.ms", kLong, "60000", 0, "log.segment.delete.delay.ms",
           "How long the files of a deleted segment stay on disk."),
    number("flush.messages", kLong, kForever, 1, "log.flush.interval.messages",
           "Sync the log after this many records, beyond what tideline.durability demands."),
    number("flush.ms", kLong, kForever, 0, "log.flush.interval.ms",
           "Sync the log when its oldest unsynced record is this old, beyond what tideline.durability demands."),
    word("follower.replication.throttled.replicas", PropertyType::list, "", {}, "",
         "Replicas whose fetching is throttled as partition:broker pairs, or * for all."),
    number("index.interval.bytes", kInt, "4096", 0, "log.index.interval.bytes",
           "How many bytes of records lie between two entries of the offset index."),
    word("leader.replication.throttled.replicas", PropertyType::list, "", {}, "",
         "Replicas whose serving is throttled as partition:broker pairs, or * for all."),
    number("local.retention.bytes", kLong, "-2", -2, "log.local.retention.bytes",
           "With tiered storage, how many bytes a partition keeps locally; -2 means retention.bytes."),
    number("local.retention.ms", kLong, "-2", -2, "log.local.retention.ms",
           "With tiered storage, how long records are kept locally; -2 means retention.ms."),
    number("max.compaction.lag.ms", kLong, kForever, 1, "log.cleaner.max.compaction.lag.ms",
           "A record is compacted at the latest when it is this old."),
    number("max.message.bytes", kInt, "1048588", 0, "message.max.bytes", "The largest batch that may be appended, as it is stored."),
    number("message.timestamp.after.max.ms", kLong, "3600000", 0, "log.message.timestamp.after.max.ms",
           "How far a record's own timestamp may lie ahead of the broker's clock."),
    number("message.timestamp.before.max.ms", kLong, kForever, 0, "log.message.timestamp.before.max.ms",
           "How far a record's own timestamp may lie behind the broker's clock."),
    word("message.timestamp.type", PropertyType::string, "CreateTime", kTimestampTypes, "log.message.timestamp.type",
         "Whether records keep the producer's timestamp or get the time of the append."),
    number("min.cleanable.dirty.ratio", PropertyType::float64, "0.5", 0, "log.cleaner.min.cleanable.ratio",
           "Compaction starts when this share of the log may be dirty.", 1),
    number("min.compaction.lag.ms", kLong, "0", 0, "log.cleaner.min.compaction.lag.ms",
           "A record is not compacted before it is this old."),
    number("min.insync.replicas", kInt, "1", 1, "min.insync.replicas",
           "With acks=all a write is refused while fewer replicas than this are in sync."),
    word("preallocate", kFlag, "false", {}, "log.preallocate", "Accepted; files grow as they are written."),
    word("remote.log.copy.disable", kFlag, "false", {}, "", "With tiered storage, stop uploading and keep what was uploaded."),
    word("remote.log.delete.on.disable", kFlag, "false", {}, "", "Whether switching tiered storage off deletes what was uploaded."),
    word("remote.storage.enable", kFlag, "false", {}, "", "Whether sealed segments go to tiered storage."),
    number("retention.bytes", kLong, "-1", kAnyMin, "log.retention.bytes",
           "How large a partition may grow before its oldest segments are deleted; -1 for no limit."),
    number("retention.ms", kLong, "604800000", -1, "log.retention.ms",
           "How long records are kept before their segment is deleted; -1 for ever."),
    number("segment.bytes", kInt, "1073741824", 1 << 20, "log.segment.bytes",
           "How large a segment file may become before the next one is started."),
    number("segment.index.bytes", kInt, "10485760", 4, "log.index.size.max.bytes",
           "How large a segment's index may become before the next segment is started."),
    number("segment.jitter.ms", kLong, "0", 0, "log.roll.jitter.ms",
           "The largest time by which segments are started early, so that not all partitions do it at once."),
    number("segment.ms", kLong, "604800000", 1, "log.roll.ms",
           "How much time a segment's records may span before the next one is started, so that retention has something to delete."),
    word("unclean.leader.election.enable", kFlag, "false", {}, "unclean.leader.election.enable",
         "Whether a replica that is behind may lead when no other is left, at the price of lost records."),
};
static_assert(std::ranges::is_sorted(kRows, {}, &PropertyRow::name));

std::optional<std::string> effective(std::string_view name, const std::map<std::string, std::string>& overrides,
                                     const BrokerDefault& broker_default) {
    if (auto set = overrides.find(std::string(name)); set != overrides.end()) {
        return set->second;
    }
    std::optional<std::string> value = broker_default ? broker_default(name) : std::nullopt;
    const PropertyRow* row = find_topic_property(name);
    if (!value && row != nullptr && row->default_value) {
        value = std::string(*row->default_value);
    }
    return value;
}

// "0:1,1:2" or "*".
bool is_replica_list(std::string_view value) {
    auto is_number = [](std::string_view text) {
        return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    for (const std::string& item : base::parse_list(value)) {
        std::size_t colon = item.find(':');
        if (item != "*" && (colon == std::string::npos || !is_number(std::string_view(item).substr(0, colon)) ||
                            !is_number(std::string_view(item).substr(colon + 1)))) {
            return false;
        }
    }
    return true;
}

std::optional<std::string> why_illegal_value(const PropertyRow& row, std::string_view value) {
    if (auto why = base::why_illegal(row, value)) {
        return fmt::format("Invalid value {} for configuration {}: {}", value, row.name, *why);
    }
    if (row.type == PropertyType::list) {
        std::vector<std::string> items = base::parse_list(value);
        if (std::set<std::string>(items.begin(), items.end()).size() != items.size()) {
            return fmt::format("Invalid value {} for configuration {}: a word is given twice", value, row.name);
        }
    }
    if (row.name.ends_with(".throttled.replicas") && !is_replica_list(value)) {
        return fmt::format("Invalid value {} for configuration {}: must be * or partition:broker pairs", value, row.name);
    }
    if (row.name == "compression.gzip.level" && base::parse_int(value) == 0) {
        return fmt::format("Invalid value {} for configuration {}: must be 1 to 9, or -1", value, row.name);
    }
    return std::nullopt;
}

}  // namespace

std::span<const PropertyRow> topic_properties() { return kRows; }

const PropertyRow* find_topic_property(std::string_view name) {
    auto row = std::ranges::lower_bound(kRows, name, {}, &PropertyRow::name);
    return row != kRows.end() && row->name == name ? &*row : nullptr;
}

LogConfig make_log_config(const std::map<std::string, std::string>& overrides, const BrokerDefault& broker_default) {
    auto text = [&](std::string_view name) { return effective(name, overrides, broker_default).value_or(""); };
    auto integer = [&](std::string_view name) { return base::parse_int(text(name)); };
    auto integer32 = [&](std::string_view name) { return static_cast<std::int32_t>(base::parse_int(text(name))); };
    auto flag = [&](std::string_view name) { return base::parse_bool(text(name)); };
    std::vector<std::string> policies = base::parse_list(text("cleanup.policy"));
    std::string codec = text("compression.type");
    return LogConfig{
        .segment_bytes = integer32("segment.bytes"),
        .segment_ms = integer("segment.ms"),
        .segment_jitter_ms = integer("segment.jitter.ms"),
        .segment_index_bytes = integer32("segment.index.bytes"),
        .index_interval_bytes = integer32("index.interval.bytes"),
        .max_message_bytes = integer32("max.message.bytes"),
        .flush_messages = integer("flush.messages"),
        .flush_ms = integer("flush.ms"),
        .retention_bytes = integer("retention.bytes"),
        .retention_ms = integer("retention.ms"),
        .cleanup_delete = std::ranges::find(policies, "delete") != policies.end(),
        .cleanup_compact = std::ranges::find(policies, "compact") != policies.end(),
        .file_delete_delay_ms = integer("file.delete.delay.ms"),
        .delete_retention_ms = integer("delete.retention.ms"),
        .min_compaction_lag_ms = integer("min.compaction.lag.ms"),
        .max_compaction_lag_ms = integer("max.compaction.lag.ms"),
        .min_cleanable_dirty_ratio = base::parse_float(text("min.cleanable.dirty.ratio")),
        .min_insync_replicas = integer32("min.insync.replicas"),
        .unclean_leader_election_enable = flag("unclean.leader.election.enable"),
        .compression_type = codec == "uncompressed" ? record::CompressionType::none : record::compression_type_named(codec),
        .compression_gzip_level = integer32("compression.gzip.level"),
        .compression_lz4_level = integer32("compression.lz4.level"),
        .compression_zstd_level = integer32("compression.zstd.level"),
        .message_timestamp_type = text("message.timestamp.type") == "LogAppendTime" ? record::TimestampType::log_append_time
                                                                                    : record::TimestampType::create_time,
        .message_timestamp_before_max_ms = integer("message.timestamp.before.max.ms"),
        .message_timestamp_after_max_ms = integer("message.timestamp.after.max.ms"),
        .preallocate = flag("preallocate"),
        .remote_storage_enable = flag("remote.storage.enable"),
    };
}

std::optional<std::string> why_illegal_topic_config(const std::map<std::string, std::string>& overrides,
                                                    const BrokerDefault& broker_default) {
    for (const auto& [name, value] : overrides) {
        const PropertyRow* row = find_topic_property(name);
        if (row == nullptr) {
            return fmt::format("Unknown topic config name: {}", name);
        }
        if (auto why = why_illegal_value(*row, value)) {
            return why;
        }
    }
    LogConfig config = make_log_config(overrides, broker_default);
    if (config.min_compaction_lag_ms > config.max_compaction_lag_ms) {
        return fmt::format("conflict topic config setting min.compaction.lag.ms ({}) > max.compaction.lag.ms ({})",
                           config.min_compaction_lag_ms, config.max_compaction_lag_ms);
    }
    return std::nullopt;
}

}  // namespace tideline::log
