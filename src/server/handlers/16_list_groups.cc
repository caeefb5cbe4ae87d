// server/handlers/16_list_groups.cc: ListGroups, versions 0–5.
// v3 flexible   v4 states (KIP-518)   v5 types (KIP-848)

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::ListGroupsRequest;
using protocol::ListGroupsResponse;
using runtime::Task;

namespace {

// What one coordinator has; one that left meanwhile has nothing.
Task<void> list_one(GroupService& groups, std::int32_t partition, const group::ClientInfo& client, const ListGroupsRequest& request,
                    ListGroupsResponse& out) {
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& effects) {
        coordinator.list(ticket, client, request, now, effects);
    };
    auto reply = co_await groups.ask(partition, std::move(decide));
    if (reply) {
        out = std::get<ListGroupsResponse>(std::move(*reply));
    } else if (reply.error().code != ErrorCode::not_coordinator) {
        out.error_code = reply.error().code;
    }
}

// One answer of several; the first error is that of all.
ListGroupsResponse together(std::vector<ListGroupsResponse> parts) {
    ListGroupsResponse all;
    for (ListGroupsResponse& part : parts) {
        if (part.error_code != ErrorCode::none) {
            return std::move(part);
        }
        std::ranges::move(part.groups, std::back_inserter(all.groups));
    }
    return all;
}

// Asks every coordinator of one shard at once, on that shard: each may wait for a sync of its log.
Task<ListGroupsResponse> list_here(ShardServer& here, const group::ClientInfo& client, const ListGroupsRequest& request) {
    std::vector<std::int32_t> partitions = here.groups().partitions();
    std::vector<ListGroupsResponse> parts(partitions.size());
    runtime::TaskScope asking(here.shard());
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        asking.spawn(list_one(here.groups(), partitions[i], client, request, parts[i]));
    }
    co_await asking.join();
    co_return together(std::move(parts));
}

Task<void> list_there(ShardServer& here, ShardServer& there, const group::ClientInfo& client, const ListGroupsRequest& request,
                      ListGroupsResponse& out) {
    out = co_await runtime::call_on(here.shard(), there.shard(), [&] { return list_here(there, client, request); });
}

}  // namespace

Task<ListGroupsResponse> handle_list_groups(RequestContext& context, ListGroupsRequest& request) {
    group::ClientInfo client = client_info_of(context);
    ShardServer& here = context.server;
    std::vector<ListGroupsResponse> parts(here.shard_count());
    runtime::TaskScope asking(here.shard());
    for (unsigned index = 0; index < here.shard_count(); ++index) {
        asking.spawn(list_there(here, here.peer(index), client, request, parts[index]));
    }
    co_await asking.join();
    co_return together(std::move(parts));
}

}  // namespace tideline::server
