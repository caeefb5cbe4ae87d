// group/consumer_protocol.h: consumer groups (KIP-848): heartbeats, target assignments, reconciliation.
#pragma once

#include "group/effects.h"
#include "group/environment.h"

namespace tideline::group {

class ClassicProtocol;

class ConsumerProtocol {
public:
    ConsumerProtocol(Environment& environment, ClassicProtocol& classic) : environment_(environment), classic_(classic) {}

    void heartbeat(Ticket, const ClientInfo&, const protocol::ConsumerGroupHeartbeatRequest&, const Now&, Effects&);
    void describe(Ticket, const ClientInfo&, const std::vector<std::string>& group_ids, const Now&, Effects&);

    // Members of a consumer group that speak the classic protocol. `group` is of type consumer; to a join it is not empty
    // (Coordinator turns an empty one into a classic group).
    void classic_join(Group& group, Ticket, const ClientInfo&, const protocol::JoinGroupRequest&, const Now&, Effects&);
    void classic_sync(Group& group, Ticket, const ClientInfo&, const protocol::SyncGroupRequest&, const Now&, Effects&);
    void classic_heartbeat(Group& group, Ticket, const ClientInfo&, const protocol::HeartbeatRequest&, const Now&, Effects&);
    void classic_leave(Group& group, Ticket, const ClientInfo&, const protocol::LeaveGroupRequest&, const Now&, Effects&);

    // A timer of `group` is due. Who changed a group's timers calls environment_.groups.schedule().
    void expire(Group& group, const Now&, Effects&);
    void topics_changed(const Now&, Effects&);

    // True when `type` (the record's key type) is one of the consumer protocol's.
    static bool owns(std::int16_t type);
    // `key` and `value` stand behind their two bytes of type or version.
    base::Result<> replay(std::int16_t type, base::ByteView key, std::optional<base::ByteView> value, const Now&);
    void finish_load(Group& group, const Now&, Effects&);

private:
    Environment& environment_;
    ClassicProtocol& classic_;
};

}  // namespace tideline::group
