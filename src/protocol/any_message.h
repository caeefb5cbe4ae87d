// protocol/any_message.h: what generated sources share; nothing else includes it.
#pragma once

#include "base/check.h"
#include "protocol/message_schema.h"
#include "protocol/reader.h"
#include "protocol/writer.h"

namespace tideline::protocol {

template <class T>
Result<T> decode_message(Reader& in, std::int16_t version) {
    if (version < T::kMinVersion || version > T::kMaxVersion) {
        return base::fail(ErrorCode::unsupported_version, "no such version of this message", version);
    }
    Result<T> message;
    message->read(in, version);
    if (!in.ok()) {
        message = std::unexpected(in.error());
    }
    return message;
}

template <class T>
struct Erased final : AnyMessage {
    explicit Erased(T&& from = T()) : message(std::move(from)) {}
    void encode(Writer& out, std::int16_t version) const override { message.encode(out, version); }
    bool equals(const AnyMessage& other) const override { return message == static_cast<const Erased&>(other).message; }
    std::string to_json(std::int16_t version) const override { return message.to_json(version); }
    T message;
};

template <class T>
Result<std::unique_ptr<AnyMessage>> decode_any(Reader& in, std::int16_t version) {
    TL_TRY(message, T::decode(in, version));
    return std::make_unique<Erased<T>>(std::move(message));
}

template <class T>
std::unique_ptr<AnyMessage> make_any() {
    return std::make_unique<Erased<T>>();
}

template <class T>
std::string message_to_json(const T& message, std::int16_t version) {
    Writer out;
    message.encode(out, version);
    return message_to_json(T::schema(), version, out.view(), out.splices());
}

}  // namespace tideline::protocol
