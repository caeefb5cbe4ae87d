// server/group_access.h: asking the coordinator of a group, on the shard that has it.
#pragma once

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

using Decide = group::CoordinatorDriver::Decide;

runtime::Task<base::Result<group::Reply>> ask_home(ShardServer& here, GroupHome home, Decide decide);
// The same for a request that may park: nullopt when the connection ended first. `decide` owns what it refers to.
runtime::Task<std::optional<base::Result<group::Reply>>> ask_home_parked(ShardServer& here, ConnectionInfo& connection, GroupHome home,
                                                                         Decide decide);

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

// Groups of one request that share a coordinator.
struct GroupsAtHome {
    GroupHome home;
    std::vector<std::string> group_ids;
};

// In the order in which they came, as often as they came.
std::vector<GroupsAtHome> group_homes(const ShardServer& here, const std::vector<std::string>& group_ids);

}  // namespace tideline::server
