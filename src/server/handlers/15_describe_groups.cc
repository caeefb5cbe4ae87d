// server/handlers/15_describe_groups.cc: DescribeGroups, versions 0–6.
// v3 authorized operations (KIP-430)   v4 group instance id (KIP-345)   v5 flexible
// v6 a group that does not exist is an error, not a dead group (KIP-1043)

#include "server/group_access.h"
#include "server/handlers/handlers.h"
#include "server/operations.h"
#include "server/row_memory.h"

namespace tideline::server {

using protocol::DescribeGroupsRequest;
using protocol::DescribeGroupsResponse;
using runtime::Task;

Task<DescribeGroupsResponse> handle_describe_groups(RequestContext& context, DescribeGroupsRequest& request) {
    DescribeGroupsResponse response;
    group::ClientInfo client = client_info_of(context);
    std::vector<GroupsAtHome> homes = group_homes(context.server, request.groups);
    for (const GroupsAtHome& each : homes) {
        Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
            coordinator.describe(ticket, client, each.group_ids, now, out);
        };
        auto reply = co_await ask_home(context.server, each.home, std::move(decide));
        if (reply) {
            for (auto& group : std::get<DescribeGroupsResponse>(*reply).groups) {
                bool has_memory = co_await take_for_row(context, group);
                if (!has_memory) {
                    co_return DescribeGroupsResponse{};
                }
                response.groups.push_back(std::move(group));
            }
            continue;
        }
        for (const std::string& id : each.group_ids) {
            auto& group = response.groups.emplace_back();
            group.group_id = id;
            group.error_code = reply.error().code;
        }
    }
    for (auto& group : response.groups) {
        if (request.include_authorized_operations && group.error_code == ErrorCode::none) {
            group.authorized_operations = kAllGroupOperations;
        }
    }
    co_return response;
}

}  // namespace tideline::server
