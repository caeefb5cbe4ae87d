#include "server/group_access.h"

#include <gtest/gtest.h>

namespace tideline::server {
namespace {

// What Java's String.hashCode() gives, modulo 50.
TEST(PartitionOfAGroup, IsTheOneThatKafkaChooses) {
    EXPECT_EQ(partition_of_group("", 50), 0);
    EXPECT_EQ(partition_of_group("a", 50), 47);                   // 97
    EXPECT_EQ(partition_of_group("test-group", 50), 12);
    EXPECT_EQ(partition_of_group("\xc3\xa4", 50), 28);           // ä: 228
    EXPECT_EQ(partition_of_group("\xf0\x9f\x98\x80", 50), 49);  // two units: 1772899
    EXPECT_EQ(partition_of_group("polygenelubricants", 50), 0);  // the hash has no positive counterpart
}

}  // namespace
}  // namespace tideline::server
