// server/handlers/16_list_groups.cc: ListGroups, versions 0–5.
// v3 flexible   v4 states (KIP-518)   v5 types (KIP-848)

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::ListGroupsRequest;
using protocol::ListGroupsResponse;
using runtime::Task;

namespace {

// Asks every coordinator of one shard, on that shard.
Task<ListGroupsResponse> list_here(GroupService& groups, const group::ClientInfo& client, const ListGroupsRequest& request) {
    ListGroupsResponse response;
    std::vector<std::int32_t> partitions = groups.partitions();
    for (std::int32_t partition : partitions) {
        Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
            coordinator.list(ticket, client, request, now, out);
        };
        auto reply = co_await groups.ask(partition, std::move(decide));
        if (!reply && reply.error().code != ErrorCode::not_coordinator) {
            response.error_code = reply.error().code;
            response.groups.clear();
            break;
        }
        if (reply) {
            std::ranges::move(std::get<ListGroupsResponse>(*reply).groups, std::back_inserter(response.groups));
        }
    }
    co_return response;
}

}  // namespace

Task<ListGroupsResponse> handle_list_groups(RequestContext& context, ListGroupsRequest& request) {
    ListGroupsResponse response;
    group::ClientInfo client = client_info_of(context);
    ShardServer& here = context.server;
    for (unsigned index = 0; index < here.shard_count(); ++index) {
        ShardServer& there = here.peer(index);
        auto part = co_await runtime::call_on(here.shard(), there.shard(), [&] { return list_here(there.groups(), client, request); });
        if (part.error_code != ErrorCode::none) {
            co_return part;
        }
        std::ranges::move(part.groups, std::back_inserter(response.groups));
    }
    co_return response;
}

}  // namespace tideline::server
