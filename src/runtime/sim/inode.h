// runtime/sim/inode.h: a simulated file or directory: what programs see, what the disk surely holds, and what lies between.
//
// Each change is applied to the current state at once and queued as pending items: data, size and names apart, because a
// crash may keep any of them without the others. commit_*() moves items to the durable state, in the order they were made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace tideline::runtime::sim {

struct Inode;
using InodePtr = std::shared_ptr<Inode>;

// The durable bytes of a file. Data that reached the disk beyond the durable size lies there unseen.
struct DiskImage {
    base::Bytes bytes;
    std::uint64_t size = 0;

    base::Bytes visible() const;
};

struct PendingWrite {
    enum class Kind : std::uint8_t {
        data,    // `bytes` at `position`
        extend,  // the size grows to `position`
        cut      // the size shrinks to `position`
    };
    std::uint64_t sequence;
    Kind kind;
    std::uint64_t position;
    base::Bytes bytes;

    void apply(DiskImage& disk) const;
};

// `inode` gets the name `name` in `directory` and loses the one it had; no directory: it has no name any more.
struct PendingName {
    std::uint64_t sequence;
    InodePtr inode;
    std::weak_ptr<Inode> directory;
    std::string name;
    bool committed = false;

    void apply();
};

struct Inode {
    bool is_directory = false;

    // What programs see.
    base::Bytes data;
    std::map<std::string, InodePtr> entries;
    std::weak_ptr<Inode> parent;  // empty: the root, or removed
    std::string name;
    std::weak_ptr<const bool> lock_holder;

    // What survives.
    DiskImage disk;
    std::map<std::string, InodePtr> disk_entries;
    std::weak_ptr<Inode> disk_parent;
    std::string disk_name;
    std::uint64_t disk_name_sequence = 0;  // of the last name applied; an older one must not undo it

    // What may survive. A rename from one directory to another is one item that both of them hold.
    std::vector<PendingWrite> writes;
    std::vector<std::shared_ptr<PendingName>> names;

    void commit_writes();
    void commit_names();
    // The kernel's answer to a failed write-back: the data will never reach the disk, though reads still see it.
    void forget_data();
    // What reads see comes from the disk again: data that will never reach it is gone. The size stays.
    void forget_cached();
    // After a crash: what survived is all there is.
    void become_durable_state();
};

// "/a/b"; of a removed file its last name with a mark.
std::string path_of(const Inode& inode);

}  // namespace tideline::runtime::sim
