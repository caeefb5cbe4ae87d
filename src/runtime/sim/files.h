// runtime/sim/files.h: a file system in memory that can lose power, fail and lie, the same way for the same seed.
//
// It keeps what programs see apart from what the disk surely holds; between them lie pending operations, of which crash()
// keeps as many as its policy says. sync_data() makes a file's earlier data and size durable, sync_dir() the names in a
// directory; neither does the other's work. A rename is one item: a crash shows all of it or nothing.
// Usable with or without a SimWorld: every call does its work at once.
// Thread: one. Owns nothing of its callers; it must outlive the files it opened.
// Errors: kafka_storage_error with errno in `detail`. A file that was open during a crash answers EBADF for good.
//
//   SimFileSystem files;
//   files.crash_after(n);                                  // the nth operation from here meets a dead machine
//   run(files);
//   files.crash(CrashPolicy::keep_subset, seed);           // power comes back
//   check(files);
#pragma once

#include <limits>
#include <map>
#include <optional>

#include "runtime/files.h"
#include "runtime/sim/inode.h"
#include "runtime/random.h"

namespace tideline::runtime::sim {

// What a crash keeps of the operations that no sync has made durable.
enum class CrashPolicy : std::uint8_t {
    drop_unsynced,   // nothing
    keep_all,        // everything (the process died, the machine did not)
    keep_prefix,     // what came before a random moment
    keep_subset,     // each with even odds: size without data, a rename without the data it points to
    tear_last_write  // everything, but of the last write some 512-byte sectors are old, zero or garbage
};
inline constexpr CrashPolicy kCrashPolicies[] = {CrashPolicy::drop_unsynced, CrashPolicy::keep_all, CrashPolicy::keep_prefix,
                                                 CrashPolicy::keep_subset, CrashPolicy::tear_last_write};
inline constexpr std::uint64_t kSectorBytes = 512;

class SimFileSystem final : public FileSystem {
public:
    SimFileSystem();
    ~SimFileSystem() override;
    SimFileSystem(const SimFileSystem&) = delete;
    SimFileSystem& operator=(const SimFileSystem&) = delete;

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

    // Power is lost and comes back: handles and locks are dead, what survived is there and durable. Ends every fault
    // below but the capacity.
    void crash(CrashPolicy policy, std::uint64_t seed);
    // Makes everything durable, e.g. what a test starts from.
    void sync_all();
    // Operations that no sync has made durable yet.
    std::size_t pending_operations();

    // Mutating operations so far: each create, write, truncate, sync, rename, remove, mkdir, sync_dir is one.
    std::uint64_t operations() const { return operations_; }
    // The nth mutating operation from now, and every call after it, fails with EIO until crash(). n starts at 1.
    void crash_after(std::uint64_t n) { cut_at_ = operations_ + n; }
    bool power_is_cut() const { return power_cut_; }

    // Ends every fault that is to come, the limit of the capacity too. Power stays off once it is.
    void end_faults();

    // Faults. "nth" counts from now and starts at 1; each happens once.
    void fail_operation(std::uint64_t nth, int code);                  // any mutating operation: no effect
    void fail_sync(std::uint64_t nth) { fail_sync_ = syncs_ + nth; }   // a sync_data: EIO, its pages are forgotten
    void short_write(std::uint64_t nth, std::uint64_t bytes, int code);  // a write: `bytes` of it, then the error
    void flip_bit_on_read(std::uint64_t nth, std::uint64_t bit);       // a read: that bit of what it returns, modulo
    void limit_capacity(std::uint64_t bytes) { capacity_ = bytes; }    // all files together, then ENOSPC
    void set_cold(bool cold) { cold_ = cold; }                         // read_cached() answers EAGAIN
    // Damages what is stored, now: the durable image and what programs read. A write still pending is not damaged.
    Result<> flip_stored_bit(std::string_view path, std::uint64_t position, unsigned bit);

    // One line an operation, in order: "create /d/f", "write /d/f 0 100", "truncate /d/f 50", "sync /d/f",
    // "rename /d/f /d/g", "remove /d/g", "mkdir /d", "sync_dir /d", "crash". What a fault ended bears " failed".
    void record_transcript(bool on) { transcript_on_ = on; }
    const std::vector<std::string>& transcript() const { return transcript_; }
    std::vector<std::string> take_transcript() { return std::move(transcript_); }

private:
    friend class SimFile;
    struct Place {
        InodePtr directory;
        std::string name;
    };
    struct ShortWrite {
        std::uint64_t at = 0;
        std::uint64_t bytes = 0;
        int code = EIO;
    };

    // Counts one mutating operation; the error is the injected one. Call it when nothing else can go wrong.
    Result<> begin_operation(std::string_view verb, const std::string& path, std::string_view rest = {});
    void note(std::string_view verb, const std::string& path, std::string_view rest);
    void mark_failed();  // in the transcript, the last operation
    Result<> check_power() const;
    Result<InodePtr> find(std::string_view path) const;
    Result<Place> find_place(std::string_view path) const;
    InodePtr find_entry(const Place& place) const;
    InodePtr make_inode(const Place& place, bool directory);
    Result<InodePtr> create_file(const Place& place);
    // The only way names change: `inode` moves to `to`, or nowhere.
    void move_name(const InodePtr& inode, const Place& to);
    Result<> remove_below(const InodePtr& inode);
    std::uint64_t used_bytes(const Inode& inode) const;

    Result<> write(Inode& inode, std::uint64_t position, std::span<const ByteView> parts);
    Result<> truncate(Inode& inode, std::uint64_t size);
    Result<> sync(Inode& inode);
    Result<std::size_t> read(Inode& inode, std::uint64_t position, MutableByteView into);
    void store(Inode& inode, std::uint64_t position, ByteView bytes);

    InodePtr root_;
    std::vector<std::weak_ptr<Inode>> inodes_;  // in order of birth
    std::uint64_t generation_ = 0;              // of handles; a crash begins a new one
    std::uint64_t sequence_ = 0;
    std::uint64_t operations_ = 0;
    std::uint64_t syncs_ = 0;
    std::uint64_t writes_ = 0;
    std::uint64_t reads_ = 0;

    bool power_cut_ = false;
    bool cold_ = false;
    std::uint64_t cut_at_ = 0;  // 0: never, for this and the next ones
    std::uint64_t fail_sync_ = 0;
    std::map<std::uint64_t, int> failing_;  // operation → errno
    ShortWrite short_write_;
    std::uint64_t flip_read_ = 0;
    std::uint64_t flip_bit_ = 0;
    std::uint64_t capacity_ = std::numeric_limits<std::uint64_t>::max();

    bool transcript_on_ = false;
    std::vector<std::string> transcript_;
};

}  // namespace tideline::runtime::sim
