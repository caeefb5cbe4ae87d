#include "cli/serve.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/real/runtime.h"
#include "server/broker.h"

namespace tideline::cli {

using runtime::Task;

namespace {

constexpr int kStoppedClean = 0;
constexpr int kFailed = 1;
constexpr std::string_view kDefaultListen = "127.0.0.1:9092";

// As a sentence for people, or as an event where machines read along.
int complain(base::LogFormat format, const std::string& message) {
    if (format == base::LogFormat::json) {
        TL_LOG_ERROR("start_failed", {"reason", message});
    } else {
        std::fprintf(stderr, "tideline serve: %s\n", message.c_str());
    }
    return kFailed;
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "localhost";
}

std::expected<std::string, std::string> read_text(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return std::unexpected("it is a directory");
    }
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf()).good()) {
        // An empty file is a legal one: inserting nothing fails, reading did not.
        if (errno != 0 || !file.is_open()) {
            return std::unexpected(std::strerror(errno));
        }
    }
    return text.str();
}

bool names_listeners(const ServeOptions& options, const std::string& file_text) {
    auto is_listeners = [](const std::string& key) { return key == "listeners"; };
    return std::ranges::any_of(base::parse_properties(file_text), is_listeners, &base::PropertyLine::key) ||
           std::ranges::any_of(options.sets, is_listeners, &std::pair<std::string, std::string>::first);
}

// --data-dir and --listen are short forms of properties; an explicit --set wins over them.
cluster::ConfigInput config_input(const ServeOptions& options, std::string file_text) {
    cluster::ConfigInput input;
    input.file_name = options.config;
    if (!options.data_dir.empty()) {
        input.overrides.emplace_back("log.dirs", options.data_dir);
    }
    if (!options.listen.empty()) {
        input.listen = options.listen;
    } else if (!names_listeners(options, file_text)) {
        // Kafka's default is every interface; nobody should be open to the network without having said so.
        input.listen = std::string(kDefaultListen);
    }
    input.overrides.insert(input.overrides.end(), options.sets.begin(), options.sets.end());
    input.file_text = std::move(file_text);
    return input;
}

// Why the broker stops. Shared with the signal handler, which may still be called when the broker is gone.
struct Stop {
    runtime::Event* wake = nullptr;
    bool is_signalled = false;
};

Task<int> serve_until_stopped(runtime::real::RealRuntime& real, server::BrokerOptions options, base::LogFormat log_format) {
    std::vector<runtime::Shard*> shards;
    for (unsigned i = 0; i < real.shard_count(); ++i) {
        shards.push_back(&real.shard(i));
    }
    std::string durability = options.config.text("tideline.durability");
    server::Broker broker(std::move(shards), std::move(options));
    auto stop = std::make_shared<Stop>(Stop{.wake = &broker.failed()});
    real.on_signal([stop](int) {
        if (!std::exchange(stop->is_signalled, true)) {
            TL_LOG_INFO("stopping", {"reason", "signal"});
        }
        if (stop->wake != nullptr) {
            stop->wake->set();
        }
    });
    auto started = co_await broker.start();
    if (started) {
        TL_LOG_INFO("broker_started", {"port", broker.first_port()}, {"node_id", broker.node_id()},
                    {"cluster_id", broker.cluster_id()}, {"shards", broker.shard_count()}, {"durability", durability});
        co_await broker.failed().wait();
    }
    co_await broker.stop();
    stop->wake = nullptr;
    if (!started) {
        co_return complain(log_format, started.error().message);
    }
    co_return stop->is_signalled ? kStoppedClean : kFailed;
}

}  // namespace

int run_serve(const ServeOptions& options) {
    base::set_log_clock(runtime::real::wall_clock_ms);
    base::set_log_format(options.log_format);
    base::set_log_level(options.log_level);
    if (!options.listen.empty() && !cluster::parse_listener("PLAINTEXT://" + options.listen)) {
        return complain(options.log_format, "--listen wants HOST:PORT, a port from 0 to 65535, e.g. 127.0.0.1:9092; got '" + options.listen + "'");
    }
    std::string file_text;
    if (!options.config.empty()) {
        auto text = read_text(options.config);
        if (!text) {
            return complain(options.log_format, "cannot read the configuration file " + options.config + ": " + text.error());
        }
        file_text = std::move(*text);
    }
    auto config = cluster::BrokerConfig::parse(config_input(options, std::move(file_text)));
    if (!config) {
        return complain(options.log_format, cluster::to_string(config.error()));
    }
    runtime::real::Options runtime_options;
    runtime_options.shards = static_cast<unsigned>(config->integer("tideline.shards"));
    runtime::real::RealRuntime real(runtime_options);
    server::BrokerOptions broker_options{
        .config = std::move(*config), .host_name = host_name(), .open_files_max = real.open_files_max()};
    return real.run([&](runtime::Shard&) { return serve_until_stopped(real, std::move(broker_options), options.log_format); });
}

}  // namespace tideline::cli
