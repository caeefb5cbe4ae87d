// runtime/sim/sim_file.h: one open file of a SimFileSystem. After a crash it answers EBADF for good.
#pragma once

#include "runtime/fresh_reads.h"
#include "runtime/sim/files.h"

namespace tideline::runtime::sim {

class SimFile final : public File, public FreshReads {
public:
    SimFile(SimFileSystem& files, InodePtr inode, bool writable, std::uint64_t generation)
        : files_(files), inode_(std::move(inode)), writable_(writable), generation_(generation) {}

    using File::write_at;
    Result<> write_at(std::uint64_t position, std::span<const ByteView> parts) override;
    Result<std::size_t> read_at(std::uint64_t position, MutableByteView into) override;
    Result<std::size_t> read_cached(std::uint64_t position, MutableByteView into) override;
    Result<> truncate(std::uint64_t size) override;
    Result<> sync_data() override;
    Result<std::uint64_t> size() override;
    Result<> forget_cached() override;

private:
    Result<> check_usable(bool to_write) const;

    SimFileSystem& files_;
    InodePtr inode_;
    bool writable_;
    std::uint64_t generation_;
};

}  // namespace tideline::runtime::sim
