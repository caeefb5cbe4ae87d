#include "cli/serve.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
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

int complain(const std::string& message) {
    std::fprintf(stderr, "tideline serve: %s\n", message.c_str());
    return kFailed;
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "localhost";
}

std::optional<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The listeners of the file that belong to the controller: --listen replaces only those of clients.
std::string controller_listeners_in(const std::string& file_text) {
    std::string listeners;
    std::vector<std::string> controller_names;
    for (const base::PropertyLine& line : base::parse_properties(file_text)) {
        if (line.key == "listeners") {
            listeners = line.value;
        } else if (line.key == "controller.listener.names") {
            controller_names = base::parse_list(line.value);
        }
    }
    std::string kept;
    for (const std::string& each : base::parse_list(listeners)) {
        std::string name = each.substr(0, each.find("://"));
        if (std::ranges::find(controller_names, name) != controller_names.end()) {
            kept += "," + each;
        }
    }
    return kept;
}

// --data-dir and --listen are short forms of properties; an explicit --set wins over them.
cluster::ConfigInput config_input(const ServeOptions& options, std::string file_text) {
    cluster::ConfigInput input;
    input.file_name = options.config;
    if (!options.data_dir.empty()) {
        input.overrides.emplace_back("log.dirs", options.data_dir);
    }
    if (!options.listen.empty()) {
        input.overrides.emplace_back("listeners", "PLAINTEXT://" + options.listen + controller_listeners_in(file_text));
        input.overrides.emplace_back("advertised.listeners", "");
    } else if (options.config.empty()) {
        input.overrides.emplace_back("listeners", "PLAINTEXT://" + std::string(kDefaultListen));
    }
    input.overrides.insert(input.overrides.end(), options.sets.begin(), options.sets.end());
    input.file_text = std::move(file_text);
    return input;
}

Task<int> serve_until_stopped(runtime::real::RealRuntime& real, runtime::Shard& first, server::BrokerOptions options) {
    std::vector<runtime::Shard*> shards;
    for (unsigned i = 0; i < real.shard_count(); ++i) {
        shards.push_back(&real.shard(i));
    }
    std::string durability = options.config.text("tideline.durability");
    server::Broker broker(std::move(shards), std::move(options));
    // One event for both reasons to stop; `failed()` tells them apart.
    bool signalled = false;
    real.on_signal([&](int) {
        signalled = true;
        broker.failed().set();
    });
    auto started = co_await broker.start();
    if (!started) {
        co_await broker.stop();
        co_return complain(started.error().message);
    }
    TL_LOG_INFO("broker_started", {"port", broker.first_port()}, {"node_id", broker.node_id()},
                {"cluster_id", broker.cluster_id()}, {"shards", broker.shard_count()}, {"durability", durability});
    co_await broker.failed().wait();
    co_await broker.stop();
    co_return signalled ? kStoppedClean : kFailed;
}

}  // namespace

int run_serve(const ServeOptions& options) {
    base::set_log_clock(runtime::real::wall_clock_ms);
    base::set_log_format(options.log_format);
    base::set_log_level(options.log_level);
    std::string file_text;
    if (!options.config.empty()) {
        auto text = read_text(options.config);
        if (!text) {
            return complain("cannot read the configuration file " + options.config);
        }
        file_text = std::move(*text);
    }
    auto config = cluster::BrokerConfig::parse(config_input(options, std::move(file_text)));
    if (!config) {
        return complain(cluster::to_string(config.error()));
    }
    runtime::real::Options runtime_options;
    runtime_options.shards = static_cast<unsigned>(config->integer("tideline.shards"));
    runtime::real::RealRuntime real(runtime_options);
    server::BrokerOptions broker_options{.config = std::move(*config), .host_name = host_name()};
    return real.run([&](runtime::Shard& first) { return serve_until_stopped(real, first, std::move(broker_options)); });
}

}  // namespace tideline::cli
