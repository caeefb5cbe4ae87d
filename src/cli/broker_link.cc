#include "cli/broker_link.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/version.h"
#include "protocol/header.h"
#include "protocol/messages/api_versions.h"
#include "runtime/real/runtime.h"

namespace tideline::cli {

using protocol::ApiVersionsRequest;
using protocol::ApiVersionsResponse;
using runtime::Task;

namespace {

constexpr std::int16_t kApiVersionsVersion = 3;  // the first that names the client's software (KIP-511)
constexpr std::uint32_t kAnswerBytesMax = 100U << 20;

// One connection, from connect() to its answer. Lives until the runtime has stopped.
class Conversation {
public:
    Conversation(const BrokerCall& call, runtime::Address address, std::chrono::milliseconds timeout)
        : call_(call), address_(std::move(address)), timeout_(timeout) {}

    Task<int> hold(runtime::Shard& shard);

    std::optional<BrokerAnswer> answer;
    std::string_view why_not = "no answer in time";
    bool is_served = true;

private:
    Task<base::Result<>> talk();
    Task<base::Result<>> choose_version();
    Task<base::Result<base::Bytes>> request(protocol::ApiKey key, std::int16_t version, const BrokerCall::Encode& encode);
    Task<base::Result<>> read_exactly(base::MutableByteView into);

    const BrokerCall& call_;
    const runtime::Address address_;
    const std::chrono::milliseconds timeout_;
    std::unique_ptr<runtime::Stream> stream_;
    std::int16_t version_ = 0;
};

Task<int> Conversation::hold(runtime::Shard& shard) {
    auto connected = co_await shard.network().connect(address_);
    if (!connected) {
        why_not = connected.error().note;
        co_return 0;
    }
    stream_ = std::move(*connected);
    runtime::TimerId deadline = shard.add_timer(shard.now() + timeout_, [this] { stream_->shut_down(); });
    auto talked = co_await talk();
    shard.cancel_timer(deadline);
    if (!talked) {
        why_not = talked.error().note;
    }
    stream_.reset();
    co_return 0;
}

Task<base::Result<>> Conversation::talk() {
    auto chosen = co_await choose_version();
    if (!chosen || !is_served) {
        co_return chosen;
    }
    auto body = co_await request(call_.key, version_, call_.encode);
    if (!body) {
        co_return std::unexpected(body.error());
    }
    answer.emplace(version_, std::move(*body));
    co_return base::Result<>();
}

Task<base::Result<>> Conversation::choose_version() {
    ApiVersionsRequest asked;
    asked.client_software_name = kLinkSoftwareName;
    asked.client_software_version = version_number();
    BrokerCall::Encode encode = [&asked](protocol::Writer& out, std::int16_t version) { asked.encode(out, version); };
    auto body = co_await request(ApiVersionsRequest::kApiKey, kApiVersionsVersion, encode);
    if (!body) {
        co_return std::unexpected(body.error());
    }
    protocol::Reader in(*body);
    auto versions = ApiVersionsResponse::decode(in, kApiVersionsVersion);
    if (!versions) {
        co_return std::unexpected(versions.error());
    }
    auto row = std::ranges::find(versions->api_keys, static_cast<std::int16_t>(call_.key), &ApiVersionsResponse::ApiVersion::api_key);
    is_served = row != versions->api_keys.end() && row->min_version <= call_.max_version && row->max_version >= call_.min_version;
    if (is_served) {
        version_ = std::min(call_.max_version, row->max_version);
    }
    co_return base::Result<>();
}

// Sends a request and returns the body of its answer.
Task<base::Result<base::Bytes>> Conversation::request(protocol::ApiKey key, std::int16_t version, const BrokerCall::Encode& encode) {
    protocol::Writer out;
    out.begin_frame();
    protocol::encode_request_header(out, {.api_key = static_cast<std::int16_t>(key),
                                          .api_version = version,
                                          .correlation_id = 1,
                                          .client_id = kLinkSoftwareName});
    encode(out, version);
    out.finish_frame();
    const std::array parts{out.view()};
    auto written = co_await stream_->write(parts, false);
    if (!written) {
        co_return std::unexpected(written.error());
    }
    base::Bytes length(sizeof(std::uint32_t));
    auto got_length = co_await read_exactly(length);
    if (!got_length) {
        co_return std::unexpected(got_length.error());
    }
    auto size = base::load_be<std::uint32_t>(length.data());
    if (size > kAnswerBytesMax) {
        co_return base::fail(ErrorCode::network_exception, "what answers is no Kafka broker");
    }
    base::Bytes frame(size);
    auto got_frame = co_await read_exactly(frame);
    if (!got_frame) {
        co_return std::unexpected(got_frame.error());
    }
    protocol::Reader in(frame);
    auto correlation = protocol::decode_response_header(in, key, version);
    if (!correlation) {
        co_return std::unexpected(correlation.error());
    }
    base::ByteView body = in.rest();
    co_return base::Bytes(body.begin(), body.end());
}

Task<base::Result<>> Conversation::read_exactly(base::MutableByteView into) {
    while (!into.empty()) {
        auto got = co_await stream_->read_some(into);
        if (!got) {
            co_return std::unexpected(got.error());
        }
        if (*got == 0) {
            co_return base::fail(ErrorCode::network_exception, "the broker closed the connection");
        }
        into = into.subspan(*got);
    }
    co_return base::Result<>();
}

}  // namespace

BrokerLink::BrokerLink(const ClientOptions& options, std::string host, int port)
    : host_(std::move(host)), port_(port), timeout_(static_cast<std::int64_t>(options.timeout_seconds * 1000)) {
    is_plaintext_ = std::ranges::none_of(options.properties, [](const KeyValue& property) {
        return property.first == "security.protocol" && property.second != "plaintext" && property.second != "PLAINTEXT";
    });
}

Failure BrokerLink::failure(std::string_view doing, std::string_view why) const {
    return {ExitCode::unreachable, fmt::format("cannot {}: {} ({}:{})", doing, why, host_, port_)};
}

Outcome<BrokerAnswer> BrokerLink::exchange(const BrokerCall& call, std::string_view doing) const {
    if (!is_plaintext_) {
        return std::unexpected(failure(doing, "this is asked over plaintext only"));
    }
    Conversation conversation(call, {.host = host_, .port = static_cast<std::uint16_t>(port_)}, timeout_);
    runtime::real::RealRuntime runtime({.shards = 1, .io_threads = 1});
    runtime.run([&](runtime::Shard& shard) { return conversation.hold(shard); });
    if (!conversation.is_served) {
        return std::unexpected(Failure{ExitCode::refused, fmt::format("cannot {}: the broker does not serve that request", doing), "",
                                       kafka_name(RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION)});
    }
    if (!conversation.answer) {
        return std::unexpected(failure(doing, conversation.why_not));
    }
    return std::move(*conversation.answer);
}

}  // namespace tideline::cli
