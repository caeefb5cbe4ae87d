#include "runtime/sim/inode.h"

#include <algorithm>

namespace tideline::runtime::sim {

base::Bytes DiskImage::visible() const {
    base::Bytes shown = bytes;
    shown.resize(size);
    return shown;
}

void PendingWrite::apply(DiskImage& disk) const {
    switch (kind) {
        case Kind::data:
            disk.bytes.resize(std::max<std::size_t>(disk.bytes.size(), position + bytes.size()));
            std::ranges::copy(bytes, disk.bytes.begin() + static_cast<std::ptrdiff_t>(position));
            break;
        case Kind::extend:
            disk.size = std::max(disk.size, position);
            break;
        case Kind::cut:
            disk.size = std::min(disk.size, position);
            disk.bytes.resize(std::min<std::size_t>(disk.bytes.size(), position));
            break;
    }
}

void PendingName::apply() {
    if (sequence < inode->disk_name_sequence) {
        return;
    }
    inode->disk_name_sequence = sequence;
    if (InodePtr old = inode->disk_parent.lock()) {
        old->disk_entries.erase(inode->disk_name);
    }
    inode->disk_parent.reset();
    if (InodePtr place = directory.lock()) {
        InodePtr& entry = place->disk_entries[name];
        if (entry != nullptr) {
            entry->disk_parent.reset();
        }
        entry = inode;
        inode->disk_parent = place;
        inode->disk_name = name;
    }
}

void Inode::commit_writes() {
    for (const PendingWrite& write : writes) {
        write.apply(disk);
    }
    writes.clear();
}

void Inode::commit_names() {
    for (const auto& item : names) {
        if (!item->committed) {
            item->committed = true;
            item->apply();
        }
    }
    names.clear();
}

void Inode::forget_data() {
    std::erase_if(writes, [](const PendingWrite& write) { return write.kind == PendingWrite::Kind::data; });
}

void Inode::forget_cached() {
    DiskImage now = disk;
    for (const PendingWrite& write : writes) {
        write.apply(now);
    }
    now.size = data.size();
    data = now.visible();
}

void Inode::become_durable_state() {
    data = disk.visible();
    disk.bytes = data;
    entries = disk_entries;
    parent = disk_parent;
    name = disk_name;
    lock_holder.reset();
    writes.clear();
    names.clear();
}

std::string path_of(const Inode& inode) {
    InodePtr above = inode.parent.lock();
    if (above == nullptr) {
        return inode.name.empty() ? "" : "(removed) " + inode.name;
    }
    return path_of(*above) + "/" + inode.name;
}

}  // namespace tideline::runtime::sim
