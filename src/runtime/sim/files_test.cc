#include "runtime/sim/files.h"

#include <gtest/gtest.h>

namespace tideline::runtime::sim {
namespace {

using base::as_bytes;

std::string content(FileSystem& files, std::string_view path) {
    auto bytes = read_file(files, path);
    return bytes ? std::string(base::as_text(*bytes)) : "(" + std::to_string(bytes.error().detail) + ")";
}

void put(FileSystem& files, std::string_view path, std::string_view text) {
    auto file = files.open(path, OpenMode::create_or_truncate);
    ASSERT_TRUE(file) << to_string(file.error());
    ASSERT_TRUE((*file)->write_at(0, as_bytes(text)));
}

template <class T>
std::int64_t errno_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    EXPECT_TRUE(result || result.error().code == ErrorCode::kafka_storage_error);
    return result ? 0 : result.error().detail;
}

class SimFilesTest : public testing::Test {
protected:
    SimFilesTest() { EXPECT_TRUE(files.make_directories("/d/e")); }
    SimFileSystem files;
};

TEST_F(SimFilesTest, OpenModesSayWhetherTheFileMayOrMustExist) {
    EXPECT_EQ(errno_of(files.open("/d/f", OpenMode::read)), ENOENT);
    EXPECT_EQ(errno_of(files.open("/d/f", OpenMode::read_write)), ENOENT);
    EXPECT_TRUE(files.open("/d/f", OpenMode::create));
    EXPECT_EQ(errno_of(files.open("/d/f", OpenMode::create)), EEXIST);
    put(files, "/d/f", "abc");
    EXPECT_TRUE(files.open("/d/f", OpenMode::create_or_open));
    EXPECT_EQ(content(files, "/d/f"), "abc");
    EXPECT_TRUE(files.open("/d/f", OpenMode::create_or_truncate));
    EXPECT_EQ(content(files, "/d/f"), "");
}

TEST_F(SimFilesTest, ErrorsTellMissingPartsFromFilesAndDirectories) {
    put(files, "/d/f", "x");
    EXPECT_EQ(errno_of(files.open("/d/no/f", OpenMode::create)), ENOENT);
    EXPECT_EQ(errno_of(files.open("/d/f/g", OpenMode::create)), ENOTDIR);
    EXPECT_EQ(errno_of(files.open("/d/e", OpenMode::read)), EISDIR);
    EXPECT_EQ(errno_of(files.list("/d/f")), ENOTDIR);
    EXPECT_EQ(errno_of(files.list("/no")), ENOENT);
    EXPECT_EQ(errno_of(files.make_directories("/d/f/x")), ENOTDIR);
    EXPECT_EQ(errno_of(files.remove_file("/d/no")), ENOENT);
    EXPECT_EQ(errno_of(files.remove_file("/d/e")), EISDIR);
    EXPECT_EQ(errno_of(files.sync_dir("/no")), ENOENT);
    EXPECT_EQ(errno_of(files.sync_dir("/d/f")), ENOTDIR);
    EXPECT_EQ(errno_of(files.rename("/d/no", "/d/g")), ENOENT);
    EXPECT_EQ(errno_of(files.rename("/d/f", "/d/e")), EISDIR);
    EXPECT_EQ(errno_of(files.rename("/d", "/d/e/d")), EINVAL);
    EXPECT_EQ(errno_of(files.space("/no")), ENOENT);
}

TEST_F(SimFilesTest, AFileOpenedForReadingRefusesWrites) {
    put(files, "/d/f", "x");
    auto file = files.open("/d/f", OpenMode::read);
    EXPECT_EQ(errno_of((*file)->write_at(0, as_bytes("y"))), EBADF);
    EXPECT_EQ(errno_of((*file)->truncate(0)), EBADF);
    EXPECT_EQ(content(files, "/d/f"), "x");
}

TEST_F(SimFilesTest, WritesJoinTheirPartsAndFillHolesWithZero) {
    auto file = files.open("/d/f", OpenMode::create);
    ByteView parts[] = {as_bytes("ab"), as_bytes(""), as_bytes("cd")};
    EXPECT_TRUE((*file)->write_at(2, parts));
    EXPECT_EQ(content(files, "/d/f"), std::string("\0\0abcd", 6));
    EXPECT_TRUE((*file)->truncate(3));
    EXPECT_TRUE((*file)->truncate(5));
    EXPECT_EQ(content(files, "/d/f"), std::string("\0\0a\0\0", 5));
    EXPECT_EQ(*(*file)->size(), 5u);
}

TEST_F(SimFilesTest, AReadEndsWithTheFile) {
    put(files, "/d/f", "abcdef");
    auto file = files.open("/d/f", OpenMode::read);
    base::Bytes into(4);
    EXPECT_EQ(*(*file)->read_at(4, into), 2u);
    EXPECT_EQ(*(*file)->read_at(6, into), 0u);
    EXPECT_EQ(*(*file)->read_cached(1, into), 4u);
    EXPECT_EQ(base::as_text(into), "bcde");
    files.set_cold(true);
    EXPECT_EQ(errno_of((*file)->read_cached(1, into)), EAGAIN);
    EXPECT_TRUE((*file)->read_at(1, into));
}

TEST_F(SimFilesTest, ListIsSortedAndTellsDirectories) {
    put(files, "/d/z", "");
    put(files, "/d/a", "");
    auto entries = files.list("/d/");
    ASSERT_EQ(entries->size(), 3u);
    EXPECT_EQ((*entries)[0].name, "a");
    EXPECT_EQ((*entries)[1].name, "e");
    EXPECT_TRUE((*entries)[1].is_directory);
    EXPECT_EQ((*entries)[2].name, "z");
}

TEST_F(SimFilesTest, RenameReplacesAndOpenHandlesFollowTheirFile) {
    put(files, "/d/f", "new");
    put(files, "/d/e/g", "old");
    auto moved = files.open("/d/f", OpenMode::read_write);
    auto replaced = files.open("/d/e/g", OpenMode::read);
    EXPECT_TRUE(files.rename("/d/f", "/d/e/g"));
    EXPECT_FALSE(files.exists("/d/f"));
    EXPECT_EQ(content(files, "/d/e/g"), "new");
    base::Bytes into(3);
    EXPECT_EQ(*(*replaced)->read_at(0, into), 3u);
    EXPECT_EQ(base::as_text(into), "old");
    EXPECT_TRUE((*moved)->write_at(0, as_bytes("NEW")));
    EXPECT_EQ(content(files, "/d/e/g"), "NEW");
    EXPECT_TRUE(files.remove_file("/d/e/g"));
    EXPECT_EQ(*(*moved)->read_at(0, into), 3u);
}

TEST_F(SimFilesTest, ADirectoryMovesWithAllBelowIt) {
    put(files, "/d/e/f", "x");
    EXPECT_TRUE(files.rename("/d/e", "/d/e.delete"));
    EXPECT_EQ(content(files, "/d/e.delete/f"), "x");
    EXPECT_TRUE(files.make_directories("/d/full/er"));
    EXPECT_EQ(errno_of(files.rename("/d/e.delete", "/d/full")), ENOTEMPTY);
}

TEST_F(SimFilesTest, RemoveTreeTakesEverythingAndDoesNotMindNothing) {
    put(files, "/d/e/f", "x");
    EXPECT_TRUE(files.remove_tree("/d"));
    EXPECT_FALSE(files.exists("/d"));
    EXPECT_TRUE(files.remove_tree("/d"));
}

TEST_F(SimFilesTest, ALockIsExclusiveWhileItLives) {
    auto first = files.lock("/d/.lock");
    ASSERT_TRUE(first);
    EXPECT_EQ(errno_of(files.lock("/d/.lock")), EAGAIN);
    first->reset();
    auto second = files.lock("/d/.lock");
    EXPECT_TRUE(second);
    files.sync_all();
    files.crash(CrashPolicy::drop_unsynced, 1);
    auto third = files.lock("/d/.lock");
    EXPECT_TRUE(third);
    second->reset();  // of a dead process: frees nothing
    EXPECT_EQ(errno_of(files.lock("/d/.lock")), EAGAIN);
}

TEST_F(SimFilesTest, TheTranscriptNamesEachChangeInOrder) {
    files.record_transcript(true);
    EXPECT_TRUE(replace_file(files, "/d/meta", as_bytes("abc")));
    EXPECT_TRUE(files.remove_tree("/d"));
    EXPECT_EQ(files.take_transcript(),
              (std::vector<std::string>{"create /d/meta.tmp", "write /d/meta.tmp 0 3", "sync /d/meta.tmp",
                                        "rename /d/meta.tmp /d/meta", "sync_dir /d", "remove /d/e", "remove /d/meta", "remove /d"}));
    EXPECT_TRUE(files.make_directories("/d"));
    EXPECT_EQ(files.transcript(), std::vector<std::string>{"mkdir /d"});
}

TEST_F(SimFilesTest, AWholeFileIsReadOnlyUpToItsLimit) {
    put(files, "/d/f", "abc");
    EXPECT_EQ(read_file(files, "/d/f", 3)->size(), 3u);
    EXPECT_FALSE(read_file(files, "/d/f", 2));
    EXPECT_EQ(errno_of(read_file(files, "/d/no")), ENOENT);
}

TEST(Files, AParentIsThePathUpToTheLastSlash) {
    EXPECT_EQ(parent_of("/a/b/c"), "/a/b");
    EXPECT_EQ(parent_of("/a"), "/");
    EXPECT_EQ(parent_of("a"), ".");
}

TEST_F(SimFilesTest, TheTranscriptFollowsAMovedFileAndMarksARemovedOne) {
    put(files, "/d/f", "x");
    put(files, "/d/e/g", "x");
    auto moved = files.open("/d/f", OpenMode::read_write);
    auto replaced = files.open("/d/e/g", OpenMode::read_write);
    files.record_transcript(true);
    EXPECT_TRUE(files.rename("/d/f", "/d/e/g"));
    EXPECT_TRUE(files.rename("/d/e", "/d/e.delete"));
    EXPECT_TRUE((*moved)->sync_data());
    EXPECT_TRUE((*replaced)->sync_data());
    EXPECT_EQ(files.transcript(), (std::vector<std::string>{"rename /d/f /d/e/g", "rename /d/e /d/e.delete", "sync /d/e.delete/g",
                                                            "sync (removed) g"}));
}

TEST_F(SimFilesTest, AFullDiskTakesWhatFitsAndSaysSo) {
    files.limit_capacity(10);
    auto file = files.open("/d/f", OpenMode::create);
    EXPECT_TRUE((*file)->write_at(0, as_bytes("12345678")));
    EXPECT_EQ(errno_of((*file)->write_at(8, as_bytes("9abc"))), ENOSPC);
    EXPECT_EQ(content(files, "/d/f"), "123456789a");
    EXPECT_TRUE((*file)->write_at(0, as_bytes("over")));  // needs no room
    EXPECT_EQ(files.space("/d")->usable_bytes, 0u);
    EXPECT_TRUE((*file)->truncate(2));
    EXPECT_EQ(files.space("/d")->usable_bytes, 8u);
}

TEST_F(SimFilesTest, AShortWriteLeavesItsPartAndFailsOnce) {
    auto file = files.open("/d/f", OpenMode::create);
    files.short_write(2, 3, EIO);
    EXPECT_TRUE((*file)->write_at(0, as_bytes("ab")));
    EXPECT_EQ(errno_of((*file)->write_at(2, as_bytes("cdefgh"))), EIO);
    EXPECT_EQ(content(files, "/d/f"), "abcde");
    EXPECT_TRUE((*file)->write_at(5, as_bytes("f")));
}

TEST_F(SimFilesTest, AnyOperationCanBeMadeToFail) {
    files.record_transcript(true);
    files.fail_operation(2, ENOSPC);
    auto file = files.open("/d/f", OpenMode::create);
    EXPECT_EQ(errno_of(files.rename("/d/f", "/d/g")), ENOSPC);
    EXPECT_TRUE(files.exists("/d/f"));
    EXPECT_TRUE(files.rename("/d/f", "/d/g"));
    EXPECT_EQ(files.transcript()[1], "rename /d/f /d/g failed");
}

TEST_F(SimFilesTest, AReadCanFlipOneBit) {
    put(files, "/d/f", "abc");
    auto file = files.open("/d/f", OpenMode::read);
    base::Bytes into(3);
    files.flip_bit_on_read(2, 8);
    EXPECT_TRUE((*file)->read_at(0, into));
    EXPECT_EQ(base::as_text(into), "abc");
    EXPECT_TRUE((*file)->read_at(0, into));
    EXPECT_EQ(base::as_text(into), "acc");
    EXPECT_TRUE((*file)->read_at(0, into));
    EXPECT_EQ(base::as_text(into), "abc");
}

TEST_F(SimFilesTest, StoredBitsCanRot) {
    put(files, "/d/f", "abc");
    files.sync_all();
    EXPECT_TRUE(files.flip_stored_bit("/d/f", 1, 0));
    EXPECT_EQ(content(files, "/d/f"), "acc");
    files.crash(CrashPolicy::drop_unsynced, 1);
    EXPECT_EQ(content(files, "/d/f"), "acc");
}

}  // namespace
}  // namespace tideline::runtime::sim
