// base/bytes.h: reading and writing big-endian fields, zigzag varints and Kafka's strings.
//
// ByteReader never trusts a length: every read checks what is left first, and the views it returns point into the
// bytes it was given (they live as long as those). ByteWriter appends to a growing buffer.
// Errors:  a read past the end, an overlong varint or a negative length is ErrorCode::corrupt_message; callers that
//          decode requests map it to invalid_request or a closed connection.
// Format:  Kafka protocol guide, "Protocol Primitive Types"; KIP-482 for the compact forms.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"

namespace tideline::base {

using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class T>
T load_be(const std::uint8_t* from) {
    std::make_unsigned_t<T> raw;
    std::memcpy(&raw, from, sizeof raw);
    if constexpr (std::endian::native == std::endian::little && sizeof raw > 1) {
        raw = std::byteswap(raw);
    }
    return static_cast<T>(raw);
}

template <class T>
void store_be(std::uint8_t* to, T value) {
    auto raw = static_cast<std::make_unsigned_t<T>>(value);
    if constexpr (std::endian::native == std::endian::little && sizeof raw > 1) {
        raw = std::byteswap(raw);
    }
    std::memcpy(to, &raw, sizeof raw);
}

class ByteReader {
public:
    explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

    std::size_t remaining() const { return bytes_.size() - at_; }
    std::size_t position() const { return at_; }
    bool at_end() const { return remaining() == 0; }
    ByteView rest() const { return bytes_.subspan(at_); }

    Result<std::int8_t> read_int8() { return fixed<std::int8_t>(); }
    Result<std::int16_t> read_int16() { return fixed<std::int16_t>(); }
    Result<std::uint16_t> read_uint16() { return fixed<std::uint16_t>(); }
    Result<std::int32_t> read_int32() { return fixed<std::int32_t>(); }
    Result<std::uint32_t> read_uint32() { return fixed<std::uint32_t>(); }
    Result<std::int64_t> read_int64() { return fixed<std::int64_t>(); }
    Result<double> read_float64();
    Result<bool> read_bool();
    Result<Uuid> read_uuid();

    Result<std::uint32_t> read_unsigned_varint();  // at most 5 bytes
    Result<std::int32_t> read_varint();            // zigzag, at most 5 bytes
    Result<std::int64_t> read_varlong();           // zigzag, at most 10 bytes

    // The next `count` bytes, as a view into the input.
    Result<ByteView> read_bytes(std::size_t count);
    Result<> skip(std::size_t count);

private:
    template <class T>
    Result<T> fixed() {
        if (remaining() < sizeof(T)) [[unlikely]] {
            return short_read(sizeof(T));
        }
        T value = load_be<T>(bytes_.data() + at_);
        at_ += sizeof(T);
        return value;
    }
    std::unexpected<Error> short_read(std::size_t wanted) const;

    ByteView bytes_;
    std::size_t at_ = 0;
};

class ByteWriter {
public:
    ByteWriter() = default;
    explicit ByteWriter(Bytes&& reuse) : bytes_(std::move(reuse)) { bytes_.clear(); }

    std::size_t size() const { return bytes_.size(); }
    ByteView view() const { return bytes_; }
    Bytes take() { return std::move(bytes_); }
    void reserve(std::size_t total) { bytes_.reserve(total); }

    void write_int8(std::int8_t value) { fixed(value); }
    void write_int16(std::int16_t value) { fixed(value); }
    void write_uint16(std::uint16_t value) { fixed(value); }
    void write_int32(std::int32_t value) { fixed(value); }
    void write_uint32(std::uint32_t value) { fixed(value); }
    void write_int64(std::int64_t value) { fixed(value); }
    void write_float64(double value) { fixed(std::bit_cast<std::int64_t>(value)); }
    void write_bool(bool value) { fixed(static_cast<std::int8_t>(value ? 1 : 0)); }
    void write_uuid(const Uuid& value);

    void write_unsigned_varint(std::uint32_t value);
    void write_varint(std::int32_t value);
    void write_varlong(std::int64_t value);

    void write_bytes(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

    // Overwrites four bytes written earlier, e.g. a length known only at the end.
    void patch_int32(std::size_t at, std::int32_t value) { store_be(bytes_.data() + at, value); }

private:
    template <class T>
    void fixed(T value) {
        std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof(T));
        store_be(bytes_.data() + at, value);
    }

    Bytes bytes_;
};

// Encoded sizes, for length-prefixed forms that are sized before they are written.
std::size_t size_of_unsigned_varint(std::uint32_t value);
std::size_t size_of_varint(std::int32_t value);
std::size_t size_of_varlong(std::int64_t value);

}  // namespace tideline::base
