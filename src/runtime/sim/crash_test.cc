#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "runtime/fresh_reads.h"
#include "runtime/sim/files.h"

namespace tideline::runtime::sim {
namespace {

using base::as_bytes;

std::string content(FileSystem& files, std::string_view path) {
    auto bytes = read_file(files, path);
    return bytes ? std::string(base::as_text(*bytes)) : "(" + std::to_string(bytes.error().detail) + ")";
}

// A durable file /d/f of "old" and a handle to it.
class SimCrashTest : public testing::Test {
protected:
    SimCrashTest() {
        EXPECT_TRUE(files.make_directories("/d"));
        file = std::move(*files.open("/d/f", OpenMode::create));
        EXPECT_TRUE(file->write_at(0, as_bytes("old")));
        files.sync_all();
        EXPECT_EQ(files.pending_operations(), 0u);
    }
    void write(std::string_view text, std::uint64_t position = 0) { EXPECT_TRUE(file->write_at(position, as_bytes(text))); }

    SimFileSystem files;
    std::unique_ptr<File> file;
};

TEST_F(SimCrashTest, UnsyncedDataIsLost) {
    write("newer");
    EXPECT_EQ(files.pending_operations(), 2u);  // the data and the size
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_EQ(content(files, "/d/f"), "old");
}

TEST_F(SimCrashTest, SyncedDataAndItsSizeSurvive) {
    write("newer");
    EXPECT_TRUE(file->sync_data());
    write("lost!");
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_EQ(content(files, "/d/f"), "newer");
}

TEST_F(SimCrashTest, ATruncationIsDurableOnceSynced) {
    EXPECT_TRUE(file->truncate(1));
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_EQ(content(files, "/d/f"), "old");
    file = std::move(*files.open("/d/f", OpenMode::read_write));
    EXPECT_TRUE(file->truncate(1));
    EXPECT_TRUE(file->sync_data());
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_EQ(content(files, "/d/f"), "o");
}

TEST_F(SimCrashTest, ANewFileNeedsItsDirectorySynced) {
    auto made = files.open("/d/g", OpenMode::create);
    EXPECT_TRUE((*made)->write_at(0, as_bytes("x")));
    EXPECT_TRUE((*made)->sync_data());
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_FALSE(files.exists("/d/g"));
}

TEST_F(SimCrashTest, ASyncedDirectoryHoldsTheNameButNotTheData) {
    auto made = files.open("/d/g", OpenMode::create);
    EXPECT_TRUE((*made)->write_at(0, as_bytes("x")));
    EXPECT_TRUE(files.sync_dir("/d"));
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_EQ(content(files, "/d/g"), "");
}

TEST_F(SimCrashTest, ANewDirectoryNeedsItsParentSyncedToo) {
    EXPECT_TRUE(files.make_directories("/d/p"));
    EXPECT_TRUE(files.open("/d/p/g", OpenMode::create));
    EXPECT_TRUE(files.sync_dir("/d/p"));
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_FALSE(files.exists("/d/p"));
}

TEST_F(SimCrashTest, RenamesAndRemovalsAreUndoneUntilTheDirectoryIsSynced) {
    EXPECT_TRUE(files.rename("/d/f", "/d/g"));
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_TRUE(files.exists("/d/f"));
    EXPECT_FALSE(files.exists("/d/g"));
    EXPECT_TRUE(files.remove_file("/d/f"));
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_EQ(content(files, "/d/f"), "old");
    EXPECT_TRUE(files.rename("/d/f", "/d/g"));
    EXPECT_TRUE(files.sync_dir("/d"));
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_FALSE(files.exists("/d/f"));
    EXPECT_EQ(content(files, "/d/g"), "old");
}

TEST_F(SimCrashTest, ARenameAcrossDirectoriesIsDurableWhenEitherIsSynced) {
    EXPECT_TRUE(files.make_directories("/e"));
    files.sync_all();
    EXPECT_TRUE(files.rename("/d/f", "/e/f"));
    EXPECT_EQ(files.pending_operations(), 1u);
    EXPECT_TRUE(files.sync_dir("/e"));
    EXPECT_EQ(files.pending_operations(), 0u);
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_FALSE(files.exists("/d/f"));
    EXPECT_EQ(content(files, "/e/f"), "old");
}

TEST_F(SimCrashTest, AnOlderRenameDoesNotUndoANewerOneThatWasSyncedFirst) {
    EXPECT_TRUE(files.make_directories("/e"));
    files.sync_all();
    EXPECT_TRUE(files.rename("/d/f", "/d/g"));
    EXPECT_TRUE(files.rename("/d/g", "/e/h"));
    EXPECT_TRUE(files.sync_dir("/e"));
    EXPECT_TRUE(files.sync_dir("/d"));
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_TRUE(files.list("/d")->empty());
    EXPECT_EQ(content(files, "/e/h"), "old");
}

TEST_F(SimCrashTest, ADeadProcessLosesNothing) {
    write("newer");
    EXPECT_TRUE(files.rename("/d/f", "/d/g"));
    files.crash(CrashPolicy::keep_all, 1);
    EXPECT_EQ(content(files, "/d/g"), "newer");
    EXPECT_EQ(files.pending_operations(), 0u);
}

TEST_F(SimCrashTest, HandlesOfBeforeAreDead) {
    files.crash(CrashPolicy::keep_all, 1);
    base::Bytes into(1);
    EXPECT_EQ(file->read_at(0, into).error().detail, EBADF);
    EXPECT_EQ(file->write_at(0, as_bytes("x")).error().detail, EBADF);
    EXPECT_EQ(file->sync_data().error().detail, EBADF);
    EXPECT_EQ(file->size().error().detail, EBADF);
    EXPECT_TRUE(files.open("/d/f", OpenMode::read));
}

TEST_F(SimCrashTest, WhatSurvivedIsDurable) {
    write("newer");
    files.crash(CrashPolicy::keep_all, 1);
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_EQ(content(files, "/d/f"), "newer");
}

// The states that a crash can leave, over many seeds.
std::set<std::string> survivors(CrashPolicy policy, const std::function<void(SimFileSystem&, File&)>& act) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SimFileSystem files;
        EXPECT_TRUE(files.make_directories("/d"));
        auto file = files.open("/d/f", OpenMode::create);
        EXPECT_TRUE((*file)->write_at(0, as_bytes("--")));
        files.sync_all();
        act(files, **file);
        files.crash(policy, seed);
        std::string found;
        for (const DirectoryEntry& entry : *files.list("/d")) {
            found += (found.empty() ? "" : " ") + entry.name + "=" + content(files, "/d/" + entry.name);
        }
        seen.insert(found);
    }
    return seen;
}

TEST(SimCrashPolicy, APrefixKeepsTheOrderOfOperations) {
    auto seen = survivors(CrashPolicy::keep_prefix, [](SimFileSystem& files, File& file) {
        EXPECT_TRUE(file.write_at(0, as_bytes("a")));
        EXPECT_TRUE(file.write_at(1, as_bytes("b")));
        EXPECT_TRUE(files.rename("/d/f", "/d/g"));
    });
    EXPECT_EQ(seen, (std::set<std::string>{"f=--", "f=a-", "f=ab", "g=ab"}));
}

TEST(SimCrashPolicy, ASubsetMayKeepLaterOperationsWithoutEarlierOnes) {
    auto seen = survivors(CrashPolicy::keep_subset, [](SimFileSystem& files, File& file) {
        EXPECT_TRUE(file.write_at(0, as_bytes("a")));
        EXPECT_TRUE(file.write_at(1, as_bytes("b")));
        EXPECT_TRUE(files.rename("/d/f", "/d/g"));
    });
    EXPECT_EQ(seen, (std::set<std::string>{"f=--", "f=a-", "f=-b", "f=ab", "g=--", "g=a-", "g=-b", "g=ab"}));
}

TEST(SimCrashPolicy, ASubsetMayKeepSizeWithoutData) {
    auto seen = survivors(CrashPolicy::keep_subset, [](SimFileSystem&, File& file) { EXPECT_TRUE(file.write_at(2, as_bytes("ab"))); });
    EXPECT_EQ(seen, (std::set<std::string>{"f=--", std::string("f=--\0\0", 6), "f=--ab"}));
}

TEST(SimCrashPolicy, ASubsetOfRenamesLeavesAFileOneName) {
    auto seen = survivors(CrashPolicy::keep_subset, [](SimFileSystem& files, File&) {
        EXPECT_TRUE(files.rename("/d/f", "/d/g"));
        EXPECT_TRUE(files.rename("/d/g", "/d/h"));
    });
    EXPECT_EQ(seen, (std::set<std::string>{"f=--", "g=--", "h=--"}));
}

TEST(SimCrashPolicy, DirectoriesThatAWildSubsetPutsIntoEachOtherAreLost) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimFileSystem files;
        EXPECT_TRUE(files.make_directories("/a"));
        EXPECT_TRUE(files.make_directories("/b"));
        files.sync_all();
        EXPECT_TRUE(files.rename("/a", "/b/a"));
        EXPECT_TRUE(files.rename("/b/a", "/a"));
        EXPECT_TRUE(files.rename("/b", "/a/b"));
        files.crash(CrashPolicy::keep_subset, seed);
        EXPECT_TRUE(files.list("/"));
    }
}

TEST(SimCrashPolicy, ATornWriteMixesSectorsOfNewOldZeroAndGarbage) {
    constexpr std::size_t kSectors = 4;
    std::set<std::string> kinds;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        SimFileSystem files;
        auto file = files.open("/f", OpenMode::create);
        std::string old(kSectors * kSectorBytes, 'o');
        EXPECT_TRUE((*file)->write_at(0, as_bytes(old)));
        files.sync_all();
        EXPECT_TRUE((*file)->write_at(0, as_bytes("E")));  // an earlier write is whole
        std::string fresh(2 * kSectorBytes, 'n');
        EXPECT_TRUE((*file)->write_at(kSectorBytes, as_bytes(fresh)));
        files.crash(CrashPolicy::tear_last_write, seed);
        std::string found = content(files, "/f");
        ASSERT_EQ(found.size(), old.size());
        EXPECT_EQ(found.substr(0, kSectorBytes), "E" + old.substr(1, kSectorBytes - 1));
        EXPECT_EQ(found.substr(3 * kSectorBytes), old.substr(3 * kSectorBytes));
        for (std::size_t sector = 1; sector <= 2; ++sector) {
            std::string part = found.substr(sector * kSectorBytes, kSectorBytes);
            bool uniform = part.find_first_not_of(part[0]) == std::string::npos;
            kinds.insert(uniform ? std::string(1, part[0]) : "garbage");
        }
    }
    EXPECT_EQ(kinds, (std::set<std::string>{"n", "o", std::string(1, '\0'), "garbage"}));
}

TEST(SimCrashPolicy, TheSameSeedLeavesTheSame) {
    auto leave = [](std::uint64_t seed) {
        SimFileSystem files;
        auto file = files.open("/f", OpenMode::create);
        EXPECT_TRUE(files.sync_dir("/"));
        for (int i = 0; i < 20; ++i) {
            EXPECT_TRUE((*file)->write_at(static_cast<std::uint64_t>(i) * 3, as_bytes("abcdefgh")));
        }
        files.crash(CrashPolicy::keep_subset, seed);
        return content(files, "/f");
    };
    EXPECT_EQ(leave(7), leave(7));
    EXPECT_NE(leave(7), leave(8));
}

TEST_F(SimCrashTest, AFailedSyncForgetsThePagesAndALaterOneDoesNotBringThemBack) {
    files.record_transcript(true);
    files.fail_sync(1);
    write("new");
    EXPECT_EQ(file->sync_data().error().detail, EIO);
    EXPECT_EQ(files.transcript().back(), "sync /d/f failed");
    EXPECT_EQ(content(files, "/d/f"), "new");  // as the page cache still shows
    EXPECT_TRUE(file->sync_data());
    files.crash(CrashPolicy::keep_all, 1);
    EXPECT_EQ(content(files, "/d/f"), "old");
}

TEST_F(SimCrashTest, ReadAfreshAFileShowsWhatItsFailedSyncLost) {
    files.fail_sync(1);
    write("new");
    EXPECT_FALSE(file->sync_data());
    EXPECT_TRUE(read_afresh(*file));
    EXPECT_EQ(content(files, "/d/f"), "old");
}

TEST_F(SimCrashTest, FromTheChosenOperationOnEverythingFails) {
    files.crash_after(2);
    write("one");
    EXPECT_EQ(file->sync_data().error().detail, EIO);
    EXPECT_TRUE(files.power_is_cut());
    EXPECT_FALSE(file->write_at(0, as_bytes("x")));
    EXPECT_FALSE(files.open("/d/f", OpenMode::read));
    EXPECT_FALSE(files.list("/d"));
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_FALSE(files.power_is_cut());
    EXPECT_EQ(content(files, "/d/f"), "old");
}

TEST(SimCrashEnumeration, ReplaceFileLeavesTheOldOrTheNewAtEveryPoint) {
    auto prepare = [](SimFileSystem& files) {
        EXPECT_TRUE(files.make_directories("/d"));
        EXPECT_TRUE(replace_file(files, "/d/meta", as_bytes("old")));
        files.sync_all();
    };
    SimFileSystem whole;
    prepare(whole);
    std::uint64_t before = whole.operations();
    EXPECT_TRUE(replace_file(whole, "/d/meta", as_bytes("newer")));
    std::uint64_t count = whole.operations() - before;
    EXPECT_EQ(count, 5u);
    for (std::uint64_t point = 1; point <= count + 1; ++point) {
        for (CrashPolicy policy : kCrashPolicies) {
            for (std::uint64_t seed = 0; seed < 8; ++seed) {
                SimFileSystem files;
                prepare(files);
                files.crash_after(point);
                bool said_done = replace_file(files, "/d/meta", as_bytes("newer")).has_value();
                EXPECT_EQ(said_done, point > count);
                files.crash(policy, seed);
                std::string found = content(files, "/d/meta");
                EXPECT_TRUE(found == "newer" || (found == "old" && !said_done)) << point << " " << seed << " " << found;
            }
        }
    }
}

}  // namespace
}  // namespace tideline::runtime::sim
