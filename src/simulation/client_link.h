// simulation/client_link.h: one connection of a simulated client: requests in the protocol's own codecs, several in flight.
//
//   auto answer = co_await link.call(request, version);   // connects first when it must
//   if (answer) use(answer->response);
// What may go wrong on the way is drawn from Weather: the connection is cut before, within or behind the request.
// Shard:  one. Errors: network_exception when the connection ended, request_timed_out when nobody answered in time; in both
//         cases the broker may or may not have done what was asked.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "protocol/header.h"
#include "protocol/reader.h"
#include "protocol/writer.h"
#include "runtime/random.h"
#include "runtime/scope.h"

namespace tideline::simulation {

using runtime::Duration;
using runtime::Task;

// What the network does to clients; the simulation changes it while they run.
struct Weather {
    std::uint64_t cut_one_in = 0;        // requests; 0: never
    std::uint64_t delay_one_in = 0;      // requests that their client sends late, in two pieces
    Duration answer_within = std::chrono::seconds(10);
};

template <class Response>
struct Answer {
    base::Bytes frame;  // records in the response point into it
    Response response;
};

class ClientLink {
public:
    ClientLink(runtime::Shard& shard, runtime::Address to, std::string client_id, const Weather& weather, std::uint64_t seed);
    ~ClientLink();

    struct Pending {
        explicit Pending(runtime::Shard& shard) : answered(shard) {}
        std::optional<base::Bytes> frame;
        runtime::Event answered;
    };
    // One connection; the link may outlive several.
    struct Connection {
        explicit Connection(runtime::Shard& shard) : write_mutex(shard) {}
        std::unique_ptr<runtime::Stream> stream;
        runtime::Mutex write_mutex;
        std::map<std::int32_t, Pending*> pending;
        bool is_over = false;
        void end();
    };
    // Requests that are given the same connection arrive in the order in which they were sent, or not at all. It is shared with the
    // tasks that still use it when the next one is open.
    using Pipeline = std::shared_ptr<Connection>;
    Task<base::Result<Pipeline>> open() { return connected(); }

    template <class Request>
    Task<base::Result<Answer<typename Request::Response>>> call(const Request& request, std::int16_t version, Pipeline pipeline = nullptr) {
        TL_CO_TRY(frame, co_await exchange(encode(request, version), true, std::move(pipeline)));
        protocol::Reader in(frame);
        TL_CO_TRY_VOID(protocol::decode_response_header(in, Request::kApiKey, version));
        TL_CO_TRY(response, Request::Response::decode(in, version));
        co_return Answer<typename Request::Response>{std::move(frame), std::move(response)};
    }
    // A request that nobody answers (acks=0).
    template <class Request>
    Task<base::Result<>> tell(const Request& request, std::int16_t version, Pipeline pipeline = nullptr) {
        TL_CO_TRY_VOID(co_await exchange(encode(request, version), false, std::move(pipeline)));
        co_return base::Result<>{};
    }
    // Ends the connection, whatever is under way; the next call opens another.
    void cut();
    // Ends the connection and waits for its tasks.
    Task<void> close();

private:
    struct Request {
        std::int32_t correlation_id;
        base::Bytes frame;
    };

    template <class Message>
    Request encode(const Message& message, std::int16_t version) {
        protocol::Writer out;
        std::int32_t id = next_correlation_id_++;
        out.begin_frame();
        protocol::encode_request_header(out, {static_cast<std::int16_t>(Message::kApiKey), version, id, client_id_});
        message.encode(out, version);
        out.finish_frame();
        return {id, out.take()};
    }
    Task<base::Result<base::Bytes>> exchange(Request request, bool is_answered, Pipeline pipeline);
    Task<base::Result<Pipeline>> connected();
    Task<base::Result<>> send(Pipeline connection, base::ByteView frame);
    Task<void> read_answers(Pipeline connection);

    runtime::Shard& shard_;
    runtime::Address to_;
    std::string client_id_;
    const Weather& weather_;
    runtime::Random random_;
    std::int32_t next_correlation_id_ = 1;
    Pipeline connection_;
    runtime::Mutex connecting_;
    runtime::TaskScope tasks_;
};

}  // namespace tideline::simulation
