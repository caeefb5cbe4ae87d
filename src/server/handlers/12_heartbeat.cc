// server/handlers/12_heartbeat.cc: Heartbeat, versions 0–4.
// v3 group instance id fences a static member that was replaced (KIP-345)   v4 flexible

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::HeartbeatRequest;
using protocol::HeartbeatResponse;
using runtime::Task;

Task<HeartbeatResponse> handle_heartbeat(RequestContext& context, HeartbeatRequest& request) {
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.heartbeat(ticket, client, request, now, out);
    };
    auto response = co_await ask_group<HeartbeatResponse>(context.server, request.group_id, std::move(decide));
    if (response) {
        co_return std::move(*response);
    }
    HeartbeatResponse failed;
    // While the group is being loaded nobody's session runs out: the member is as alive as it was.
    bool is_loading = response.error().code == ErrorCode::coordinator_load_in_progress;
    failed.error_code = is_loading ? ErrorCode::none : response.error().code;
    co_return failed;
}

}  // namespace tideline::server
