// group/offset_store.h: committed offsets by group, topic and partition, and those of transactions that are still open.
//
// Each change has the place of its record in the log's order: when a transaction ends, its offset loses against a commit
// that was written later.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "group/group_table.h"

namespace tideline::group {

struct CommittedOffset {
    std::int64_t offset = -1;
    std::int32_t leader_epoch = -1;
    std::string metadata;
    std::int64_t commit_timestamp_ms = -1;
    std::int64_t expire_timestamp_ms = -1;  // -1: as the broker's retention says
    base::Uuid topic_id;                    // zero: committed by name
    std::uint64_t order = 0;
};

struct OffsetPlace {
    std::string_view group;
    std::string_view topic;
    std::int32_t partition = 0;
};

class OffsetStore {
public:
    using Partitions = std::map<std::int32_t, CommittedOffset>;
    using Topics = std::unordered_map<std::string, Partitions, TextHash, std::equal_to<>>;

    const Topics* find(std::string_view group) const;
    const CommittedOffset* find(const OffsetPlace& place) const;
    // Returns the offset that this one replaces.
    std::optional<std::int64_t> put(const OffsetPlace& place, CommittedOffset offset);
    void put_pending(std::int64_t producer_id, const OffsetPlace& place, CommittedOffset offset);
    // The committed offset and all pending ones.
    void remove(const OffsetPlace& place);
    void end_transaction(std::int64_t producer_id, bool committed);

    bool is_pending(const OffsetPlace& place) const;
    bool has_pending(std::string_view group) const { return open_.contains(group); }
    // Where pending offsets of `group` are.
    std::vector<std::pair<std::string, std::int32_t>> pending_places(std::string_view group) const;

    // Every group that has offsets, pending ones too, for the partitions of `topic`.
    std::vector<std::pair<std::string, std::int32_t>> places_of_topic(std::string_view topic) const;
    // Sorted; of what is pending as well.
    struct Place {
        std::string group;
        std::string topic;
        std::int32_t partition = 0;
        friend auto operator<=>(const Place&, const Place&) = default;
    };
    std::vector<Place> places_where(const std::function<bool(std::string_view topic, const CommittedOffset&)>& wanted) const;
    std::vector<std::string> group_ids() const;  // of committed offsets, sorted
    std::size_t size() const { return size_; }

private:
    using Groups = std::unordered_map<std::string, Topics, TextHash, std::equal_to<>>;
    using OpenTopics = std::map<std::string, std::map<std::int32_t, std::set<std::int64_t>>, std::less<>>;

    static bool erase(Groups& groups, const OffsetPlace& place);

    Groups committed_;
    std::map<std::int64_t, Groups> pending_;                                          // by producer id
    std::unordered_map<std::string, OpenTopics, TextHash, std::equal_to<>> open_;     // group to producers with pending offsets
    std::uint64_t last_order_ = 0;
    std::size_t size_ = 0;
};

}  // namespace tideline::group
