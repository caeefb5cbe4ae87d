// group/subscriptions.h: which topics the members of a consumer group want, by name and by regular expression.
//
// Counts how many members named a topic and how many resolved expressions matched it, so that a group knows its topics
// without asking every member.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "group/consumer_member.h"
#include "group/topics.h"

namespace tideline::group {

// What an expression matched when it was last looked at.
struct ResolvedRegex {
    std::vector<std::string> topics;  // ascending
    std::int64_t version = 0;         // of the metadata then
    std::int64_t timestamp_ms = 0;

    friend bool operator==(const ResolvedRegex&, const ResolvedRegex&) = default;
};

class Subscriptions {
public:
    void add(const MemberMetadata& member);
    void remove(const MemberMetadata& member);
    void resolve(const std::string& regex, ResolvedRegex resolved);
    void forget(std::string_view regex);

    bool contains(std::string_view topic) const { return topics_.contains(topic); }
    std::vector<std::string_view> topic_names() const;  // ascending
    // All `member_count` members want the same topics.
    bool is_homogeneous(std::size_t member_count) const;

    // Members that subscribe to it.
    std::size_t subscribers(std::string_view regex) const;
    const std::map<std::string, std::size_t, std::less<>>& regexes() const { return regexes_; }
    const std::map<std::string, ResolvedRegex, std::less<>>& resolved() const { return resolved_; }
    // nullptr when it was never resolved.
    const ResolvedRegex* resolved(std::string_view regex) const;

    // The topics a member wants that exist, ascending.
    std::vector<Uuid> topic_ids(const MemberMetadata& member, const Topics& topics) const;

private:
    struct Count {
        std::size_t by_name = 0;   // members
        std::size_t by_regex = 0;  // resolved expressions
    };

    void count(const std::string& topic, std::size_t Count::*which, int delta);

    std::map<std::string, Count, std::less<>> topics_;
    std::map<std::string, std::size_t, std::less<>> regexes_;  // members that have it
    std::map<std::string, ResolvedRegex, std::less<>> resolved_;
};

}  // namespace tideline::group
