#include "group/xxh3.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace tideline::group {

namespace {

using u64 = std::uint64_t;
using u8 = std::uint8_t;

constexpr u64 kPrime32_1 = 0x9E3779B1;
constexpr u64 kPrime32_2 = 0x85EBCA77;
constexpr u64 kPrime32_3 = 0xC2B2AE3D;
constexpr u64 kPrime64_1 = 0x9E3779B185EBCA87;
constexpr u64 kPrime64_2 = 0xC2B2AE3D27D4EB4F;
constexpr u64 kPrime64_3 = 0x165667B19E3779F9;
constexpr u64 kPrime64_4 = 0x85EBCA77C2B2AE63;
constexpr u64 kPrime64_5 = 0x27D4EB2F165667C5;

constexpr std::size_t kStripeBytes = 64;
constexpr std::size_t kSecretStep = 8;
constexpr std::array<u8, 192> kSecret{
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d, 0xe9,
    0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78,
    0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21, 0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6,
    0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8, 0xa8, 0xfa, 0x76, 0x3f,
    0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31,
    0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff,
    0xfa, 0x13, 0x63, 0xeb, 0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f,
    0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e};
static_assert(std::endian::native == std::endian::little);

u64 read64(const u8* at) {
    u64 value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

u64 read32(const u8* at) {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

u64 secret64(std::size_t at) { return read64(kSecret.data() + at); }

u64 multiply_fold(u64 a, u64 b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<u64>(product) ^ static_cast<u64>(product >> 64);
}

u64 avalanche(u64 hash) {
    hash ^= hash >> 37;
    hash *= 0x165667919E3779F9;
    return hash ^ hash >> 32;
}

u64 avalanche_xxh64(u64 hash) {
    hash ^= hash >> 33;
    hash *= kPrime64_2;
    hash ^= hash >> 29;
    hash *= kPrime64_3;
    return hash ^ hash >> 32;
}

u64 mix16(const u8* in, std::size_t secret) {
    return multiply_fold(read64(in) ^ secret64(secret), read64(in + 8) ^ secret64(secret + 8));
}

u64 hash_to_16(const u8* in, std::size_t size) {
    if (size == 0) {
        return avalanche_xxh64(secret64(56) ^ secret64(64));
    }
    if (size < 4) {
        const u64 combined = u64{in[0]} << 16 | u64{in[size / 2]} << 24 | in[size - 1] | size << 8;
        return avalanche_xxh64(combined ^ (read32(kSecret.data()) ^ read32(kSecret.data() + 4)));
    }
    if (size <= 8) {
        u64 hash = (read32(in + size - 4) + (read32(in) << 32)) ^ (secret64(8) ^ secret64(16));
        hash ^= std::rotl(hash, 49) ^ std::rotl(hash, 24);
        hash *= 0x9FB21C651E98DF25;
        hash ^= (hash >> 35) + size;
        hash *= 0x9FB21C651E98DF25;
        return hash ^ hash >> 28;
    }
    const u64 low = read64(in) ^ (secret64(24) ^ secret64(32));
    const u64 high = read64(in + size - 8) ^ (secret64(40) ^ secret64(48));
    return avalanche(size + __builtin_bswap64(low) + high + multiply_fold(low, high));
}

// Pairs of 16 bytes from both ends towards the middle.
u64 hash_to_128(const u8* in, std::size_t size) {
    u64 hash = size * kPrime64_1;
    for (std::size_t pair = (size - 1) / 32 + 1; pair-- > 0;) {
        hash += mix16(in + 16 * pair, 32 * pair);
        hash += mix16(in + size - 16 * (pair + 1), 32 * pair + 16);
    }
    return avalanche(hash);
}

u64 hash_to_240(const u8* in, std::size_t size) {
    u64 hash = size * kPrime64_1;
    for (std::size_t round = 0; round < 8; ++round) {
        hash += mix16(in + 16 * round, 16 * round);
    }
    hash = avalanche(hash);
    for (std::size_t round = 8; round < size / 16; ++round) {
        hash += mix16(in + 16 * round, 16 * (round - 8) + 3);
    }
    return avalanche(hash + mix16(in + size - 16, 136 - 17));
}

using Lanes = std::array<u64, 8>;

void add_stripe(Lanes& lanes, const u8* in, std::size_t secret) {
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
        const u64 value = read64(in + 8 * lane);
        const u64 keyed = value ^ secret64(secret + 8 * lane);
        lanes[lane ^ 1] += value;
        lanes[lane] += (keyed & 0xFFFFFFFF) * (keyed >> 32);
    }
}

void scramble(Lanes& lanes) {
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
        u64& value = lanes[lane];
        value = (value ^ value >> 47 ^ secret64(kSecret.size() - kStripeBytes + 8 * lane)) * kPrime32_1;
    }
}

u64 hash_long(const u8* in, std::size_t size) {
    constexpr std::size_t kStripesPerBlock = (kSecret.size() - kStripeBytes) / kSecretStep;
    Lanes lanes{kPrime32_3, kPrime64_1, kPrime64_2, kPrime64_3, kPrime64_4, kPrime32_2, kPrime64_5, kPrime32_1};
    for (std::size_t stripe = 0; stripe < (size - 1) / kStripeBytes; ++stripe) {
        add_stripe(lanes, in + stripe * kStripeBytes, stripe % kStripesPerBlock * kSecretStep);
        if (stripe % kStripesPerBlock == kStripesPerBlock - 1) {
            scramble(lanes);
        }
    }
    add_stripe(lanes, in + size - kStripeBytes, kSecret.size() - kStripeBytes - 7);
    u64 hash = size * kPrime64_1;
    for (std::size_t pair = 0; pair < 4; ++pair) {
        hash += multiply_fold(lanes[2 * pair] ^ secret64(11 + 16 * pair), lanes[2 * pair + 1] ^ secret64(19 + 16 * pair));
    }
    return avalanche(hash);
}

}  // namespace

std::uint64_t xxh3(base::ByteView bytes) {
    if (bytes.size() <= 16) {
        return hash_to_16(bytes.data(), bytes.size());
    }
    if (bytes.size() <= 128) {
        return hash_to_128(bytes.data(), bytes.size());
    }
    return bytes.size() <= 240 ? hash_to_240(bytes.data(), bytes.size()) : hash_long(bytes.data(), bytes.size());
}

}  // namespace tideline::group
