#include "log/checkpoint_file.h"

#include <charconv>

#include "base/log.h"

namespace tideline::log {

namespace {

std::string in(std::string_view directory, std::string_view name) { return fmt::format("{}/{}", directory, name); }

// The next word of `line`, which then starts after it. Empty at the end.
std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r\n"), line.size()));
    std::string_view word = line.substr(0, line.find_first_of(" \t\r\n"));
    line.remove_prefix(word.size());
    return word;
}

std::optional<std::int64_t> parse_number(std::string_view word) {
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || error != std::errc() || end != word.data() + word.size()) {
        return std::nullopt;
    }
    return value;
}

bool is_missing(const Error& error) { return error.code == ErrorCode::kafka_storage_error && error.detail == ENOENT; }

// nullopt when the file is not there.
Result<std::optional<Bytes>> read_if_there(runtime::FileSystem& files, std::string_view path) {
    auto content = runtime::read_file(files, path);
    if (content) {
        return std::optional(std::move(*content));
    }
    if (is_missing(content.error())) {
        return std::optional<Bytes>();
    }
    return std::unexpected(content.error());
}

std::unexpected<Error> malformed(std::string_view note, std::size_t detail = 0) {
    return base::fail(ErrorCode::kafka_storage_error, note, static_cast<std::int64_t>(detail));
}

}  // namespace

bool parse_numbers(std::string_view line, std::span<std::int64_t> numbers) {
    for (std::int64_t& number : numbers) {
        auto value = parse_number(take_word(line));
        if (!value) {
            return false;
        }
        number = *value;
    }
    return take_word(line).empty();
}

Result<std::vector<std::string_view>> read_checkpoint_lines(ByteView bytes) {
    std::string_view text = base::as_text(bytes);
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        lines.push_back(line);
    }
    if (lines.empty()) {
        return lines;
    }
    std::int64_t version = -1;
    std::int64_t count = -1;
    if (!parse_numbers(lines[0], {&version, 1}) || version != 0) {
        return malformed("the version of a checkpoint file is not 0");
    }
    if (lines.size() < 2 || !parse_numbers(lines[1], {&count, 1}) || count != static_cast<std::int64_t>(lines.size()) - 2) {
        return malformed("a checkpoint file does not have as many lines as it says", lines.size());
    }
    lines.erase(lines.begin(), lines.begin() + 2);
    return lines;
}

Result<OffsetCheckpoint> read_offset_checkpoint(runtime::FileSystem& files, std::string_view path) {
    OffsetCheckpoint offsets;
    TL_TRY(content, read_if_there(files, path));
    if (!content) {
        return offsets;
    }
    TL_TRY(lines, read_checkpoint_lines(*content));
    for (std::string_view line : lines) {
        std::string_view topic = take_word(line);
        std::int64_t numbers[2];
        if (topic.empty() || !parse_numbers(line, numbers) || numbers[0] < 0 || numbers[0] > INT32_MAX) {
            return malformed("a line of a checkpoint is not a topic, a partition and an offset");
        }
        offsets[{std::string(topic), static_cast<std::int32_t>(numbers[0])}] = numbers[1];
    }
    return offsets;
}

Result<> write_offset_checkpoint(runtime::FileSystem& files, std::string_view path, const OffsetCheckpoint& offsets) {
    CheckpointWriter out(offsets.size());
    for (const auto& [partition, offset] : offsets) {
        out.line("{} {} {}", partition.topic, partition.partition, offset);
    }
    return runtime::replace_file(files, path, out.take());
}

Result<std::optional<CleanShutdown>> read_clean_shutdown(runtime::FileSystem& files, std::string_view data_directory) {
    TL_TRY(content, read_if_there(files, in(data_directory, kCleanShutdownMarker)));
    if (!content) {
        return std::optional<CleanShutdown>();
    }
    // {"version":0,"brokerEpoch":42}, or nothing at all in files of old brokers.
    constexpr std::string_view kKey = "\"brokerEpoch\":";
    std::string_view text = base::as_text(*content);
    CleanShutdown marker;
    if (std::size_t at = text.find(kKey); at != std::string_view::npos) {
        text.remove_prefix(at + kKey.size());
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        std::size_t digits = text.starts_with('-') ? 1 : 0;
        digits = std::min(text.find_first_not_of("0123456789", digits), text.size());
        marker.broker_epoch = parse_number(text.substr(0, digits)).value_or(-1);
    }
    return std::optional(marker);
}

Result<> write_clean_shutdown(runtime::FileSystem& files, std::string_view data_directory, const CleanShutdown& marker) {
    std::string text = fmt::format(R"({{"version":0,"brokerEpoch":{}}})", marker.broker_epoch);
    return runtime::replace_file(files, in(data_directory, kCleanShutdownMarker), base::as_bytes(text));
}

Result<> remove_clean_shutdown(runtime::FileSystem& files, std::string_view data_directory) {
    std::string path = in(data_directory, kCleanShutdownMarker);
    if (!files.exists(path)) {
        return {};
    }
    TL_TRY_VOID(files.remove_file(path));
    return files.sync_dir(data_directory);
}

Result<std::optional<Uuid>> read_partition_metadata(runtime::FileSystem& files, std::string_view directory) {
    TL_TRY(content, read_if_there(files, in(directory, kPartitionMetadata)));
    if (!content) {
        return std::optional<Uuid>();
    }
    std::string_view text = base::as_text(*content);
    constexpr std::string_view kVersion = "version: 0\n";
    constexpr std::string_view kTopicId = "topic_id: ";
    if (!text.starts_with(kVersion) || !text.substr(kVersion.size()).starts_with(kTopicId)) {
        return malformed("partition.metadata is not a version and a topic id");
    }
    text.remove_prefix(kVersion.size() + kTopicId.size());
    std::optional<Uuid> id = base::parse_uuid(take_word(text));
    if (!id || id->is_zero()) {
        return malformed("partition.metadata holds no topic id");
    }
    return id;
}

Bytes encode_partition_metadata(const Uuid& topic_id) {
    std::string text = fmt::format("version: 0\ntopic_id: {}", base::to_string(topic_id));
    return Bytes(text.begin(), text.end());
}

Result<> write_partition_metadata(runtime::FileSystem& files, std::string_view directory, const Uuid& topic_id) {
    return runtime::replace_file(files, in(directory, kPartitionMetadata), encode_partition_metadata(topic_id));
}

}  // namespace tideline::log
