// cli/broker_link.h: requests that librdkafka cannot make, in the broker's own codecs over the runtime's sockets.
//
// Each request has a connection of its own: ApiVersions, which says whether and in which version the broker serves it,
// then the request. Plaintext only: behind TLS or SASL nothing is asked.
// Thread:  one; it is held until the answer is there.
// Errors:  refused with UNSUPPORTED_VERSION when the broker does not serve the request; unreachable without an answer.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cli/failure.h"
#include "cli/kafka_client.h"
#include "protocol/api_key.h"
#include "protocol/reader.h"
#include "protocol/writer.h"

namespace tideline::cli {

// What a broker is told by ApiVersions; Tideline shows its own APIs to this name only.
inline constexpr const char* kLinkSoftwareName = "tideline-cli";

// A request of any kind, and its answer as it came.
struct BrokerCall {
    using Encode = std::function<void(protocol::Writer&, std::int16_t version)>;
    protocol::ApiKey key;
    std::int16_t min_version;
    std::int16_t max_version;
    Encode encode;
};
struct BrokerAnswer {
    std::int16_t version = 0;
    base::Bytes body;
};

class BrokerLink {
public:
    // `host` and `port` as the metadata names the broker.
    BrokerLink(const ClientOptions& options, std::string host, int port);

    // In no version above `max_version`.
    template <class Request, class Response>
    Outcome<Response> ask(const Request& request, std::string_view doing, std::int16_t max_version = Request::kMaxVersion) const {
        auto answer = ask_undecoded(request, doing, max_version);
        if (!answer) {
            return std::unexpected(answer.error());
        }
        return decode<Response>(*answer, doing);
    }

    // For a response that has views into its bytes.
    template <class Request>
    Outcome<BrokerAnswer> ask_undecoded(const Request& request, std::string_view doing, std::int16_t max_version) const {
        BrokerCall call{Request::kApiKey, Request::kMinVersion, max_version,
                        [&](protocol::Writer& out, std::int16_t version) { request.encode(out, version); }};
        return exchange(call, doing);
    }
    template <class Response>
    Outcome<Response> decode(const BrokerAnswer& answer, std::string_view doing) const {
        protocol::Reader body(answer.body);
        auto response = Response::decode(body, answer.version);
        if (!response) {
            return std::unexpected(failure(doing, "the answer could not be read"));
        }
        return std::move(*response);
    }

private:
    Outcome<BrokerAnswer> exchange(const BrokerCall& call, std::string_view doing) const;
    Failure failure(std::string_view doing, std::string_view why) const;

    std::string host_;
    int port_;
    std::chrono::milliseconds timeout_;
    bool is_plaintext_;
};

}  // namespace tideline::cli
