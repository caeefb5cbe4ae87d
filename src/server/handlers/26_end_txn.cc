// server/handlers/26_end_txn.cc: EndTxn, versions 0–5.
// v2 PRODUCER_FENCED   v3 flexible   v4 TRANSACTION_ABORTABLE   v5 a new epoch for every transaction, which the answer tells (KIP-890)

#include "server/handlers/handlers.h"
#include "server/shard_server.h"
#include "server/transaction_service.h"

namespace tideline::server {

using protocol::EndTxnRequest;
using protocol::EndTxnResponse;
using runtime::Task;

Task<EndTxnResponse> handle_end_txn(RequestContext& context, EndTxnRequest& request) {
    txn::EndRequest end{.transactional_id = std::move(request.transactional_id),
                        .producer_id = request.producer_id,
                        .producer_epoch = request.producer_epoch,
                        .commit = request.committed,
                        .client_version = static_cast<std::int16_t>(context.version() >= 5 ? 2 : 0)};
    EndTxnResponse response = co_await end_transaction(context.server, std::move(end));
    if (context.version() < 2 && response.error_code == ErrorCode::producer_fenced) {
        response.error_code = ErrorCode::invalid_producer_epoch;
    }
    co_return response;
}

}  // namespace tideline::server
