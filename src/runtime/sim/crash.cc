// What a crash leaves of a SimFileSystem.
#include <algorithm>
#include <set>

#include "runtime/sim/files.h"

namespace tideline::runtime::sim {

namespace {

// One operation that the crash may lose.
struct Item {
    std::uint64_t sequence;
    Inode* file = nullptr;  // of a write
    PendingWrite write;
    std::shared_ptr<PendingName> name;

    void apply() const {
        if (file != nullptr) {
            write.apply(file->disk);
        } else {
            name->apply();
        }
    }
};

std::vector<Item> pending_items(const std::vector<InodePtr>& inodes) {
    std::vector<Item> items;
    for (const InodePtr& inode : inodes) {
        for (const PendingWrite& write : inode->writes) {
            items.push_back({.sequence = write.sequence, .file = inode.get(), .write = write, .name = nullptr});
        }
        for (const auto& name : inode->names) {
            if (!std::exchange(name->committed, true)) {
                items.push_back({.sequence = name->sequence, .file = nullptr, .write = {}, .name = name});
            }
        }
    }
    std::ranges::sort(items, {}, &Item::sequence);
    return items;
}

// Replaces some of the sectors that `write` touches: each side of a sector border was written or not.
void tear(PendingWrite& write, const DiskImage& before, Random& random) {
    enum class Rest : std::uint8_t { old, zero, garbage };
    std::uint64_t end = write.position + write.bytes.size();
    for (std::uint64_t at = write.position; at < end;) {
        std::uint64_t sector_end = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
        bool written = random.chance(2);
        Rest rest = static_cast<Rest>(random.below(3));
        for (; at < sector_end; ++at) {
            std::uint8_t& byte = write.bytes[at - write.position];
            if (written) {
                continue;
            }
            switch (rest) {
                case Rest::old: byte = at < before.bytes.size() ? before.bytes[at] : 0; break;
                case Rest::zero: byte = 0; break;
                case Rest::garbage: byte = static_cast<std::uint8_t>(random.next()); break;
            }
        }
    }
}

void keep_some(std::vector<Item>& items, CrashPolicy policy, Random& random) {
    switch (policy) {
        case CrashPolicy::drop_unsynced:
            items.clear();
            break;
        case CrashPolicy::keep_all:
        case CrashPolicy::tear_last_write:
            break;
        case CrashPolicy::keep_prefix:
            items.erase(items.begin() + static_cast<std::ptrdiff_t>(random.below(items.size() + 1)), items.end());
            break;
        case CrashPolicy::keep_subset:
            std::erase_if(items, [&](const Item&) { return random.chance(2); });
            break;
    }
}

// Gives `inode` and all below it the state that survived, and collects them.
void restore(const InodePtr& inode, std::vector<std::weak_ptr<Inode>>& alive) {
    inode->become_durable_state();
    alive.push_back(inode);
    for (const auto& [name, child] : inode->entries) {
        restore(child, alive);
    }
}

// What is lost may hold itself: a subset of renames can put two directories into each other.
void forget(Inode& inode) {
    inode.entries.clear();
    inode.disk_entries.clear();
    inode.writes.clear();
    inode.names.clear();
}

std::vector<InodePtr> lock_all(const std::vector<std::weak_ptr<Inode>>& inodes) {
    std::vector<InodePtr> found;
    for (const auto& weak : inodes) {
        if (InodePtr inode = weak.lock()) {
            found.push_back(std::move(inode));
        }
    }
    return found;
}

}  // namespace

void SimFileSystem::crash(CrashPolicy policy, std::uint64_t seed) {
    Random random(seed);
    std::vector<InodePtr> inodes = lock_all(inodes_);
    std::vector<Item> items = pending_items(inodes);
    keep_some(items, policy, random);

    const Item* torn = nullptr;
    if (policy == CrashPolicy::tear_last_write) {
        auto last = std::ranges::find_if(items.rbegin(), items.rend(), [](const Item& item) {
            return item.file != nullptr && item.write.kind == PendingWrite::Kind::data;
        });
        torn = last == items.rend() ? nullptr : &*last;
    }
    for (Item& item : items) {
        if (&item == torn) {
            tear(item.write, item.file->disk, random);
        }
        item.apply();
    }

    for (const InodePtr& inode : inodes) {
        inode->writes.clear();
        inode->names.clear();
    }
    inodes_.clear();
    restore(root_, inodes_);
    std::set<Inode*> alive;
    for (const InodePtr& inode : lock_all(inodes_)) {
        alive.insert(inode.get());
    }
    for (const InodePtr& inode : inodes) {
        if (!alive.contains(inode.get())) {
            forget(*inode);
        }
    }
    ++generation_;
    power_cut_ = false;
    std::uint64_t capacity = capacity_;
    end_faults();
    capacity_ = capacity;
    note("crash", {}, {});
}

void SimFileSystem::end_faults() {
    cold_ = false;
    cut_at_ = power_cut_ ? cut_at_ : 0;
    fail_sync_ = flip_read_ = 0;
    short_write_ = {};
    failing_.clear();
    capacity_ = std::numeric_limits<std::uint64_t>::max();
}

SimFileSystem::~SimFileSystem() {
    for (const InodePtr& inode : lock_all(inodes_)) {
        forget(*inode);
    }
}

void SimFileSystem::sync_all() {
    std::vector<InodePtr> inodes = lock_all(inodes_);
    for (const Item& item : pending_items(inodes)) {
        item.apply();
    }
    for (const InodePtr& inode : inodes) {
        inode->writes.clear();
        inode->names.clear();
    }
}

std::size_t SimFileSystem::pending_operations() {
    std::size_t writes = 0;
    std::set<std::uint64_t> names;  // a rename across directories is queued twice
    for (const InodePtr& inode : lock_all(inodes_)) {
        writes += inode->writes.size();
        for (const auto& name : inode->names) {
            if (!name->committed) {
                names.insert(name->sequence);
            }
        }
    }
    return writes + names.size();
}

}  // namespace tideline::runtime::sim
