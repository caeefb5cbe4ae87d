// server/context.h: what a handler works with.
#pragma once

#include "protocol/header.h"
#include "server/connection.h"

namespace tideline::server {

class ShardServer;

// One request. Lives until the handler's first phase ends; what a later phase needs is copied out of it.
struct RequestContext {
    ShardServer& server;  // of the shard that owns the connection
    ConnectionInfo& connection;
    RequestMemory& memory;
    const protocol::DecodedHeader& header;

    std::int16_t version() const { return header.api_version; }
};

}  // namespace tideline::server
