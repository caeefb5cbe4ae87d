// server/handlers/25_add_offsets_to_txn.cc: AddOffsetsToTxn, versions 0–4.
// v2 PRODUCER_FENCED   v3 flexible   v4 TRANSACTION_ABORTABLE (KIP-890)
//
// Takes the group's partition of __consumer_offsets into the transaction; it need not exist yet. Producers of the newer protocol do not
// ask: TxnOffsetCommit adds it.

#include "server/broker.h"
#include "server/group_access.h"
#include "server/handlers/handlers.h"
#include "server/transaction_service.h"

namespace tideline::server {

using protocol::AddOffsetsToTxnRequest;
using protocol::AddOffsetsToTxnResponse;
using runtime::Task;

Task<AddOffsetsToTxnResponse> handle_add_offsets_to_txn(RequestContext& context, AddOffsetsToTxnRequest& request) {
    const cluster::TopicImage* topic = context.server.image()->topic(kOffsetsTopic);
    auto configured = static_cast<std::int32_t>(context.server.broker().static_config().integer("offsets.topic.num.partitions"));
    std::int32_t count = topic == nullptr || topic->partition_count() == 0 ? configured : topic->partition_count();
    txn::PartitionsRequest addition{
        .transactional_id = std::move(request.transactional_id),
        .producer_id = request.producer_id,
        .producer_epoch = request.producer_epoch,
        .partitions = {{.topic = std::string(kOffsetsTopic), .partitions = {partition_of_group(request.group_id, count)}}},
        .client_version = 0};
    AddOffsetsToTxnResponse response;
    response.error_code = co_await add_to_transaction(context.server, std::move(addition));
    if (context.version() < 2 && response.error_code == ErrorCode::producer_fenced) {
        response.error_code = ErrorCode::invalid_producer_epoch;
    }
    co_return response;
}

}  // namespace tideline::server
