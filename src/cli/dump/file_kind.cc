#include "cli/dump/file_kind.h"

#include <array>
#include <charconv>
#include <string>

namespace tideline::cli {
namespace {

struct KindName {
    FileKind kind;
    std::string_view word;
};
constexpr std::array kKinds{
    KindName{FileKind::log, "log"},
    KindName{FileKind::index, "index"},
    KindName{FileKind::timeindex, "timeindex"},
    KindName{FileKind::txnindex, "txnindex"},
    KindName{FileKind::producer_state, "producer-state"},
    KindName{FileKind::snapshot, "snapshot"},
    KindName{FileKind::offset_checkpoint, "offset-checkpoint"},
    KindName{FileKind::leader_epoch, "leader-epoch"},
    KindName{FileKind::partition, "partition"},
    KindName{FileKind::meta, "meta"},
    KindName{FileKind::quorum_state, "quorum-state"},
};

constexpr std::size_t kOffsetDigits = 20;

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view folder_name(std::string_view path) {
    std::size_t slash = path.rfind('/');
    return slash == path.npos ? std::string_view() : file_name(path.substr(0, slash));
}

}  // namespace

std::string_view name_of(FileKind kind) {
    for (const KindName& row : kKinds) {
        if (row.kind == kind) {
            return row.word;
        }
    }
    return "";
}

std::optional<FileKind> kind_named(std::string_view word) {
    for (const KindName& row : kKinds) {
        if (row.word == word) {
            return row.kind;
        }
    }
    return std::nullopt;
}

std::optional<FileKind> kind_of_path(std::string_view path) {
    std::string_view name = file_name(path);
    for (std::string_view doomed : {".deleted", ".cleaned", ".swap", ".part", ".tmp"}) {
        if (name.ends_with(doomed)) {
            name.remove_suffix(doomed.size());
        }
    }
    if (name == "leader-epoch-checkpoint") return FileKind::leader_epoch;
    if (name.ends_with("-offset-checkpoint")) return FileKind::offset_checkpoint;
    if (name == "partition.metadata") return FileKind::partition;
    if (name == "meta.properties") return FileKind::meta;
    if (name == "quorum-state") return FileKind::quorum_state;
    if (name.ends_with(".checkpoint")) return FileKind::snapshot;
    if (name.ends_with(".snapshot")) return FileKind::producer_state;
    if (name.ends_with(".timeindex")) return FileKind::timeindex;
    if (name.ends_with(".txnindex")) return FileKind::txnindex;
    if (name.ends_with(".index")) return FileKind::index;
    if (name.ends_with(".log")) return FileKind::log;
    return std::nullopt;
}

std::optional<std::int64_t> base_offset_of_path(std::string_view path) {
    std::string_view digits = file_name(path).substr(0, kOffsetDigits);
    std::int64_t offset = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
    bool good = digits.size() == kOffsetDigits && error == std::errc() && end == digits.data() + digits.size() && offset >= 0;
    return good ? std::optional(offset) : std::nullopt;
}

bool is_metadata_log(std::string_view path) {
    return kind_of_path(path) == FileKind::snapshot || folder_name(path).starts_with("__cluster_metadata-");
}

}  // namespace tideline::cli
