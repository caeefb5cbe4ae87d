// cli/failure.h: why a command ended without doing what was asked, for a person and for a script.
//
// Unlike base::Error it owns its text: it is made once, at the end, and names topics, files and addresses.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace tideline::cli {

// Part of the command line's contract (docs/cli.md): scripts branch on these.
enum class ExitCode : int {
    ok = 0,
    usage = 1,         // bad usage, or a local file or terminal that does not play along
    refused = 2,       // the broker answered with an error
    unreachable = 3,   // nobody answered in time
    partial = 4,       // some of what was asked for was done, some failed
    corrupt = 5,       // log dump: a file is damaged
    interrupted = 130  // Ctrl-C before the work was done, as shells report it
};

struct Failure {
    ExitCode exit = ExitCode::usage;
    std::string message;      // one line, without a final full stop
    std::string hint = {};    // what to do about it; may hold several lines
    std::string kafka_error = {};  // "TOPIC_ALREADY_EXISTS" when the broker refused
};

template <class T = void>
using Outcome = std::expected<T, Failure>;

inline std::unexpected<Failure> usage_failure(std::string message, std::string hint = {}) {
    return std::unexpected(Failure{ExitCode::usage, std::move(message), std::move(hint)});
}

}  // namespace tideline::cli
