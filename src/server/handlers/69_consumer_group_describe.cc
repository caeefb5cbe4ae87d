// server/handlers/69_consumer_group_describe.cc: ConsumerGroupDescribe, versions 0–1 (KIP-848).
// v1 the type of each member (KIP-1099)

#include "server/group_access.h"
#include "server/handlers/handlers.h"
#include "server/operations.h"
#include "server/row_memory.h"

namespace tideline::server {

using protocol::ConsumerGroupDescribeRequest;
using protocol::ConsumerGroupDescribeResponse;
using runtime::Task;

namespace {

void refuse(ConsumerGroupDescribeResponse& response, const std::string& group_id, ErrorCode error) {
    auto& group = response.groups.emplace_back();
    group.group_id = group_id;
    group.error_code = error;
}

}  // namespace

Task<ConsumerGroupDescribeResponse> handle_consumer_group_describe(RequestContext& context, ConsumerGroupDescribeRequest& request) {
    ConsumerGroupDescribeResponse response;
    bool is_served = serves_consumer_groups(*context.server.image(), *context.server.config());
    std::erase_if(request.group_ids, [&](const std::string& id) {
        if (!is_served || id.empty()) {
            refuse(response, id, is_served ? ErrorCode::invalid_group_id : ErrorCode::unsupported_version);
        }
        return !is_served || id.empty();
    });
    group::ClientInfo client = client_info_of(context);
    std::vector<GroupsAtHome> homes = group_homes(context.server, request.group_ids);
    for (const GroupsAtHome& each : homes) {
        Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
            coordinator.consumer_describe(ticket, client, each.group_ids, now, out);
        };
        auto reply = co_await ask_home(context.server, each.home, std::move(decide));
        if (reply) {
            for (auto& group : std::get<ConsumerGroupDescribeResponse>(*reply).groups) {
                bool has_memory = co_await take_for_row(context, group);
                if (!has_memory) {
                    co_return ConsumerGroupDescribeResponse{};
                }
                response.groups.push_back(std::move(group));
            }
        } else {
            std::ranges::for_each(each.group_ids, [&](const std::string& id) { refuse(response, id, reply.error().code); });
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
