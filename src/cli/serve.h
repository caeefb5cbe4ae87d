// cli/serve.h: `tideline serve`, the broker as a process.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/log.h"

namespace tideline::cli {

struct ServeOptions {
    std::string data_dir;  // empty: log.dirs of the configuration file must name it
    std::string listen;    // HOST:PORT; empty: the configuration's listeners, or 127.0.0.1:9092
    std::string config;    // a server.properties file; empty: none
    std::vector<std::pair<std::string, std::string>> sets;  // --set key=value, in order; they win over the file
    base::LogFormat log_format = base::LogFormat::text;
    base::LogLevel log_level = base::LogLevel::info;
};

// Runs the broker until SIGTERM or SIGINT and returns the process's exit code.
int run_serve(const ServeOptions& options);

}  // namespace tideline::cli
