// The rules of files.h, held against the simulated and the real file system alike.
#include "runtime/files.h"

#include "runtime/fresh_reads.h"
#include "runtime/test_runtimes.h"

namespace tideline::runtime {
namespace {

using base::as_bytes;
using base::as_text;
using base::Bytes;

template <class Runtime>
class Files : public OnBothRuntimes<Runtime> {
protected:
    std::unique_ptr<File> make(std::string_view name, std::string_view content) {
        auto file = this->files().open(this->path(name), OpenMode::create_or_truncate);
        EXPECT_TRUE(file && (*file)->write_at(0, as_bytes(content)));
        return std::move(*file);
    }
    std::string read(std::string_view name) {
        auto content = read_file(this->files(), this->path(name));
        return content ? std::string(as_text(*content)) : "error " + std::to_string(content.error().detail);
    }
    std::vector<std::string> names() {
        std::vector<std::string> found;
        for (const DirectoryEntry& each : *this->files().list(this->path(""))) {
            found.push_back(each.name + (each.is_directory ? "/" : ""));
        }
        return found;
    }
};
TYPED_TEST_SUITE(Files, BothRuntimes);

std::int64_t code_of(const auto& result) {
    return result ? 0 : (result.error().code == ErrorCode::kafka_storage_error ? result.error().detail : -1);
}

TYPED_TEST(Files, OpenAsTheModeSays) {
    FileSystem& files = this->files();
    std::string path = this->path("f");
    EXPECT_EQ(code_of(files.open(path, OpenMode::read)), ENOENT);
    EXPECT_EQ(code_of(files.open(path, OpenMode::read_write)), ENOENT);
    EXPECT_TRUE(files.open(path, OpenMode::create));
    EXPECT_EQ(code_of(files.open(path, OpenMode::create)), EEXIST);
    this->make("f", "abc");
    EXPECT_TRUE(files.open(path, OpenMode::create_or_open));
    EXPECT_EQ(this->read("f"), "abc");
    EXPECT_TRUE(files.open(path, OpenMode::create_or_truncate));
    EXPECT_EQ(this->read("f"), "");
    EXPECT_EQ(code_of(files.open(this->path("no/such/f"), OpenMode::create)), ENOENT);
    EXPECT_EQ(code_of(files.open(this->path(""), OpenMode::read)), EISDIR);
}

TYPED_TEST(Files, WriteAllPartsBackToBack) {
    auto file = this->make("f", "0123456789");
    std::vector<Bytes> many(150, Bytes{'x', 'y'});
    std::vector<ByteView> parts{as_bytes(""), as_bytes("ab"), as_bytes("")};
    parts.insert(parts.end(), many.begin(), many.end());
    ASSERT_TRUE(file->write_at(8, std::span<const ByteView>(parts)));
    std::string content = this->read("f");
    EXPECT_EQ(content.substr(0, 14), "01234567abxyxy");
    EXPECT_EQ(content.size(), 8u + 2 + 300);
    EXPECT_EQ(file->size().value(), content.size());
    ASSERT_TRUE(file->write_at(3, std::span<const ByteView>{}));
    EXPECT_EQ(file->size().value(), content.size());
}

TYPED_TEST(Files, ReadZerosWhereNothingWasWritten) {
    auto file = this->make("f", "a");
    ASSERT_TRUE(file->write_at(4, as_bytes("b")));
    EXPECT_EQ(this->read("f"), std::string("a\0\0\0b", 5));
}

TYPED_TEST(Files, ReadUntilFullOrTheEnd) {
    auto file = this->make("f", "0123456789");
    Bytes buffer(4);
    EXPECT_EQ(file->read_at(2, buffer).value(), 4u);
    EXPECT_EQ(as_text(buffer), "2345");
    EXPECT_EQ(file->read_at(8, buffer).value(), 2u);
    EXPECT_EQ(file->read_at(10, buffer).value(), 0u);
    EXPECT_EQ(file->read_at(99, buffer).value(), 0u);
    EXPECT_EQ(file->read_at(0, MutableByteView{}).value(), 0u);
}

TYPED_TEST(Files, ReadFromTheCacheOrSayThatItWouldWait) {
    auto file = this->make("f", "0123456789");
    Bytes buffer(4);
    auto got = file->read_cached(2, buffer);
    if (got) {
        EXPECT_EQ(as_text(buffer), "2345");
    } else {
        EXPECT_EQ(code_of(got), EAGAIN);  // some file systems cannot tell
    }
}

TYPED_TEST(Files, TruncateCutsAndGrowsWithZeros) {
    auto file = this->make("f", "0123456789");
    ASSERT_TRUE(file->truncate(3));
    EXPECT_EQ(this->read("f"), "012");
    ASSERT_TRUE(file->truncate(5));
    EXPECT_EQ(this->read("f"), std::string("012\0\0", 5));
}

TYPED_TEST(Files, OpenForReadingRefuseToBeWritten) {
    this->make("f", "abc");
    auto file = this->files().open(this->path("f"), OpenMode::read);
    EXPECT_FALSE((*file)->write_at(0, as_bytes("x")));
    EXPECT_FALSE((*file)->truncate(0));
    EXPECT_EQ(this->read("f"), "abc");
}

TYPED_TEST(Files, SyncOfFileAndDirectorySucceed) {
    auto file = this->make("f", "abc");
    EXPECT_TRUE(file->sync_data());
    EXPECT_TRUE(this->files().sync_dir(this->path("")));
    EXPECT_EQ(code_of(this->files().sync_dir(this->path("none"))), ENOENT);
}

TYPED_TEST(Files, ReadAfreshHoldWhatWasSynced) {
    auto file = this->make("f", "first");
    EXPECT_TRUE(read_afresh(*file));
    EXPECT_EQ(this->read("f"), "first");
}

TYPED_TEST(Files, AreListedByNameWithoutDots) {
    ASSERT_TRUE(this->files().make_directories(this->path("b/c")));
    ASSERT_TRUE(this->files().make_directories(this->path("b/c")));  // again: fine
    this->make("a", "");
    this->make("c", "");
    this->make(".hidden", "");
    EXPECT_EQ(this->names(), (std::vector<std::string>{".hidden", "a", "b/", "c"}));
    EXPECT_EQ(code_of(this->files().list(this->path("none"))), ENOENT);
    EXPECT_TRUE(this->files().exists(this->path("b/c")));
    EXPECT_FALSE(this->files().exists(this->path("b/d")));
}

TYPED_TEST(Files, ADirectoryCannotBeMadeWhereAFileIs) {
    this->make("a", "");
    EXPECT_FALSE(this->files().make_directories(this->path("a")));
    EXPECT_FALSE(this->files().make_directories(this->path("a/b")));
}

TYPED_TEST(Files, RenameReplacesTheTargetAndKeepsOpenFilesAlive) {
    auto old = this->make("a", "old");
    this->make("b", "new");
    ASSERT_TRUE(this->files().rename(this->path("b"), this->path("a")));
    EXPECT_EQ(this->names(), (std::vector<std::string>{"a"}));
    EXPECT_EQ(this->read("a"), "new");
    Bytes buffer(3);
    EXPECT_EQ(old->read_at(0, buffer).value(), 3u);
    EXPECT_EQ(as_text(buffer), "old");
    EXPECT_EQ(code_of(this->files().rename(this->path("none"), this->path("a"))), ENOENT);
}

TYPED_TEST(Files, RenameMovesADirectoryWithAllInIt) {
    ASSERT_TRUE(this->files().make_directories(this->path("t-0")));
    auto file = this->make("t-0/x", "1");
    ASSERT_TRUE(this->files().rename(this->path("t-0"), this->path("t-0.delete")));
    EXPECT_EQ(this->read("t-0.delete/x"), "1");
    EXPECT_FALSE(this->files().exists(this->path("t-0")));
    ASSERT_TRUE(file->write_at(1, as_bytes("2")));
    EXPECT_EQ(this->read("t-0.delete/x"), "12");
}

TYPED_TEST(Files, RemovedAreGoneByNameButReadableWhileOpen) {
    auto file = this->make("a", "abc");
    ASSERT_TRUE(this->files().remove_file(this->path("a")));
    EXPECT_FALSE(this->files().exists(this->path("a")));
    EXPECT_EQ(code_of(this->files().remove_file(this->path("a"))), ENOENT);
    EXPECT_EQ(file->size().value(), 3u);
}

TYPED_TEST(Files, RemoveTreeTakesAllBelowAndIsFineWithNothing) {
    ASSERT_TRUE(this->files().make_directories(this->path("d/e")));
    this->make("d/x", "1");
    this->make("d/e/y", "2");
    this->make("keep", "3");
    EXPECT_TRUE(this->files().remove_tree(this->path("d")));
    EXPECT_EQ(this->names(), std::vector<std::string>{"keep"});
    EXPECT_TRUE(this->files().remove_tree(this->path("d")));
}

TYPED_TEST(Files, SpaceIsKnown) {
    auto space = this->files().space(this->path(""));
    ASSERT_TRUE(space);
    EXPECT_GT(space->total_bytes, 0u);
    EXPECT_LE(space->usable_bytes, space->total_bytes);
}

TYPED_TEST(Files, AreLockedByOneAtATime) {
    std::string path = this->path(".lock");
    {
        auto lock = this->files().lock(path);
        ASSERT_TRUE(lock);
        EXPECT_EQ(code_of(this->files().lock(path)), EAGAIN);
        EXPECT_EQ(code_of(this->files().lock(path)), EAGAIN);  // the refused attempt broke nothing
    }
    EXPECT_TRUE(this->files().lock(path));
}

TYPED_TEST(Files, ReplaceFileLeavesTheNewContentAndNoTemporary) {
    this->make("checkpoint", "old and longer");
    ASSERT_TRUE(replace_file(this->files(), this->path("checkpoint"), as_bytes("new")));
    EXPECT_EQ(this->read("checkpoint"), "new");
    EXPECT_EQ(this->names(), std::vector<std::string>{"checkpoint"});
}

TYPED_TEST(Files, ReadFileRefusesMoreThanItsLimit) {
    this->make("f", "0123456789");
    EXPECT_FALSE(read_file(this->files(), this->path("f"), 9));
    EXPECT_TRUE(read_file(this->files(), this->path("f"), 10));
}

}  // namespace
}  // namespace tideline::runtime
