// log/directory_name.h: the names of partition directories.
//
// `<topic>-<partition>`; the partition stands behind the last dash, since topics may hold dashes themselves. A directory to
// be deleted is first renamed to `<topic>-<partition>.<32 hex digits>-delete`; one that no replica claims ends in `-stray`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "log/checkpoint_file.h"
#include "log/types.h"

namespace tideline::log {

std::string directory_name(std::string_view topic, std::int32_t partition);
// nullopt for anything else than a live partition's directory.
std::optional<TopicPartition> parse_directory_name(std::string_view name);

inline constexpr std::string_view kDeleteSuffix = "-delete";
inline constexpr std::string_view kStraySuffix = "-stray";
inline constexpr std::string_view kFutureSuffix = "-future";

// "orders-3.0123456789abcdef0123456789abcdef-delete". The topic is cut where the whole would exceed 255 bytes. `unique`
// keeps apart directories of topics that were made and deleted under one name.
std::string doomed_directory_name(std::string_view topic, std::int32_t partition, const Uuid& unique, std::string_view suffix);
bool is_doomed_directory(std::string_view name);  // -delete; remove it with all that is in it

}  // namespace tideline::log
