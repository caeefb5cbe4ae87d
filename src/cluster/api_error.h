// cluster/api_error.h: what a decision answers about one thing it was asked to do: Kafka's code and a sentence.
#pragma once

#include <string>
#include <utility>

#include "base/error_code.h"

namespace tideline::cluster {

struct ApiError {
    ErrorCode code = ErrorCode::none;
    std::string message = {};

    explicit operator bool() const { return code != ErrorCode::none; }  // true: something is wrong
};

}  // namespace tideline::cluster
