// log/checkpoint_file.h: the small text files around the logs.
//
// A checkpoint is `0`, the number of lines, and the lines. Reading refuses what it does not understand; an empty file is a
// checkpoint without lines. Writing replaces the file so that a crash leaves the old one or the new one.
// Errors:  kafka_storage_error; a missing file is no error but an empty answer.
// Blocks:  all of it; call it through offload().
// Format:  docs/formats/log.md.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "log/types.h"
#include "runtime/files.h"

namespace tideline::log {

// Files of a data directory with one offset a partition.
inline constexpr std::string_view kRecoveryPointCheckpoint = "recovery-point-offset-checkpoint";
inline constexpr std::string_view kLogStartCheckpoint = "log-start-offset-checkpoint";
inline constexpr std::string_view kHighWatermarkCheckpoint = "replication-offset-checkpoint";
inline constexpr std::string_view kCleanerCheckpoint = "cleaner-offset-checkpoint";
// A file of a partition's directory.
inline constexpr std::string_view kLeaderEpochCheckpoint = "leader-epoch-checkpoint";
inline constexpr std::string_view kPartitionMetadata = "partition.metadata";
inline constexpr std::string_view kCleanShutdownMarker = ".kafka_cleanshutdown";

struct TopicPartition {
    std::string topic;
    std::int32_t partition = 0;

    friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

using OffsetCheckpoint = std::map<TopicPartition, Offset>;

Result<OffsetCheckpoint> read_offset_checkpoint(runtime::FileSystem& files, std::string_view path);
Result<> write_offset_checkpoint(runtime::FileSystem& files, std::string_view path, const OffsetCheckpoint& offsets);

// The marker of a clean stop. Its broker epoch lets the controller tell a clean restart from an unclean one (KIP-966).
struct CleanShutdown {
    std::int64_t broker_epoch = -1;
};
// nullopt: no marker, the last stop was not clean. A marker that cannot be read counts as one of an unknown epoch.
Result<std::optional<CleanShutdown>> read_clean_shutdown(runtime::FileSystem& files, std::string_view data_directory);
Result<> write_clean_shutdown(runtime::FileSystem& files, std::string_view data_directory, const CleanShutdown& marker);
// Durably; call it before the first log is opened, so that a crash meanwhile does not pass for a clean stop.
Result<> remove_clean_shutdown(runtime::FileSystem& files, std::string_view data_directory);

// The topic id of a partition's directory; nullopt when it has none yet.
Result<std::optional<Uuid>> read_partition_metadata(runtime::FileSystem& files, std::string_view directory);
Bytes encode_partition_metadata(const Uuid& topic_id);
Result<> write_partition_metadata(runtime::FileSystem& files, std::string_view directory, const Uuid& topic_id);

// Building blocks for files of the same shape.
class CheckpointWriter {
public:
    explicit CheckpointWriter(std::size_t lines) { line("0"), line("{}", lines); }

    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    Bytes take() const { return Bytes(text_.begin(), text_.end()); }

private:
    std::string text_;
};

// The lines after version and count; views into `text`.
Result<std::vector<std::string_view>> read_checkpoint_lines(ByteView text);
// Whether `line` is exactly these many decimal numbers, separated by blanks.
bool parse_numbers(std::string_view line, std::span<std::int64_t> numbers);

}  // namespace tideline::log
