// cli/dump/file_kind.h: what a file of a data directory is, by its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tideline::cli {

enum class FileKind {
    log,
    index,
    timeindex,
    txnindex,
    producer_state,
    snapshot,
    offset_checkpoint,
    leader_epoch,
    partition,
    meta,
    quorum_state
};

// The word of --kind.
std::string_view name_of(FileKind kind);
std::optional<FileKind> kind_named(std::string_view word);

// nullopt: no file of a data directory is called so. Names that end in .deleted, .cleaned or .swap count as what they were.
std::optional<FileKind> kind_of_path(std::string_view path);

// 42 for "…/00000000000000000042.log"; nullopt when the name does not begin with twenty digits.
std::optional<std::int64_t> base_offset_of_path(std::string_view path);

// Whether the file belongs to the metadata log: its records are metadata records.
bool is_metadata_log(std::string_view path);

}  // namespace tideline::cli
