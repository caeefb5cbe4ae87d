// base/uuid.h: 128-bit ids of topics, directories, clusters and incarnations, in Kafka's text form.
//
// Text is URL-safe Base64 of the 16 bytes without padding, 22 characters. Source: org.apache.kafka.common.Uuid's contract.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tideline::base {

struct Uuid {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    bool is_zero() const { return high == 0 && low == 0; }
    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

inline constexpr Uuid kMetadataTopicId{0, 1};

std::string to_string(const Uuid& id);
std::optional<Uuid> parse_uuid(std::string_view text);

// A random (version 4) id that is not reserved and whose text does not start with '-', which command lines would take
// for an option. `next_random` supplies 64 random bits a call.
Uuid make_uuid(const std::function<std::uint64_t()>& next_random);

}  // namespace tideline::base

template <>
struct std::hash<tideline::base::Uuid> {
    std::size_t operator()(const tideline::base::Uuid& id) const noexcept {
        return static_cast<std::size_t>(id.high * 0x9e3779b97f4a7c15ull ^ id.low);
    }
};
