// server/handlers/42_delete_groups.cc: DeleteGroups, versions 0–2.
// v2 flexible

#include <unordered_set>

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::DeleteGroupsRequest;
using protocol::DeleteGroupsResponse;
using runtime::Task;

namespace {

// A group named twice is deleted, and answered, once.
std::vector<std::string> distinct(std::vector<std::string> ids) {
    std::unordered_set<std::string> seen;
    std::erase_if(ids, [&seen](const std::string& id) { return !seen.insert(id).second; });
    return ids;
}

}  // namespace

Task<DeleteGroupsResponse> handle_delete_groups(RequestContext& context, DeleteGroupsRequest& request) {
    DeleteGroupsResponse response;
    group::ClientInfo client = client_info_of(context);
    std::vector<GroupsAtHome> homes = group_homes(context.server, distinct(std::move(request.groups_names)));
    for (const GroupsAtHome& each : homes) {
        Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
            coordinator.delete_groups(ticket, client, each.group_ids, now, out);
        };
        auto reply = co_await ask_home(context.server, each.home, std::move(decide));
        if (reply) {
            std::ranges::move(std::get<DeleteGroupsResponse>(*reply).results, std::back_inserter(response.results));
            continue;
        }
        for (const std::string& id : each.group_ids) {
            response.results.push_back({.group_id = id, .error_code = reply.error().code});
        }
    }
    co_return response;
}

}  // namespace tideline::server
