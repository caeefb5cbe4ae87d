#include "log/file_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "log/test_disk.h"

namespace tideline::log {
namespace {

class FileCacheTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(disk_.files().make_directories("/data"));
        for (char name : {'a', 'b', 'c'}) {
            ASSERT_TRUE(disk_.files().open(fmt::format("/data/{}", name), runtime::OpenMode::create));
        }
    }
    TestDisk disk_;
    FileCache cache_{disk_.files(), 2};
};

TEST_F(FileCacheTest, ClosesTheLeastRecentlyUsedFile) {
    std::weak_ptr<runtime::File> a = *cache_.open("/data/a");
    std::weak_ptr<runtime::File> b = *cache_.open("/data/b");
    ASSERT_TRUE(cache_.open("/data/a"));
    ASSERT_TRUE(cache_.open("/data/c"));
    EXPECT_EQ(cache_.open_count(), 2u);
    EXPECT_FALSE(a.expired());
    EXPECT_TRUE(b.expired());
}

TEST_F(FileCacheTest, AFileInUseStaysOpenBeyondTheCache) {
    std::shared_ptr<runtime::File> a = *cache_.open("/data/a");
    ASSERT_TRUE(cache_.open("/data/b"));
    ASSERT_TRUE(cache_.open("/data/c"));
    ASSERT_TRUE(a->write_at(0, base::as_bytes("x")));
    EXPECT_EQ(*a->size(), 1u);
}

TEST_F(FileCacheTest, AForgottenPathIsOpenedAnew) {
    auto before = *cache_.open("/data/a");
    cache_.forget("/data/a");
    ASSERT_TRUE(disk_.files().remove_file("/data/a"));
    EXPECT_EQ(cache_.open("/data/a").error().detail, ENOENT);
    ASSERT_TRUE(cache_.create("/data/a"));
    EXPECT_NE(*cache_.open("/data/a"), before);
    EXPECT_EQ(cache_.create("/data/a").error().detail, EEXIST);
}

}  // namespace
}  // namespace tideline::log
