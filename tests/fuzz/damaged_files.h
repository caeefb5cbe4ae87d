// tests/fuzz/damaged_files.h: good files, and what the input makes of them before they are read.
//
// A list of steps, each a file, what happens to it, where, and bytes. Besides the damage of disks (cut, lost, overwritten) there is that of
// programs: a field of a batch's header that is wrong under a right checksum.
#pragma once

#include <map>
#include <string>

#include "base/check.h"
#include "input.h"
#include "record/batch.h"
#include "runtime/sim/files.h"

namespace tideline::fuzz {

using Files = std::map<std::string, base::Bytes>;  // by path

inline void collect(runtime::sim::SimFileSystem& disk, const std::string& directory, Files& files) {
    const auto entries = disk.list(directory);
    TL_CHECK(entries.has_value());
    for (const auto& entry : *entries) {
        const std::string path = directory + "/" + entry.name;
        if (entry.is_directory) {
            collect(disk, path, files);
        } else {
            files[path] = *runtime::read_file(disk, path);
        }
    }
}

inline void put(runtime::sim::SimFileSystem& disk, const std::string& path, base::ByteView bytes) {
    TL_CHECK(disk.make_directories(runtime::parent_of(path)).has_value());
    auto file = disk.open(path, runtime::OpenMode::create_or_truncate);
    TL_CHECK(file && (*file)->write_at(0, bytes));
}

inline void put(runtime::sim::SimFileSystem& disk, const Files& files) {
    for (const auto& [path, bytes] : files) {
        put(disk, path, bytes);
    }
    disk.sync_all();
}

namespace detail {

inline void overwrite(base::Bytes& bytes, std::size_t at, base::ByteView with) {
    bytes.resize(std::max(bytes.size(), at + with.size()));
    std::ranges::copy(with, bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

// A field of the nth batch, counted round and round, with a new checksum.
inline void change_batch(base::Bytes& bytes, std::size_t nth, std::size_t field, base::ByteView with) {
    std::vector<std::pair<std::size_t, std::size_t>> batches;
    record::BatchCursor cursor(bytes);
    for (std::size_t at = 0; true; at = cursor.position()) {
        auto batch = cursor.next();
        if (!batch || !*batch) {
            break;
        }
        batches.emplace_back(at, (*batch)->bytes.size());
    }
    if (batches.empty()) {
        return;
    }
    auto [at, size] = batches[nth % batches.size()];
    field %= record::kBatchHeaderBytes;
    if (field + with.size() > record::position::length && field < record::position::leader_epoch) {
        return;  // the length says where the next batch begins: that is for the other kinds of damage
    }
    overwrite(bytes, at + field, with.first(std::min(with.size(), size - record::kBatchHeaderBytes + 1)));
    record::update_crc(base::MutableByteView(bytes).subspan(at, size));
}

}  // namespace detail

// Takes steps until a zero byte or the end.
inline void damage(Files& files, Input& input) {
    while (const std::uint8_t step = input.byte()) {
        if (files.empty()) {
            return;
        }
        auto victim = std::next(files.begin(), static_cast<std::ptrdiff_t>(input.byte() % files.size()));
        base::Bytes& bytes = victim->second;
        switch (step % 7) {
            case 0: bytes.resize(input.below(bytes.size() + 1)); break;
            case 1: files.erase(victim); break;
            case 2: {
                const std::size_t at = input.below(bytes.size() + 1);
                detail::overwrite(bytes, at, input.take(input.byte() % 64));
                break;
            }
            case 3:
                if (!bytes.empty()) {
                    bytes[input.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << (input.byte() % 8));
                }
                break;
            case 4: {
                const base::ByteView content = input.take(input.below(1024));
                bytes.assign(content.begin(), content.end());
                break;
            }
            case 5: {
                const std::size_t nth = input.byte();
                const std::size_t field = input.byte();
                detail::change_batch(bytes, nth, field, input.take(input.byte() % 16));
                break;
            }
            default: {
                // Another file's bytes in the place of this one's.
                const base::Bytes other = std::next(files.begin(), static_cast<std::ptrdiff_t>(input.byte() % files.size()))->second;
                bytes = other;
            }
        }
    }
}

}  // namespace tideline::fuzz
