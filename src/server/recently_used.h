// server/recently_used.h: a map that knows what was not touched for longest. Who owns it says when that is forgotten.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tideline::server {

template <class T>
class RecentlyUsed {
public:
    // nullptr when it is not there; else it counts as touched.
    T* touch(std::string_view key) {
        auto at = by_key_.find(key);
        if (at == by_key_.end()) {
            return nullptr;
        }
        entries_.splice(entries_.end(), entries_, at->second);
        return &at->second->value;
    }

    // A value for a key that is not there; it counts as touched.
    T& add(std::string_view key) {
        entries_.push_back({.key = std::string(key)});
        Entry& entry = entries_.back();
        by_key_.emplace(entry.key, std::prev(entries_.end()));
        return entry.value;
    }

    // The same for looking only: it does not count as touched.
    const T* find(std::string_view key) const {
        auto at = by_key_.find(key);
        return at == by_key_.end() ? nullptr : &at->second->value;
    }

    // There must be one.
    const T& oldest() const { return entries_.front().value; }
    void forget_oldest() {
        by_key_.erase(entries_.front().key);
        entries_.pop_front();
    }

    std::size_t size() const { return by_key_.size(); }

private:
    struct Entry {
        std::string key;
        T value = {};
    };
    std::list<Entry> entries_;  // least recently touched first
    std::unordered_map<std::string_view, typename std::list<Entry>::iterator> by_key_;  // keys lie in the entries
};

}  // namespace tideline::server
