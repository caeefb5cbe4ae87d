#include "group/metadata_hash.h"

#include <algorithm>
#include <optional>

#include "group/xxh3.h"

namespace tideline::group {

namespace {

// Kafka feeds its hash with little-endian integers, and with strings as UTF-16 followed by their length in UTF-16 units.
class HashInput {
public:
    template <class Integer>
    void put(Integer value) {
        for (std::size_t byte = 0; byte < sizeof value; ++byte) {
            bytes_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * byte)));
        }
    }

    // Topic names are ASCII; racks may be anything a broker.rack may be.
    void put_text(std::string_view text) {
        const std::size_t before = bytes_.size();
        for (std::size_t at = 0; at < text.size();) {
            const char32_t point = next_point(text, at);
            if (point >= 0x10000) {
                put(static_cast<std::uint16_t>(0xD800 + ((point - 0x10000) >> 10)));
                put(static_cast<std::uint16_t>(0xDC00 + ((point - 0x10000) & 0x3FF)));
            } else {
                put(static_cast<std::uint16_t>(point));
            }
        }
        put(static_cast<std::int32_t>((bytes_.size() - before) / 2));
    }

    static std::int32_t utf16_size(std::string_view text) {
        HashInput units;
        units.put_text(text);
        return static_cast<std::int32_t>((units.bytes_.size() - sizeof(std::int32_t)) / 2);
    }

    std::uint64_t hash() const { return xxh3(bytes_); }

private:
    static char32_t next_point(std::string_view text, std::size_t& at) {
        const auto first = static_cast<unsigned char>(text[at++]);
        const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
        char32_t point = more == 0 ? first : first & (0x3Fu >> more);
        for (int i = 0; i < more && at < text.size(); ++i) {
            point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
        }
        return point;
    }

    base::Bytes bytes_;
};

constexpr std::uint8_t kTopicHashMagic = 0;

}  // namespace

std::uint64_t topic_hash(const Topics& topics, const TopicInfo& topic) {
    HashInput input;
    input.put(kTopicHashMagic);
    input.put(topic.id.high);
    input.put(topic.id.low);
    input.put_text(topic.name);
    input.put(topic.partition_count);
    for (std::int32_t partition = 0; partition < topic.partition_count; ++partition) {
        input.put(partition);
        std::vector<std::string> racks = topics.racks(topic.id, partition);
        std::ranges::sort(racks);
        for (const std::string& rack : racks) {
            input.put(HashInput::utf16_size(rack));
            input.put_text(rack);
        }
    }
    return input.hash();
}

std::uint64_t metadata_hash(const Topics& topics, const std::vector<std::string_view>& names) {
    HashInput input;
    bool any = false;
    for (const std::string_view name : names) {
        if (const std::optional<TopicInfo> topic = topics.find(name)) {
            input.put(topic_hash(topics, *topic));
            any = true;
        }
    }
    return any ? input.hash() : 0;
}

}  // namespace tideline::group
