// base/result.h: what the world did to us, as a value.
//
// An Error carries Kafka's own error code, chosen where the condition is seen, because a client's retry logic hangs on it.
// Making one never allocates: `note` is a literal.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/error_code.h"

namespace tideline::base {

struct Error {
    ErrorCode code = ErrorCode::unknown_server_error;  // what the client will be told
    std::string_view note = {};                        // a literal, for people
    std::int64_t detail = 0;                           // the offset, length or errno that the note speaks of

    friend bool operator==(const Error& a, const Error& b) { return a.code == b.code; }
};

// "CORRUPT_MESSAGE: batch magic is not 2 (1)"
std::string to_string(const Error& error);

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string_view note = {}, std::int64_t detail = 0) {
    return std::unexpected(Error{code, note, detail});
}

}  // namespace tideline::base

#define TL_CONCAT_INNER(a, b) a##b
#define TL_CONCAT(a, b) TL_CONCAT_INNER(a, b)

// TL_TRY(name, expression): binds `name` to the value, or returns the error from the enclosing function.
#define TL_TRY(name, ...)                                                      \
    auto TL_CONCAT(name, _or_error) = (__VA_ARGS__);                           \
    if (!TL_CONCAT(name, _or_error)) [[unlikely]] {                            \
        return std::unexpected(TL_CONCAT(name, _or_error).error());            \
    }                                                                          \
    auto& name = *TL_CONCAT(name, _or_error)

// TL_TRY_VOID(expression): the same for a Result<> without a value.
#define TL_TRY_VOID(...)                                                       \
    if (auto tl_status = (__VA_ARGS__); !tl_status) [[unlikely]] {             \
        return std::unexpected(tl_status.error());                             \
    }

// The same two for coroutines; the expression may hold a co_await.
#define TL_CO_TRY(name, ...)                                                   \
    auto TL_CONCAT(name, _or_error) = (__VA_ARGS__);                           \
    if (!TL_CONCAT(name, _or_error)) [[unlikely]] {                            \
        co_return std::unexpected(TL_CONCAT(name, _or_error).error());         \
    }                                                                          \
    auto& name = *TL_CONCAT(name, _or_error)

#define TL_CO_TRY_VOID(...)                                                    \
    if (auto tl_status = (__VA_ARGS__); !tl_status) [[unlikely]] {             \
        co_return std::unexpected(tl_status.error());                          \
    }
