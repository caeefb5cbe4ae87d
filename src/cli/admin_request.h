// cli/admin_request.h: one admin request of librdkafka, sent and awaited.
#pragma once

#include <memory>

#include "base/result.h"
#include "cli/kafka_client.h"

namespace tideline::cli::admin_request {

template <auto Destroy>
struct Deleter {
    template <class T>
    void operator()(T* object) const {
        Destroy(object);
    }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Deleter<rd_kafka_event_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Deleter<rd_kafka_AdminOptions_destroy>>;

// Sends one admin request by `send(options, queue)` and waits for its event.
template <class Send>
Outcome<Event> ask(KafkaClient& client, rd_kafka_admin_op_t op, bool has_operation_timeout, std::string_view doing,
                   Send send) {
    TL_TRY_VOID(client.connect());
    AdminOptions options(rd_kafka_AdminOptions_new(client.handle(), op));
    char why[256];
    rd_kafka_AdminOptions_set_request_timeout(options.get(), client.timeout_ms(), why, sizeof why);
    if (has_operation_timeout) {
        rd_kafka_AdminOptions_set_operation_timeout(options.get(), client.timeout_ms(), why, sizeof why);
    }
    Queue queue(rd_kafka_queue_new(client.handle()));
    send(options.get(), queue.get());
    Event event(rd_kafka_queue_poll(queue.get(), client.timeout_ms() + 1000));
    rd_kafka_poll(client.handle(), 0);  // hear what the connections complained about
    if (!event) {
        return std::unexpected(client.failure(RD_KAFKA_RESP_ERR__TIMED_OUT, doing));
    }
    if (auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return std::unexpected(client.failure(error, doing, rd_kafka_event_error_string(event.get())));
    }
    return event;
}

}  // namespace tideline::cli::admin_request
