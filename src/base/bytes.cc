#include "base/bytes.h"

namespace tideline::base {

namespace {

std::uint32_t zigzag(std::int32_t value) {
    return (static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31);
}
std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

template <class T>
std::size_t varint_size(T value) {
    std::size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        ++size;
    }
    return size;
}

template <class T>
void append_varint(Bytes& bytes, T value) {
    while (value >= 0x80) {
        bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    bytes.push_back(static_cast<std::uint8_t>(value));
}

// Reads a base-128 number into T; bits that do not fit T make it an error rather than a silent cut.
template <class T>
Result<T> parse_varint(ByteView bytes, std::size_t& at) {
    T value = 0;
    constexpr unsigned kBits = sizeof(T) * 8;
    for (unsigned shift = 0; shift < kBits; shift += 7) {
        if (at == bytes.size()) {
            return fail(ErrorCode::corrupt_message, "varint runs past the end", static_cast<std::int64_t>(at));
        }
        std::uint8_t byte = bytes[at++];
        T part = byte & 0x7f;
        if (shift + 7 > kBits && (part >> (kBits - shift)) != 0) {
            return fail(ErrorCode::corrupt_message, "varint does not fit its type", static_cast<std::int64_t>(at));
        }
        value |= part << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    return fail(ErrorCode::corrupt_message, "varint is too long", static_cast<std::int64_t>(at));
}

}  // namespace

std::unexpected<Error> ByteReader::short_read(std::size_t wanted) const {
    return fail(ErrorCode::corrupt_message, "ends before a field of this many bytes", static_cast<std::int64_t>(wanted));
}

Result<double> ByteReader::read_float64() {
    TL_TRY(raw, fixed<std::int64_t>());
    return std::bit_cast<double>(raw);
}

Result<bool> ByteReader::read_bool() {
    TL_TRY(raw, fixed<std::int8_t>());
    return raw != 0;
}

Result<Uuid> ByteReader::read_uuid() {
    TL_TRY(high, fixed<std::int64_t>());
    TL_TRY(low, fixed<std::int64_t>());
    return Uuid{static_cast<std::uint64_t>(high), static_cast<std::uint64_t>(low)};
}

Result<std::uint32_t> ByteReader::read_unsigned_varint() {
    return parse_varint<std::uint32_t>(bytes_, at_);
}

Result<std::int32_t> ByteReader::read_varint() {
    TL_TRY(raw, parse_varint<std::uint32_t>(bytes_, at_));
    return static_cast<std::int32_t>((raw >> 1) ^ (0u - (raw & 1)));
}

Result<std::int64_t> ByteReader::read_varlong() {
    TL_TRY(raw, parse_varint<std::uint64_t>(bytes_, at_));
    return static_cast<std::int64_t>((raw >> 1) ^ (std::uint64_t{0} - (raw & 1)));
}

Result<ByteView> ByteReader::read_bytes(std::size_t count) {
    if (remaining() < count) {
        return short_read(count);
    }
    ByteView view = bytes_.subspan(at_, count);
    at_ += count;
    return view;
}

Result<> ByteReader::skip(std::size_t count) {
    if (remaining() < count) {
        return short_read(count);
    }
    at_ += count;
    return {};
}

void ByteWriter::write_uuid(const Uuid& value) {
    fixed(static_cast<std::int64_t>(value.high));
    fixed(static_cast<std::int64_t>(value.low));
}

void ByteWriter::write_unsigned_varint(std::uint32_t value) { append_varint(bytes_, value); }
void ByteWriter::write_varint(std::int32_t value) { append_varint(bytes_, zigzag(value)); }
void ByteWriter::write_varlong(std::int64_t value) { append_varint(bytes_, zigzag(value)); }

std::size_t size_of_unsigned_varint(std::uint32_t value) { return varint_size(value); }
std::size_t size_of_varint(std::int32_t value) { return varint_size(zigzag(value)); }
std::size_t size_of_varlong(std::int64_t value) { return varint_size(zigzag(value)); }

}  // namespace tideline::base
