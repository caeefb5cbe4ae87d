#include "simulation/node.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tideline::simulation {

using runtime::sim::CrashPolicy;

namespace {

// Asks each coordinator of one shard, on that shard. False: one could not answer.
runtime::Task<bool> print_coordinators(server::ShardServer& server, std::map<std::string, std::string>& all) {
    for (std::int32_t partition : server.groups().partitions()) {
        std::string& text = all[fmt::format("groups, partition {}", partition)];
        auto told = co_await server.groups().ask(
            partition, [&text](group::Coordinator& coordinator, group::Ticket ticket, const group::Now&, group::Effects& out) {
                text = coordinator.print_durable();
                out.answer(ticket, protocol::HeartbeatResponse{});
            });
        if (!told) {
            co_return false;
        }
    }
    for (std::int32_t partition : server.transactions().partitions()) {
        std::string& text = all[fmt::format("transactions, partition {}", partition)];
        auto told = co_await server.transactions().ask(
            partition, [&text](txn::Coordinator& coordinator, txn::Ticket ticket, const txn::Now&, txn::Effects& out) {
                text = coordinator.print_durable();
                out.answer(ticket, ErrorCode::none);
            });
        if (!told) {
            co_return false;
        }
    }
    co_return true;
}

}  // namespace

Node::Node(runtime::sim::SimWorld& world, unsigned shards_max, std::vector<std::string> directories)
    : world_(world), directories_(std::move(directories)) {
    for (unsigned i = 0; i < shards_max; ++i) {
        shards_.push_back(&world_.add_shard());
        TL_CHECK(shards_.back()->index() == i);  // partitions are dealt out by the numbers of the shards
    }
}

Node::~Node() { TL_CHECK(broker_ == nullptr); }

cluster::BrokerConfig Node::config_of(const NodeSettings& settings) const {
    cluster::ConfigInput input;
    input.overrides.emplace_back("log.dirs", fmt::format("{}", fmt::join(directories_, ",")));
    input.overrides.insert(input.overrides.end(), settings.properties.begin(), settings.properties.end());
    input.listen = fmt::format("127.0.0.1:{}", kPort);
    auto config = cluster::BrokerConfig::parse(input);
    TL_CHECK(config);
    return *config;
}

bool Node::start(const NodeSettings& settings) {
    TL_CHECK(broker_ == nullptr && settings.shards <= shards_.size());
    ++life_;
    server::BrokerOptions options{.config = config_of(settings), .host_name = "localhost"};
    std::vector<runtime::Shard*> shards(shards_.begin(), shards_.begin() + settings.shards);
    broker_ = std::make_unique<server::Broker>(std::move(shards), std::move(options));
    auto started = world_.run(*shards_[0], broker_->start());
    if (!started) {
        why_ = started.error().message;
        stop();
        return false;
    }
    why_.clear();
    return true;
}

void Node::stop() {
    if (broker_ == nullptr) {
        return;
    }
    world_.run(*shards_[0], broker_->stop());
    broker_.reset();
}

void Node::lose_power(CrashPolicy policy, std::uint64_t seed) {
    files().crash_after(1);
    stop();
    files().crash(policy, seed);
}

bool Node::is_failing() const {
    return broker_ != nullptr && (world_.files().power_is_cut() || broker_->failed().is_set());
}

std::optional<std::map<std::string, std::string>> Node::coordinators() {
    std::map<std::string, std::string> all;
    for (unsigned i = 0; i < broker_->shard_count(); ++i) {
        if (!world_.run(*shards_[i], print_coordinators(broker_->server(i), all))) {
            return std::nullopt;
        }
    }
    return all;
}

std::uint64_t Node::request_memory_in_use() const {
    std::uint64_t bytes = 0;
    for (unsigned i = 0; i < broker_->shard_count(); ++i) {
        bytes += broker_->server(i).request_bytes_in_use();
    }
    return bytes;
}

}  // namespace tideline::simulation
