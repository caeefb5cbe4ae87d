#include "simulation/group_book.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tideline::simulation {

GroupBook::Committed& GroupBook::committed_of(const std::string& group, const PartitionId& partition) {
    auto [found, is_new] = offsets_.try_emplace({group, partition});
    if (is_new) {
        found->second.possible[log::kNoOffset] = {.ended = moment_};
    }
    return found->second;
}

GroupBook::Commit GroupBook::committing(const std::string& group, const PartitionId& partition) {
    Commit commit{.group = group, .partition = partition, .offset = next_offset_++, .begun = ++moment_};
    committed_of(group, partition).possible[commit.offset] = {};
    return commit;
}

void GroupBook::committed(const Commit& commit) {
    std::map<Offset, Value>& possible = committed_of(commit.group, commit.partition).possible;
    std::erase_if(possible, [&](const auto& each) { return each.second.ended != 0 && each.second.ended < commit.begun; });
    possible[commit.offset] = {.ended = ++moment_};
    ++commits_;
}

void GroupBook::refused(const Commit& commit) { committed_of(commit.group, commit.partition).possible.erase(commit.offset); }

std::set<Offset> GroupBook::may_hold(const std::string& group, const PartitionId& partition) const {
    auto found = offsets_.find({group, partition});
    if (found == offsets_.end()) {
        return {log::kNoOffset};
    }
    std::set<Offset> offsets;
    for (const auto& [offset, value] : found->second.possible) {
        offsets.insert(offset);
    }
    return offsets;
}

void GroupBook::fetched(const std::string& group, const PartitionId& partition, Offset offset, std::set<Offset> before) {
    before.merge(may_hold(group, partition));
    if (!before.contains(offset)) {
        violated_(fmt::format("group {} has {} committed for {}, which may be one of {}", group, offset, to_string(partition), before));
    }
}

void GroupBook::settle(const std::string& group, const PartitionId& partition, Offset offset) {
    committed_of(group, partition).possible = {{offset, {.ended = ++moment_}}};
}

void GroupBook::life_ended() {
    ++moment_;
    for (auto& [key, committed] : offsets_) {
        for (auto& [offset, value] : committed.possible) {
            value.ended = value.ended == 0 ? moment_ : value.ended;
        }
    }
}

void GroupBook::owns(const std::string& group, std::int32_t epoch, const PartitionId& partition, const std::string& member) {
    auto [owner, is_new] = owners_.emplace(std::tuple(group, epoch, partition), member);
    if (!is_new && owner->second != member) {
        violated_(fmt::format("group {} gives {} to {} and to {} in epoch {}", group, to_string(partition), owner->second, member, epoch));
    }
}

void GroupBook::assigning(const std::string& group, std::int32_t generation, const std::string& member, const std::string& assignment) {
    given_[{group, generation, member}].insert(assignment);
}

void GroupBook::assigned(const std::string& group, std::int32_t generation, const std::string& member, const std::string& assignment) {
    auto given = given_.find({group, generation, member});
    bool is_given = assignment.empty() || (given != given_.end() && given->second.contains(assignment));
    if (!is_given) {
        violated_(fmt::format("group {} hands '{}' to {} in generation {}, which its leader did not give it", group, assignment, member, generation));
    }
}

}  // namespace tideline::simulation
