#include "cli/group/doctor_facts.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <set>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/broker_link.h"
#include "cli/group/resemblance.h"

namespace tideline::cli {
namespace {

using protocol::GroupEvidenceRequest;
using protocol::GroupEvidenceResponse;
using ObservedGroup = GroupEvidenceResponse::ObservedGroup;

std::int64_t count_partitions(const GroupDescription& group, const Metadata& metadata) {
    std::set<std::string> topics;
    for (const GroupMember& member : group.members) {
        if (member.subscription.empty()) {
            return 0;  // a pattern, or not known
        }
        topics.insert(member.subscription.begin(), member.subscription.end());
    }
    std::int64_t partitions = 0;
    for (const std::string& name : topics) {
        auto topic = metadata.topics.find(name);
        partitions += topic == metadata.topics.end() ? 0 : static_cast<std::int64_t>(topic->second.partitions.size());
    }
    return partitions;
}

bool is_not_there(const Failure& failure) { return failure.kafka_error == kafka_name(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND); }

// Of a group that has gone the broker may still know why: it is looked at as one that is "Dead".
Outcome<DoctorFacts> look_at(KafkaClient& client, const std::string& group, const Metadata& metadata) {
    DoctorFacts facts;
    facts.seen.group_id = group;
    auto view = look_at_group(client, group);
    if (!view && is_not_there(view.error())) {
        facts.view.description.group = group;
        facts.view.description.state = "Dead";
        return facts;
    }
    if (!view) {
        return std::unexpected(view.error());
    }
    facts.view = std::move(*view);
    if (!facts.view.description.is_consumer_protocol) {
        look_up_subscriptions(client, facts.view.description);
    }
    facts.partitions_subscribed = count_partitions(facts.view.description, metadata);
    return facts;
}

// A group has one coordinator: the other brokers know next to nothing of it.
void keep_fuller(ObservedGroup& kept, ObservedGroup&& seen) {
    auto size_of = [](const ObservedGroup& group) {
        return group.events.size() + group.failures.size() + group.commit_times.size() + static_cast<std::size_t>(group.commits);
    };
    if (kept.since_ms < 0 || size_of(seen) > size_of(kept)) {
        kept = std::move(seen);
    }
}

void take_evidence(GroupEvidenceResponse& from, DoctorFacts& facts) {
    facts.has_evidence = true;
    facts.now_ms = from.now_ms;
    facts.retention_ms = from.retention_ms;
    facts.lookups.insert(facts.lookups.end(), from.lookups.begin(), from.lookups.end());
    facts.readers.insert(facts.readers.end(), from.readers.begin(), from.readers.end());
    auto seen = std::ranges::find(from.groups, facts.view.description.group, &ObservedGroup::group_id);
    if (seen != from.groups.end()) {
        keep_fuller(facts.seen, std::move(*seen));
    }
}

// When the records were written that a member has read, and nobody has committed.
void look_up_uncommitted(KafkaClient& client, DoctorFacts& facts) {
    constexpr std::size_t kAtMost = 16;
    for (const GroupMember& member : facts.view.description.members) {
        for (const TopicPartition& at : member.assignment) {
            auto view = std::ranges::find(facts.view.partitions, at, &PartitionView::at);
            auto position = doctor::position_of(facts, member, at);
            if (view == facts.view.partitions.end() || !position || facts.first_uncommitted_ms.size() >= kAtMost) {
                continue;
            }
            const std::int64_t from = std::max(view->committed.value_or(view->earliest), view->earliest);
            if (*position - from >= doctor::kManyUncommitted) {
                if (auto written_ms = timestamp_at(client, at, from)) {
                    facts.first_uncommitted_ms[at] = *written_ms;
                }
            }
        }
    }
}

// Asks each broker; those that are not Tideline have nothing to say.
void ask_brokers(KafkaClient& client, const Metadata& metadata, const GroupEvidenceRequest& request,
                 const std::function<void(GroupEvidenceResponse&)>& take) {
    for (const BrokerInfo& broker : metadata.brokers) {
        BrokerLink link(client.options(), broker.host, broker.port);
        auto answer = link.ask<GroupEvidenceRequest, GroupEvidenceResponse>(request, "ask what the broker has seen");
        if (answer) {
            take(*answer);
        }
    }
}

void add_evidence(KafkaClient& client, const Metadata& metadata, std::vector<DoctorFacts>& all) {
    GroupEvidenceRequest request;
    auto& ids = request.group_ids;
    std::set<std::pair<std::string, std::string>> clients;
    for (const DoctorFacts& facts : all) {
        ids.push_back(facts.view.description.group);
        for (const GroupMember& member : facts.view.description.members) {
            clients.emplace(member.client_id, member.host);
        }
    }
    for (const auto& [id, host] : clients) {
        request.clients.push_back({.client_id = id, .client_host = host});
    }
    ask_brokers(client, metadata, request, [&](GroupEvidenceResponse& answer) {
        std::ranges::for_each(all, [&](DoctorFacts& facts) { take_evidence(answer, facts); });
    });
}

// For each of the groups: those without members that may have been meant, where it began without offsets.
std::vector<std::vector<std::string>> look_alikes(const std::vector<DoctorFacts>& all, const std::vector<GroupListing>& listed) {
    constexpr std::size_t kAtMost = 16;
    std::vector<std::string> empty;
    for (const GroupListing& other : listed) {
        if (other.state == "Empty") {
            empty.push_back(other.group);
        }
    }
    const LookAlikes ids(empty);
    std::vector<std::vector<std::string>> found;
    for (const DoctorFacts& facts : all) {
        const bool began_anew = std::ranges::any_of(facts.seen.events, [](const auto& event) { return event.kind == "no_offset"; });
        found.push_back(began_anew ? ids.of(facts.view.description.group, kAtMost) : std::vector<std::string>());
    }
    return found;
}

void add_forsaken(KafkaClient& client, const Metadata& metadata, const std::vector<GroupListing>& listed, std::vector<DoctorFacts>& all) {
    const std::vector<std::vector<std::string>> meant = look_alikes(all, listed);
    std::map<std::string, ObservedGroup> seen;
    for (const auto& groups : meant) {
        std::ranges::for_each(groups, [&](const std::string& group) { seen.try_emplace(group); });
    }
    if (seen.empty()) {
        return;
    }
    GroupEvidenceRequest request;
    std::ranges::copy(std::views::keys(seen), std::back_inserter(request.group_ids));
    ask_brokers(client, metadata, request, [&](GroupEvidenceResponse& answer) {
        for (ObservedGroup& group : answer.groups) {
            keep_fuller(seen[group.group_id], std::move(group));
        }
    });
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::ranges::for_each(meant[i], [&](const std::string& group) { all[i].forsaken.push_back(seen.at(group)); });
    }
}

}  // namespace

Outcome<std::vector<DoctorFacts>> gather_facts(KafkaClient& client, const std::vector<std::string>& groups, std::int64_t now_ms) {
    TL_TRY(metadata, client.metadata());
    TL_TRY(listed, GroupAdmin(client).list());
    std::vector<std::string> wanted = groups;
    if (wanted.empty()) {
        std::ranges::transform(listed, std::back_inserter(wanted), &GroupListing::group);
    }
    std::vector<DoctorFacts> all;
    for (const std::string& group : wanted) {
        auto facts = look_at(client, group, metadata);
        if (!facts) {
            return std::unexpected(facts.error());
        }
        facts->now_ms = now_ms;
        all.push_back(std::move(*facts));
    }
    add_evidence(client, metadata, all);
    for (DoctorFacts& facts : all) {
        if (!groups.empty() && facts.is_unknown()) {
            return std::unexpected(client.failure(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND,
                                                  fmt::format("find '{}'", facts.view.description.group), "there is no such group"));
        }
    }
    std::erase_if(all, [](const DoctorFacts& facts) { return facts.is_unknown(); });  // gone since it was listed
    std::ranges::for_each(all, [&](DoctorFacts& facts) { look_up_uncommitted(client, facts); });
    add_forsaken(client, metadata, listed, all);
    return all;
}

}  // namespace tideline::cli
