// server/handlers/22_init_producer_id.cc: InitProducerId, versions 0–5.
// v2 flexible   v3 the current id and epoch come along (KIP-360)   v4 PRODUCER_FENCED   v5 for clients of KIP-890
//
// Idempotent producers only: without a transactional id there is nothing to fence, so everybody gets a new id, epoch 0.

#include "server/broker.h"
#include "server/handlers/handlers.h"

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

}  // namespace

Task<InitProducerIdResponse> handle_init_producer_id(RequestContext& context, InitProducerIdRequest& request) {
    if (request.transactional_id) {
        // Kafka's answers for an empty id, and for a coordinator that is not there.
        co_return refused(request.transactional_id->empty() ? ErrorCode::invalid_request : ErrorCode::coordinator_not_available);
    }
    if ((request.producer_id == -1) != (request.producer_epoch == -1)) {
        co_return refused(ErrorCode::invalid_request);  // one makes no sense without the other
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
