#include "cli/txn/waiting_groups.h"

#include <algorithm>

#include "base/result.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/offset_fetch.h"
#include "server/group_access.h"

namespace tideline::cli {
namespace {

using protocol::ListGroupsRequest;
using protocol::ListGroupsResponse;
using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;

// Version 10 names topics by their ids.
constexpr std::int16_t kOffsetFetchVersionMax = 9;

using Groups = std::map<std::string, std::string>;  // state by name
using Topics = std::map<std::string, std::vector<std::int32_t>>;

class Search {
public:
    Search(TransactionAdmin& admin, const std::vector<PartitionState>& partitions);
    Outcome<std::vector<WaitingGroup>> run();

private:
    Outcome<Groups> groups_of(const BrokerLink& broker);
    Outcome<> look_at_readers(const BrokerLink& broker, const Groups& groups);
    Outcome<> look_at_pending_offsets(const BrokerLink& broker, const Groups& groups);
    Outcome<OffsetFetchResponse> fetch_offsets(const BrokerLink& broker, const std::vector<std::string>& groups, const Topics* topics);

    TransactionAdmin& admin_;
    Topics held_;
    std::vector<std::int32_t> held_offsets_;  // partitions of __consumer_offsets
    std::int32_t offsets_partitions_ = 0;
    std::vector<WaitingGroup> found_;
};

Search::Search(TransactionAdmin& admin, const std::vector<PartitionState>& partitions) : admin_(admin) {
    for (const PartitionState& each : partitions) {
        if (!each.is_held()) {
            continue;
        }
        if (each.at.topic == server::kOffsetsTopic) {
            held_offsets_.push_back(each.at.partition);
        } else {
            held_[each.at.topic].push_back(each.at.partition);
        }
    }
    auto offsets = admin.metadata().topics.find(std::string(server::kOffsetsTopic));
    offsets_partitions_ = offsets == admin.metadata().topics.end() ? 0 : static_cast<std::int32_t>(offsets->second.partitions.size());
}

Outcome<std::vector<WaitingGroup>> Search::run() {
    if (held_.empty() && held_offsets_.empty()) {
        return found_;
    }
    for (const BrokerInfo& each : admin_.metadata().brokers) {
        BrokerLink broker(admin_.client().options(), each.host, each.port);
        TL_TRY(groups, groups_of(broker));
        if (!groups.empty() && !held_.empty()) {
            TL_TRY_VOID(look_at_readers(broker, groups));
        }
        if (!held_offsets_.empty()) {
            TL_TRY_VOID(look_at_pending_offsets(broker, groups));
        }
    }
    std::ranges::sort(found_, [](const WaitingGroup& a, const WaitingGroup& b) { return std::tie(a.at, a.group) < std::tie(b.at, b.group); });
    return found_;
}

Outcome<Groups> Search::groups_of(const BrokerLink& broker) {
    TL_TRY(answer, (broker.ask<ListGroupsRequest, ListGroupsResponse>(ListGroupsRequest{}, "list groups")));
    if (answer.error_code != ErrorCode::none) {
        return std::unexpected(admin_.client().failure(static_cast<rd_kafka_resp_err_t>(answer.error_code), "list groups"));
    }
    Groups groups;
    for (const auto& each : answer.groups) {
        groups[each.group_id] = each.group_state;
    }
    return groups;
}

// `topics`: nullptr asks for all, and for those only that no transaction is about to change.
Outcome<OffsetFetchResponse> Search::fetch_offsets(const BrokerLink& broker, const std::vector<std::string>& groups, const Topics* topics) {
    OffsetFetchRequest request;
    request.require_stable = topics == nullptr;
    for (const std::string& group : groups) {
        auto& wanted = request.groups.emplace_back();
        wanted.group_id = group;
        if (topics == nullptr) {
            wanted.topics = std::nullopt;
            continue;
        }
        wanted.topics.emplace();
        for (const auto& [name, partitions] : *topics) {
            auto& topic = wanted.topics->emplace_back();
            topic.name = name;
            topic.partition_indexes = partitions;
        }
    }
    return broker.ask<OffsetFetchRequest, OffsetFetchResponse>(request, "ask what groups have committed", kOffsetFetchVersionMax);
}

Outcome<> Search::look_at_readers(const BrokerLink& broker, const Groups& groups) {
    std::vector<std::string> names;
    for (const auto& [name, state] : groups) {
        names.push_back(name);
    }
    TL_TRY(answer, fetch_offsets(broker, names, &held_));
    for (const auto& group : answer.groups) {
        for (const auto& topic : group.topics) {
            for (const auto& partition : topic.partitions) {
                if (partition.committed_offset >= 0) {
                    found_.push_back({.at = {topic.name, partition.partition_index},
                                      .group = group.group_id,
                                      .state = groups.at(group.group_id),
                                      .committed = partition.committed_offset});
                }
            }
        }
    }
    return {};
}

Outcome<> Search::look_at_pending_offsets(const BrokerLink& broker, const Groups& groups) {
    std::vector<std::string> names;
    for (const auto& [name, state] : groups) {
        if (std::ranges::count(held_offsets_, server::partition_of_group(name, offsets_partitions_)) > 0) {
            names.push_back(name);
        }
    }
    if (names.empty()) {
        return {};
    }
    TL_TRY(answer, fetch_offsets(broker, names, nullptr));
    for (const auto& group : answer.groups) {
        WaitingGroup waiting{.at = {std::string(server::kOffsetsTopic), server::partition_of_group(group.group_id, offsets_partitions_)},
                             .group = group.group_id,
                             .state = groups.at(group.group_id),
                             .committed = {}};
        for (const auto& topic : group.topics) {
            for (const auto& partition : topic.partitions) {
                if (partition.error_code == ErrorCode::unstable_offset_commit) {
                    waiting.pending.push_back({topic.name, partition.partition_index});
                }
            }
        }
        if (!waiting.pending.empty()) {
            found_.push_back(std::move(waiting));
        }
    }
    return {};
}

}  // namespace

Standing standing_of(const WaitingGroup& group, const PartitionState& partition) {
    if (!group.committed || *group.committed == partition.last_stable_offset) {
        return Standing::waits;
    }
    return *group.committed < partition.last_stable_offset ? Standing::before : Standing::reads_uncommitted;
}

std::int64_t records_waited_for(const WaitingGroup& group, const PartitionState& partition) {
    if (!group.committed || standing_of(group, partition) == Standing::reads_uncommitted) {
        return 0;
    }
    return partition.high_watermark - partition.last_stable_offset;
}

Outcome<std::vector<WaitingGroup>> look_up_waiting_groups(TransactionAdmin& admin, const std::vector<PartitionState>& partitions) {
    return Search(admin, partitions).run();
}

}  // namespace tideline::cli
