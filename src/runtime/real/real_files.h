// runtime/real/real_files.h: files and directories of the operating system. See runtime/files.h for what they promise.
//
// Thread: any; every call stands alone. Only the table of held locks is shared, under a mutex.
#pragma once

#include "runtime/files.h"
#include "runtime/fresh_reads.h"
#include "runtime/real/fd.h"
#include "runtime/writeback.h"

namespace tideline::runtime::real {

class RealFile final : public File, public FreshReads, public Writeback {
public:
    explicit RealFile(Fd fd) : fd_(std::move(fd)) {}

    using File::write_at;
    Result<> write_at(std::uint64_t position, std::span<const ByteView> parts) override;
    Result<std::size_t> read_at(std::uint64_t position, MutableByteView into) override;
    Result<std::size_t> read_cached(std::uint64_t position, MutableByteView into) override;
    Result<> truncate(std::uint64_t size) override;
    Result<> sync_data() override;
    Result<std::uint64_t> size() override;
    Result<> forget_cached() override;
    void start_writeback() override;
    int descriptor() const { return fd_.get(); }

private:
    Result<std::size_t> read_with(std::uint64_t position, MutableByteView into, int flags);

    Fd fd_;
};

class RealFileSystem final : public FileSystem {
public:
    Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override;
    Result<std::vector<DirectoryEntry>> list(std::string_view directory) override;
    bool exists(std::string_view path) override;
    Result<> make_directories(std::string_view path) override;
    Result<> rename(std::string_view from, std::string_view to) override;
    Result<> remove_file(std::string_view path) override;
    Result<> remove_tree(std::string_view directory) override;
    Result<> sync_dir(std::string_view directory) override;
    Result<DiskSpace> space(std::string_view path) override;
    Result<std::unique_ptr<FileLock>> lock(std::string_view path) override;
};

}  // namespace tideline::runtime::real
