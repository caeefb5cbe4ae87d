// server/handlers/22_init_producer_id.cc: InitProducerId, versions 0–5.
// v2 flexible   v3 the current id and epoch come along (KIP-360)   v4 PRODUCER_FENCED   v5 for clients of KIP-890
//
// Without a transactional id there is nothing to fence, so everybody gets a new id, epoch 0.

#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/transaction_service.h"

namespace tideline::server {

using protocol::InitProducerIdRequest;
using protocol::InitProducerIdResponse;
using runtime::Task;

namespace {

InitProducerIdResponse refused(ErrorCode error) {
    InitProducerIdResponse response;
    response.error_code = error;
    response.producer_id = -1;
    response.producer_epoch = -1;
    return response;
}

Task<InitProducerIdResponse> init_transactional(RequestContext& context, InitProducerIdRequest& request) {
    txn::InitRequest init{.transactional_id = std::move(*request.transactional_id),
                          .timeout_ms = request.transaction_timeout_ms,
                          .producer_id = request.producer_id,
                          .producer_epoch = request.producer_epoch};
    if (init.transactional_id.empty()) {
        co_return refused(ErrorCode::invalid_request);  // before anybody looks for its coordinator
    }
    const std::optional<std::string> transactional_id = init.transactional_id;
    InitProducerIdResponse response = co_await init_transactional_id(context.server, std::move(init));
    if (response.error_code == ErrorCode::none) {
        context.server.transaction_evidence().initialized(response.producer_id, response.producer_epoch,
                                                          evidence_client_of(context, transactional_id), context.server.shard().wall_ms());
    }
    if (context.version() < 4 && response.error_code == ErrorCode::producer_fenced) {
        response.error_code = ErrorCode::invalid_producer_epoch;
    }
    co_return response;
}

}  // namespace

Task<InitProducerIdResponse> handle_init_producer_id(RequestContext& context, InitProducerIdRequest& request) {
    if ((request.producer_id == -1) != (request.producer_epoch == -1)) {
        co_return refused(ErrorCode::invalid_request);  // one makes no sense without the other
    }
    if (request.transactional_id) {
        co_return co_await init_transactional(context, request);
    }
    auto id = co_await context.server.broker().next_producer_id(context.server.shard());
    if (!id) {
        co_return refused(id.error().code);
    }
    InitProducerIdResponse response;
    response.producer_id = *id;
    response.producer_epoch = 0;
    co_return response;
}

}  // namespace tideline::server
