#include "cli/serve.h"

#include <unistd.h>

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

// --data-dir and --listen are short forms of properties; an explicit --set wins over them.
cluster::ConfigInput config_input(const ServeOptions& options, std::string file_text) {
    cluster::ConfigInput input;
    input.file_name = options.config;
    if (!options.data_dir.empty()) {
        input.overrides.emplace_back("log.dirs", options.data_dir);
    }
    if (!options.listen.empty()) {
        input.listen = options.listen;
    } else if (options.config.empty()) {
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

Task<int> serve_until_stopped(runtime::real::RealRuntime& real, server::BrokerOptions options) {
    std::vector<runtime::Shard*> shards;
    for (unsigned i = 0; i < real.shard_count(); ++i) {
        shards.push_back(&real.shard(i));
    }
    std::string durability = options.config.text("tideline.durability");
    server::Broker broker(std::move(shards), std::move(options));
    auto stop = std::make_shared<Stop>(Stop{.wake = &broker.failed()});
    real.on_signal([stop](int) {
        stop->is_signalled = true;
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
        co_return complain(started.error().message);
    }
    co_return stop->is_signalled ? kStoppedClean : kFailed;
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
    server::BrokerOptions broker_options{
        .config = std::move(*config), .host_name = host_name(), .open_files_max = real.open_files_max()};
    return real.run([&](runtime::Shard&) { return serve_until_stopped(real, std::move(broker_options)); });
}

}  // namespace tideline::cli
