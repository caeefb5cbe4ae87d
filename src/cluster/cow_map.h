// cluster/cow_map.h: a map that is cheap to copy and to change a little.
//
// Entries lie in 256 buckets by hash; copies share the buckets, and a change copies one of them. With ten thousand
// entries a change costs the copy of 256 pointers and of some forty entries, not of everything.
// Thread:  copies may be read on any thread: shared buckets are never written again.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace tideline::cluster {

// Lets maps keyed by std::string be asked with a std::string_view.
struct TransparentStringHash {
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

template <class Key, class Value, class Hash = std::hash<Key>>
class CowMap {
public:
    using Entry = std::pair<Key, Value>;

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    // The value, or nullptr. Valid until this map is changed or destroyed.
    template <class K>
    const Value* find(const K& key) const {
        const auto& bucket = buckets_[slot_of(key)];
        if (!bucket) {
            return nullptr;
        }
        auto at = std::ranges::find_if(*bucket, [&](const Entry& entry) { return entry.first == key; });
        return at == bucket->end() ? nullptr : &at->second;
    }
    template <class K>
    bool contains(const K& key) const {
        return find(key) != nullptr;
    }

    void put(Key key, Value value) {
        std::vector<Entry>& bucket = own(slot_of(key));
        auto at = std::ranges::find_if(bucket, [&](const Entry& entry) { return entry.first == key; });
        if (at == bucket.end()) {
            bucket.emplace_back(std::move(key), std::move(value));
            ++size_;
        } else {
            at->second = std::move(value);
        }
    }

    // False when there was no such key.
    template <class K>
    bool erase(const K& key) {
        if (!contains(key)) {
            return false;
        }
        std::erase_if(own(slot_of(key)), [&](const Entry& entry) { return entry.first == key; });
        --size_;
        return true;
    }

    // Calls visit(key, value) for every entry, in no order that means anything.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& bucket : buckets_) {
            if (bucket) {
                for (const Entry& entry : *bucket) {
                    visit(entry.first, entry.second);
                }
            }
        }
    }

    // The entries in the order of their keys; the pointers live as long as this map is not changed.
    std::vector<const Entry*> sorted() const {
        std::vector<const Entry*> all;
        all.reserve(size_);
        for (const auto& bucket : buckets_) {
            if (bucket) {
                for (const Entry& entry : *bucket) {
                    all.push_back(&entry);
                }
            }
        }
        std::ranges::sort(all, {}, [](const Entry* entry) -> const Key& { return entry->first; });
        return all;
    }

    friend bool operator==(const CowMap& a, const CowMap& b) {
        if (a.size_ != b.size_) {
            return false;
        }
        bool equal = true;
        a.for_each([&](const Key& key, const Value& value) {
            const Value* other = b.find(key);
            equal = equal && other != nullptr && *other == value;
        });
        return equal;
    }

private:
    static constexpr std::size_t kBuckets = 256;

    template <class K>
    static std::size_t slot_of(const K& key) {
        std::size_t hash = Hash{}(key);
        return (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15ull >> 56;
    }

    // The bucket for writing: copied first when another map shares it. A bucket that only this map holds is written in
    // place; nobody can be reading it, since a reader would hold a copy of the map.
    std::vector<Entry>& own(std::size_t slot) {
        auto& bucket = buckets_[slot];
        if (!bucket) {
            bucket = std::make_shared<std::vector<Entry>>();
        } else if (bucket.use_count() > 1) {
            bucket = std::make_shared<std::vector<Entry>>(*bucket);
        } else {
            // A reader on another thread may just have let go of it: its reads come before our writes.
            std::atomic_thread_fence(std::memory_order_acquire);
        }
        return *bucket;
    }

    // Shared by the images that agree on them; see own().
    std::array<std::shared_ptr<std::vector<Entry>>, kBuckets> buckets_;
    std::size_t size_ = 0;
};

}  // namespace tideline::cluster
