#include "protocol/writer.h"

#include <limits>

#include "base/check.h"

namespace tideline::protocol {
namespace {

constexpr std::size_t kMaxStringLength = 0x7fff;

}  // namespace

void Writer::finish_frame() {
    TL_CHECK(total_size() - sizeof(std::int32_t) <= std::numeric_limits<std::int32_t>::max());
    out_.patch_int32(0, static_cast<std::int32_t>(total_size() - sizeof(std::int32_t)));
}

// nullopt is null.
void Writer::write_length(std::optional<std::uint64_t> length, bool flexible, bool is_string) {
    TL_CHECK(length.value_or(0) < std::numeric_limits<std::int32_t>::max());
    if (flexible) {
        write_unsigned_varint(length ? static_cast<std::uint32_t>(*length) + 1 : 0);
    } else if (is_string) {
        write_int16(length ? static_cast<std::int16_t>(*length) : std::int16_t{-1});
    } else {
        write_int32(length ? static_cast<std::int32_t>(*length) : -1);
    }
}

void Writer::write_string(std::string_view value, bool flexible) {
    value = value.substr(0, kMaxStringLength);
    write_length(value.size(), flexible, true);
    out_.write_bytes(base::as_bytes(value));
}

void Writer::write_bytes(base::ByteView value, bool flexible) {
    write_length(value.size(), flexible, false);
    out_.write_bytes(value);
}

void Writer::write_nullable_string(const std::optional<std::string>& value, bool flexible, bool nullable) {
    if (value || !nullable) {
        write_string(value ? std::string_view(*value) : std::string_view(), flexible);
    } else {
        write_length(std::nullopt, flexible, true);
    }
}

void Writer::write_nullable_bytes(const std::optional<base::Bytes>& value, bool flexible, bool nullable) {
    if (value || !nullable) {
        write_bytes(value ? base::ByteView(*value) : base::ByteView(), flexible);
    } else {
        write_length(std::nullopt, flexible, false);
    }
}

void Writer::write_records(const Records& value, bool flexible) {
    if (value.is_null) {
        write_length(std::nullopt, flexible, false);
    } else if (value.body) {
        write_length(value.size, flexible, false);
        splices_.push_back({size(), value.body, value.size});
        spliced_ += value.size;
    } else {
        write_bytes(value.bytes, flexible);
    }
}

void Writer::write_count(std::size_t count, bool flexible) { write_length(count, flexible, false); }

void Writer::write_null_array(bool flexible, bool nullable) {
    write_length(nullable ? std::nullopt : std::optional<std::uint64_t>(0), flexible, false);
}

void Writer::write_tags(const TagSection& tags) {
    write_unsigned_varint(tags.count_);
    out_.write_bytes(tags.all_.view());
}

Writer& TagSection::begin(std::uint32_t tag) {
    TL_CHECK(count_ == 0 || tag > tag_);
    tag_ = tag;
    value_ = Writer(value_.take());
    return value_;
}

void TagSection::end() {
    TL_CHECK(value_.splices().empty());
    ++count_;
    all_.write_unsigned_varint(tag_);
    all_.write_unsigned_varint(static_cast<std::uint32_t>(value_.size()));
    all_.out_.write_bytes(value_.view());
}

}  // namespace tideline::protocol
