// server/group_access.h: asking the coordinator of a group, on the shard that has it.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "group/coordinator.h"
#include "server/context.h"
#include "server/shard_server.h"

namespace tideline::server {

// Which partition of __consumer_offsets a group's records go to, and the shard that owns it. not_coordinator while the topic
// is not there: FindCoordinator makes it.
struct GroupHome {
    ErrorCode error = ErrorCode::none;
    std::int32_t partition = -1;
    unsigned shard = 0;
};

GroupHome find_group_home(const ShardServer& here, std::string_view group_id);
// Kafka's choice, for good: the hash of the id's UTF-16 form as Java has it.
std::int32_t partition_of_group(std::string_view group_id, std::int32_t partition_count);

group::ClientInfo client_info_of(const RequestContext& context);

// The same for evidence; `client` must outlive it.
GroupEvidence::Client evidence_client(const RequestContext& context, const group::ClientInfo& client);

// Evidence for who wonders later why a group's offsets did not move. `Response`: of OffsetCommit or TxnOffsetCommit.
template <class Response>
Response note_failed_commit(const RequestContext& context, std::string_view group_id, Response response) {
    for (const auto& topic : response.topics) {
        auto failed = std::ranges::find_if(topic.partitions, [](const auto& each) { return each.error_code != ErrorCode::none; });
        if (failed != topic.partitions.end()) {
            const group::ClientInfo client = client_info_of(context);
            context.server.evidence().commit_failed(group_id, evidence_client(context, client), failed->error_code);
            break;
        }
    }
    return response;
}

using Decide = group::CoordinatorDriver::Decide;

runtime::Task<base::Result<group::Reply>> ask_home(ShardServer& here, GroupHome home, Decide decide);
// Where the answer to a request that may park arrives, on the shard of its connection.
struct Mailbox final : cluster::DataWaiter {
    using DataWaiter::DataWaiter;
    std::optional<base::Result<group::Reply>> reply;
};

// For a request that may park: returns when the coordinator has decided, which is when `decide` and what it refers to are no longer
// needed. The answer may come much later.
runtime::Task<std::shared_ptr<Mailbox>> hand_to_group(ShardServer& here, ConnectionInfo& connection, std::string_view group_id, Decide decide);
// nullopt when the connection ended first.
runtime::Task<std::optional<base::Result<group::Reply>>> wait_for_group(runtime::Shard& shard, ConnectionInfo& connection,
                                                                        std::shared_ptr<Mailbox> mailbox);

// Asks the coordinator of one group and returns its answer as the type it must have.
template <class Response>
runtime::Task<base::Result<Response>> ask_group(ShardServer& here, std::string_view group_id, Decide decide) {
    GroupHome home = find_group_home(here, group_id);
    auto reply = co_await ask_home(here, home, std::move(decide));
    if (!reply) {
        co_return std::unexpected(reply.error());
    }
    co_return std::get<Response>(std::move(*reply));
}

// What a commit may become in the log. A coordinator makes the records of one request at once, each with the group's name; Kafka has
// room for one batch only.
inline constexpr std::size_t kCommitBytesMax = std::size_t{16} << 20;

// What the records of a commit take, at most.
template <class Topics>
std::size_t bytes_of_commit(std::string_view group_id, const Topics& topics) {
    constexpr std::size_t kRecordBytes = 100;
    std::size_t bytes = 0;
    for (const auto& topic : topics) {
        for (const auto& partition : topic.partitions) {
            bytes += kRecordBytes + group_id.size() + topic.name.size();
            bytes += partition.committed_metadata ? partition.committed_metadata->size() : 0;
        }
    }
    return bytes;
}

// Groups of one request that share a coordinator.
struct GroupsAtHome {
    GroupHome home;
    std::vector<std::string> group_ids;
};

// In the order in which they came, as often as they came; no more than kGroupsAtOnce together.
inline constexpr std::size_t kGroupsAtOnce = 64;
std::vector<GroupsAtHome> group_homes(const ShardServer& here, const std::vector<std::string>& group_ids);

}  // namespace tideline::server
