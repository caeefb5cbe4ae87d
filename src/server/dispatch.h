// server/dispatch.h: from a frame to its handler.
//
// An API or a version that is not served ends the connection, as in Apache Kafka; only ApiVersions answers an unknown
// version, with UNSUPPORTED_VERSION in the form of version 0, so that a newer client can try again.
#pragma once

#include "server/connection.h"

namespace tideline::server {

class ShardServer;

class Dispatcher final : public FrameHandler {
public:
    explicit Dispatcher(ShardServer& server) : server_(server) {}

    bool may_overlap(base::ByteView frame) const override;
    runtime::Task<Reply> handle(ConnectionInfo& connection, RequestMemory& memory, base::ByteView frame) override;

private:
    ShardServer& server_;
};

}  // namespace tideline::server
