// protocol/reader.h: reads the fields of a message from bytes that nobody vouches for.
//
// The first mistake is kept and everything after it reads as zero or empty, so generated code reads on without asking;
// decode() looks at ok() once, and every loop does. A length is believed only after it was held against the bytes that
// are left. What decoding may allocate has a budget (kDefaultDecodeBudget): elements count with their size in memory,
// strings and bytes with their length, so a frame of many empty elements cannot grow into gigabytes.
// Errors:  corrupt_message for malformed bytes, with the position in `detail`; invalid_request past the budget.
// Owns:    nothing. Views it returns point into the bytes it was given.
// Format:  Kafka protocol guide, "Protocol Primitive Types"; KIP-482 for flexible versions and tagged fields.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/records.h"

namespace tideline::protocol {

inline constexpr std::size_t kDefaultDecodeBudget = std::size_t{128} << 20;

class Reader {
public:
    explicit Reader(base::ByteView bytes, std::size_t budget = kDefaultDecodeBudget)
        : in_(bytes), size_(bytes.size()), budget_(budget) {}

    bool ok() const { return !error_; }
    base::Error error() const { return error_.value_or(base::Error{}); }
    bool at_end() const { return in_.at_end(); }
    std::size_t remaining() const { return in_.remaining(); }
    base::ByteView rest() const { return in_.rest(); }
    std::size_t budget_left() const { return budget_; }
    void fail(ErrorCode code, std::string_view note);

    bool read_bool() { return read_int8() != 0; }
    std::int8_t read_int8() { return take(in_.read_int8()); }
    std::int16_t read_int16() { return take(in_.read_int16()); }
    std::uint16_t read_uint16() { return take(in_.read_uint16()); }
    std::int32_t read_int32() { return take(in_.read_int32()); }
    std::uint32_t read_uint32() { return take(in_.read_uint32()); }
    std::int64_t read_int64() { return take(in_.read_int64()); }
    double read_float64() { return take(in_.read_float64()); }
    base::Uuid read_uuid() { return take(in_.read_uuid()); }
    ErrorCode read_error_code() { return static_cast<ErrorCode>(read_int16()); }
    std::uint32_t read_unsigned_varint() { return take(in_.read_unsigned_varint()); }

    // `flexible` chooses the compact form of the length. Where `nullable` is false, null is a mistake.
    std::string read_string(bool flexible);
    std::optional<std::string> read_nullable_string(bool flexible, bool nullable = true);
    base::Bytes read_bytes(bool flexible);
    std::optional<base::Bytes> read_nullable_bytes(bool flexible, bool nullable = true);
    Records read_records(bool flexible, bool nullable);

    void skip_bytes(std::size_t count) { view(count); }

    // The count of an array whose elements take at least `min_size` bytes on the wire and `element_size` in memory:
    // 0 or nullopt after a mistake. A count that the bytes left cannot hold is one.
    std::size_t read_count(bool flexible, std::size_t min_size, std::size_t element_size);
    std::optional<std::size_t> read_nullable_count(bool flexible, std::size_t min_size, std::size_t element_size,
                                                   bool nullable = true);
    // The byte before a nullable struct: whether one follows.
    bool read_present() { return read_int8() >= 0 && ok(); }

    // Tagged fields: read_tag_count(), then for each read_tag(), its value, end_tag(). A value that is shorter or longer
    // than its size is a mistake.
    struct Tag {
        std::uint32_t number;
        std::size_t end;  // remaining() after the value
    };
    std::uint32_t read_tag_count();
    Tag read_tag();
    void skip_tag(const Tag& tag);
    void end_tag(const Tag& tag);
    void fail_tag() { fail(ErrorCode::corrupt_message, "tagged field of another version"); }
    void skip_tags();

private:
    template <class T>
    T take(base::Result<T>&& read) {
        if (!read) [[unlikely]] {
            fail(read.error().code, read.error().note);
            return T{};
        }
        return *read;
    }
    std::optional<std::size_t> read_length(bool flexible, bool nullable, bool is_string);
    bool charge(std::size_t bytes);
    base::ByteView view(std::size_t count);

    base::ByteReader in_;
    std::size_t size_;
    std::size_t budget_;
    std::optional<base::Error> error_;
};

}  // namespace tideline::protocol
