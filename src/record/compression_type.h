// record/compression_type.h: the codecs a batch may be compressed with, their names and their levels.
//
// Source of the level ranges: KIP-390 (compression.gzip.level, compression.lz4.level, compression.zstd.level).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tideline::record {

// The numbers are bits 0-2 of a batch's attributes.
enum class CompressionType : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

struct CompressionTypeRow {
    CompressionType type;
    std::string_view name;
    std::int32_t level_min;
    std::int32_t level_max;
    std::int32_t level_default;  // gzip's -1 is legal though it is below level_min
};
inline constexpr std::array kCompressionTypes{
    CompressionTypeRow{CompressionType::none, "none", 0, 0, 0},
    CompressionTypeRow{CompressionType::gzip, "gzip", 1, 9, -1},
    CompressionTypeRow{CompressionType::snappy, "snappy", 0, 0, 0},
    CompressionTypeRow{CompressionType::lz4, "lz4", 1, 17, 9},
    CompressionTypeRow{CompressionType::zstd, "zstd", -131072, 22, 3},
};

// nullopt for 5, 6 and 7, which the attributes can hold but no codec has.
constexpr std::optional<CompressionType> compression_type_from(int id) {
    if (id < 0 || id >= static_cast<int>(kCompressionTypes.size())) {
        return std::nullopt;
    }
    return kCompressionTypes[static_cast<std::size_t>(id)].type;
}

constexpr const CompressionTypeRow& row_of(CompressionType type) {
    return kCompressionTypes[static_cast<std::size_t>(type)];
}
constexpr std::string_view name_of(CompressionType type) { return row_of(type).name; }
constexpr std::int32_t default_level(CompressionType type) { return row_of(type).level_default; }
constexpr bool is_legal_level(CompressionType type, std::int32_t level) {
    return level == row_of(type).level_default || (level >= row_of(type).level_min && level <= row_of(type).level_max);
}

constexpr std::optional<CompressionType> compression_type_named(std::string_view name) {
    for (const CompressionTypeRow& row : kCompressionTypes) {
        if (row.name == name) {
            return row.type;
        }
    }
    return std::nullopt;
}

}  // namespace tideline::record
