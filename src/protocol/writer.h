// protocol/writer.h: writes the fields of a message; remembers where record bytes that lie elsewhere belong.
//
// A frame is begin_frame(), header, body, finish_frame(). What goes on the wire is view() with the bytes of every
// splice inserted at its position, total_size() bytes in all.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "protocol/records.h"

namespace tideline::protocol {

// `size` bytes of `body` come after the first `position` bytes of the writer's own.
struct Splice {
    std::size_t position;
    std::shared_ptr<const RecordsBody> body;
    std::uint64_t size;
};

class TagSection;

class Writer {
public:
    Writer() = default;
    explicit Writer(base::Bytes&& reuse) : out_(std::move(reuse)) {}

    base::ByteView view() const { return out_.view(); }
    std::size_t size() const { return out_.size(); }  // without splices
    std::uint64_t total_size() const { return out_.size() + spliced_; }
    const std::vector<Splice>& splices() const { return splices_; }
    std::vector<Splice> take_splices() { return std::move(splices_); }
    base::Bytes take() { return out_.take(); }

    // The four-byte length before a request or a response; finish_frame() fills it in, splices included.
    void begin_frame() { write_int32(0); }
    void finish_frame();

    void write_bool(bool value) { out_.write_bool(value); }
    void write_int8(std::int8_t value) { out_.write_int8(value); }
    void write_int16(std::int16_t value) { out_.write_int16(value); }
    void write_uint16(std::uint16_t value) { out_.write_uint16(value); }
    void write_int32(std::int32_t value) { out_.write_int32(value); }
    void write_uint32(std::uint32_t value) { out_.write_uint32(value); }
    void write_int64(std::int64_t value) { out_.write_int64(value); }
    void write_float64(double value) { out_.write_float64(value); }
    void write_uuid(const base::Uuid& value) { out_.write_uuid(value); }
    void write_error_code(ErrorCode value) { out_.write_int16(static_cast<std::int16_t>(value)); }
    void write_unsigned_varint(std::uint32_t value) { out_.write_unsigned_varint(value); }

    // A string longer than the 32767 bytes that Kafka allows is cut there. Only texts for people grow so long: what
    // came from a client was decoded under the same limit.
    void write_string(std::string_view value, bool flexible);
    void write_bytes(base::ByteView value, bool flexible);
    // Where `nullable` is false the version knows no null, and empty is written instead.
    void write_nullable_string(const std::optional<std::string>& value, bool flexible, bool nullable = true);
    void write_nullable_bytes(const std::optional<base::Bytes>& value, bool flexible, bool nullable = true);
    void write_records(const Records& value, bool flexible);
    void write_count(std::size_t count, bool flexible);
    void write_null_array(bool flexible, bool nullable = true);
    void write_present(bool present) { write_int8(present ? 1 : -1); }
    void write_no_tags() { write_unsigned_varint(0); }
    void write_tags(const TagSection& tags);

private:
    friend class TagSection;
    void write_length(std::optional<std::uint64_t> length, bool flexible, bool is_string);

    base::ByteWriter out_;
    std::vector<Splice> splices_;
    std::uint64_t spliced_ = 0;
};

// The tagged fields of one struct: each between begin() and end(), in the order of their tags.
class TagSection {
public:
    Writer& begin(std::uint32_t tag);
    void end();

private:
    friend class Writer;
    std::uint32_t count_ = 0;
    std::uint32_t tag_ = 0;
    Writer value_;
    Writer all_;
};

}  // namespace tideline::protocol
