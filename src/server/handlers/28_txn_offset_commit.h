// server/handlers/28_txn_offset_commit.h: declared as handlers.h declares the others.
#pragma once

#include "protocol/messages/txn_offset_commit.h"
#include "server/context.h"
#include "server/reply.h"

namespace tideline::server {

runtime::Task<protocol::TxnOffsetCommitResponse> handle_txn_offset_commit(RequestContext& context,
                                                                          protocol::TxnOffsetCommitRequest& request);

}  // namespace tideline::server
