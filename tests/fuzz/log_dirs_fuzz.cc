// A log directory with any files and directories under any names: it is taken or refused. What it is taken with can be written and read
// again, and what was set aside stays there.
//
// The input is a list of entries: a byte (1–5: that file of kFiles; above, odd: another file, even: a partition's directory; 0 ends the list),
// a name behind its length in a byte unless it is one of kFiles, and content behind its length in two bytes, of a directory that of its
// partition.metadata. Behind the list stand the offsets that partitions come to.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/log.h"
#include "cluster/log_dirs.h"
#include "damaged_files.h"
#include "log/directory_name.h"

using namespace tideline;
using cluster::LogDir;
using cluster::PartitionCheckpoint;
using log::TopicPartition;
using runtime::sim::SimFileSystem;

namespace {

[[maybe_unused]] const bool kQuiet = [] {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    return true;
}();

constexpr const char* kPath = "/d";
constexpr base::Uuid kTopic{7, 9};
constexpr std::array kFiles{log::kRecoveryPointCheckpoint, log::kLogStartCheckpoint, log::kHighWatermarkCheckpoint, log::kCleanerCheckpoint,
                            log::kCleanShutdownMarker};

// Not what a checkpoint is written to first: a directory of that name would be in its way.
bool is_file_name(std::string_view name) {
    return !name.ends_with(".tmp") && !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

void fill(SimFileSystem& disk, fuzz::Input& input) {
    while (const std::uint8_t what = input.byte()) {
        const bool is_known = what <= kFiles.size();
        const std::string_view name = is_known ? kFiles[what - 1u] : base::as_text(input.take(input.byte()));
        const base::ByteView content = input.take(input.number(2));
        const std::string path = fmt::format("{}/{}", kPath, name);
        if (!is_file_name(name) || disk.exists(path)) {
            continue;
        }
        if (is_known || what % 2 == 1) {
            fuzz::put(disk, path, content);
        } else if (content.empty()) {
            TL_CHECK(disk.make_directories(path).has_value());
        } else {
            fuzz::put(disk, fmt::format("{}/{}", path, log::kPartitionMetadata), content);
        }
    }
}

// The partitions that are assigned; nullopt: the directory was refused.
std::optional<std::vector<TopicPartition>> start(LogDir& directory, std::uint64_t random) {
    std::vector<TopicPartition> assigned;
    auto is_assigned = [&assigned](const TopicPartition& id, const std::optional<base::Uuid>& topic_id) {
        if (!topic_id || id.partition % 2 != 0) {
            return false;
        }
        assigned.push_back(id);
        return true;
    };
    if (!directory.lock() || !directory.load() || !directory.set_strays_aside(is_assigned, [&random] { return ++random; }) ||
        !directory.begin()) {
        return std::nullopt;
    }
    return assigned;
}

std::vector<PartitionCheckpoint> move_on(LogDir& directory, const std::vector<TopicPartition>& partitions, fuzz::Input& input) {
    std::vector<PartitionCheckpoint> rows;
    for (const TopicPartition& id : partitions) {
        auto row = directory.begin_partition(id, kTopic, true);
        TL_CHECK(row.has_value());
        row->recovery_point = static_cast<log::Offset>(input.number(2));
        row->high_watermark = static_cast<log::Offset>(input.number(2));
        row->log_start_offset = std::max(row->log_start_offset, static_cast<log::Offset>(1 + input.number(2)));  // never back
        rows.push_back(std::move(*row));
    }
    TL_CHECK(directory.update(rows).has_value());
    return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    SimFileSystem disk;
    TL_CHECK(disk.make_directories(kPath).has_value());
    fill(disk, input);
    std::vector<TopicPartition> partitions;
    std::vector<PartitionCheckpoint> rows;
    {
        LogDir directory(disk, kPath);
        auto found = start(directory, 0);
        if (!found) {
            return 0;
        }
        partitions = std::move(*found);
        rows = move_on(directory, partitions, input);
        TL_CHECK(directory.mark_clean(7).has_value());
        directory.unlock();
    }
    LogDir again(disk, kPath);
    TL_CHECK(start(again, 1'000) == partitions && again.was_clean());
    for (const PartitionCheckpoint& row : rows) {
        auto found = again.begin_partition(row.id, kTopic, true);
        TL_CHECK(found && found->recovery_point == row.recovery_point && found->high_watermark == row.high_watermark &&
                 found->log_start_offset == row.log_start_offset && found->was_compacted == row.was_compacted);
    }
    return 0;
}
