#include "group/metadata_hash.h"

#include <gtest/gtest.h>

namespace tideline::group {
namespace {

// Two topics of which the hashes were computed by hash4j 0.22.0, with the calls that Apache Kafka 4.2 makes.
class TwoTopics final : public Topics {
public:
    std::optional<TopicInfo> find(std::string_view name) const override {
        if (name == "orders") {
            return TopicInfo{.id = {0x0123456789abcdef, 0xfedcba9876543210}, .name = "orders", .partition_count = 3};
        }
        if (name == "Zahl-\u00fc") {
            return TopicInfo{.id = {1, 2}, .name = "Zahl-\u00fc", .partition_count = 2};
        }
        return std::nullopt;
    }
    std::optional<TopicInfo> find(const base::Uuid&) const override { return std::nullopt; }
    std::vector<std::string> racks(const base::Uuid& id, std::int32_t partition) const override {
        if (id.low != 2) {
            return {};
        }
        return partition == 0 ? std::vector<std::string>{"rack-b", "a"} : std::vector<std::string>{"a"};
    }
    void for_each(const std::function<void(const TopicInfo&)>&) const override {}
    std::uint64_t version() const override { return 1; }
};

TEST(MetadataHash, IsKafkas) {
    const TwoTopics topics;
    EXPECT_EQ(topic_hash(topics, *topics.find("orders")), 0x7d22da17ec1a2b53u);
    EXPECT_EQ(topic_hash(topics, *topics.find("Zahl-\u00fc")), 0x4f2a6ef6bcbc131fu);
    EXPECT_EQ(metadata_hash(topics, {"orders", "Zahl-\u00fc"}), 0x74dc0fb2691a4f45u);
}

TEST(MetadataHash, LeavesOutTopicsThatDoNotExist) {
    const TwoTopics topics;
    EXPECT_EQ(metadata_hash(topics, {"gone", "orders", "Zahl-\u00fc"}), metadata_hash(topics, {"orders", "Zahl-\u00fc"}));
    EXPECT_EQ(metadata_hash(topics, {"gone"}), 0u);
    EXPECT_EQ(metadata_hash(topics, {}), 0u);
}

}  // namespace
}  // namespace tideline::group
