// simulation/group_book.h: what coordinators have promised to groups, and whether they keep to it.
//
//   - a committed offset stays until a later commit takes its place: it neither goes back nor vanishes;
//   - no partition has two owners in one generation (classic) or member epoch (consumer);
//   - a classic member gets what the leader of its generation gave it.
// A commit of which nothing was heard may take effect at any time until the broker's life ends: its connection may still hold it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "simulation/history.h"

namespace tideline::simulation {

class GroupBook {
public:
    explicit GroupBook(std::function<void(std::string)> violated) : violated_(std::move(violated)) {}

    // --- offsets ---
    struct Commit {
        std::string group;
        PartitionId partition;
        Offset offset = 0;         // no two commits have the same
        std::uint64_t begun = 0;   // moments are counted, not measured
    };
    Commit committing(const std::string& group, const PartitionId& partition);
    void committed(const Commit& commit);
    void refused(const Commit& commit);  // it surely had no effect
    // What a fetch may answer now; log::kNoOffset: nothing was committed.
    std::set<Offset> may_hold(const std::string& group, const PartitionId& partition) const;
    // `before`: what it might have answered when it was sent.
    void fetched(const std::string& group, const PartitionId& partition, Offset offset, std::set<Offset> before);
    // Nothing is under way, and this is what a fetch was answered: so it stays.
    void settle(const std::string& group, const PartitionId& partition, Offset offset);
    // From here on nothing sent earlier can take effect.
    void life_ended();

    // --- members ---
    void owns(const std::string& group, std::int32_t epoch, const PartitionId& partition, const std::string& member);
    // What the leader of this generation gives this member; a generation that no disk held may come again.
    void assigning(const std::string& group, std::int32_t generation, const std::string& member, const std::string& assignment);
    void assigned(const std::string& group, std::int32_t generation, const std::string& member, const std::string& assignment);

    std::size_t commits() const { return commits_; }
    std::size_t assignments() const { return owners_.size(); }

private:
    struct Value {
        std::uint64_t ended = 0;  // 0: nobody knows whether it arrived
    };
    struct Committed {
        std::map<Offset, Value> possible;
    };
    Committed& committed_of(const std::string& group, const PartitionId& partition);

    std::function<void(std::string)> violated_;
    std::map<std::pair<std::string, PartitionId>, Committed> offsets_;
    std::map<std::tuple<std::string, std::int32_t, PartitionId>, std::string> owners_;
    std::map<std::tuple<std::string, std::int32_t, std::string>, std::set<std::string>> given_;
    std::uint64_t moment_ = 1;
    Offset next_offset_ = 1;
    std::size_t commits_ = 0;
};

}  // namespace tideline::simulation
