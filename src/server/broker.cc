#include "server/broker.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/reach.h"
#include "runtime/random.h"
#include "server/deadline.h"

namespace tideline::server {

using runtime::Task;
using Started = std::expected<void, StartProblem>;

namespace {

std::unexpected<StartProblem> problem(std::string message) { return std::unexpected(StartProblem{std::move(message)}); }

cluster::ReplicaSettings replica_settings_of(const cluster::BrokerConfig& config, unsigned shard_count) {
    cluster::ReplicaSettings settings;
    settings.node_id = config.node_id();
    settings.shard_count = shard_count;
    settings.durability =
        config.text("tideline.durability") == "replicated" ? cluster::Durability::replicated : cluster::Durability::fsync;
    settings.producers.producer_id_expiration_ms = config.integer("producer.id.expiration.ms");
    settings.producers.max_producers = static_cast<std::size_t>(config.integer("tideline.producer.state.max.entries"));
    return settings;
}

// How the descriptors that the system allows are shared out. The rest is for directories, checkpoints and what is in flight.
struct Descriptors {
    std::size_t cached_files = 0;
    std::int64_t connections = 0;
};

Descriptors descriptors_of(const cluster::BrokerConfig& config, std::uint64_t open_files_max) {
    constexpr std::size_t kFewest = 16;
    auto wanted = static_cast<std::size_t>(config.integer("tideline.open.files"));
    return {.cached_files = std::max(std::min<std::size_t>(wanted, open_files_max / 4), kFewest),
            .connections = static_cast<std::int64_t>(std::max<std::uint64_t>(open_files_max / 2, kFewest))};
}

ConnectionQuota::Limits connection_limits_of(const cluster::BrokerConfig& config, std::uint64_t open_files_max) {
    ConnectionQuota::Limits limits;
    limits.total = std::min(config.integer("max.connections"), descriptors_of(config, open_files_max).connections);
    limits.per_ip = config.integer("max.connections.per.ip");
    for (const std::string& each : config.list("max.connections.per.ip.overrides")) {
        std::size_t colon = each.rfind(':');
        if (colon != std::string::npos) {
            limits.overrides[each.substr(0, colon)] = base::parse_int(each.substr(colon + 1));
        }
    }
    return limits;
}

bool is_loopback(const std::string& host) { return host.starts_with("127.") || host == "localhost" || host == "::1" || host == "[::1]"; }

std::string why_not_locked(const std::string& path, const base::Error& error) {
    switch (error.detail) {
        case EAGAIN:
            return fmt::format("{}: another broker is running on this directory (its .lock is held)", path);
        case EACCES:
        case EPERM:
        case EROFS:
            return fmt::format("{}: no permission to write there", path);
        case ENOSPC:
            return fmt::format("{}: no space left on the device", path);
        case ENOTDIR:
            return fmt::format("{}: not a directory", path);
        default:
            return fmt::format("{}: {}", path, base::to_string(error));
    }
}

}  // namespace

Broker::Broker(std::vector<runtime::Shard*> shards, BrokerOptions options)
    : shards_(std::move(shards)),
      host_name_(std::move(options.host_name)),
      open_files_max_(options.open_files_max),
      static_config_(std::move(options.config)),
      config_(std::make_shared<const cluster::BrokerConfig>(static_config_)),
      replica_settings_(replica_settings_of(static_config_, static_cast<unsigned>(shards_.size()))),
      file_cache_(shards_[0]->files(), descriptors_of(static_config_, options.open_files_max).cached_files),
      quota_(connection_limits_of(static_config_, options.open_files_max)),
      member_memory_(static_cast<std::size_t>(static_config_.integer("tideline.group.member.memory.bytes"))),
      controller_(static_config_, [shard = shards_[0]] { return shard->random(); }),
      change_arrived_(*shards_[0]),
      change_applied_(*shards_[0]),
      producer_ids_mutex_(*shards_[0]),
      failed_(*shards_[0]),
      stopping_(*shards_[0]),
      tasks_(*shards_[0]) {
    for (const std::string& path : static_config_.log_dirs()) {
        log_dirs_.push_back(std::make_unique<cluster::LogDir>(shards_[0]->files(), path));
    }
    for (runtime::Shard* shard : shards_) {
        servers_.push_back(std::make_unique<ShardServer>(*this, *shard, shards_[0]->wall_ms()));
    }
}

Broker::~Broker() = default;

Task<Started> Broker::start() {
    auto opened = co_await open_directories();
    if (!opened) {
        co_return opened;
    }
    auto endpoints = co_await bind_listeners();
    if (!endpoints) {
        co_return std::unexpected(endpoints.error());
    }
    auto metadata = co_await start_metadata(std::move(*endpoints));
    if (!metadata) {
        co_return metadata;
    }
    refresh_config(*metadata_->image());
    auto ready = co_await prepare_directories();
    if (!ready) {
        co_return ready;
    }
    co_await apply_everywhere(metadata_->image(), nullptr);
    // A recovery point in the file may lie above what recovery found: it must not outlive the first append.
    co_await write_checkpoints();
    applied_offset_ = metadata_->image()->highest_offset();
    tasks_.spawn(apply_changes());
    tasks_.spawn(keep_checkpoints());
    auto start_serving = [](ShardServer& server) -> Task<void> {
        server.start_serving();
        co_return;
    };
    co_await on_every_shard(start_serving);
    co_return Started{};
}

Task<Started> Broker::open_directories() {
    for (const auto& directory : log_dirs_) {
        cluster::LogDir& each = *directory;
        auto locked = co_await runtime::offload(*shards_[0], [&each] { return each.lock(); });
        if (!locked) {
            co_return problem(why_not_locked(each.path(), locked.error()));
        }
        each.on_failure([this] { shards_[0]->run_here([this] { check_directories(); }); });
    }
    runtime::FileSystem& files = shards_[0]->files();
    // A generator of its own: the shard's must not be used where blocking work runs.
    runtime::Random random(shards_[0]->random());
    auto next_random = [&random] { return random.next(); };
    std::int64_t now_ms = shards_[0]->wall_ms();
    auto identity = co_await runtime::offload(
        *shards_[0], [&] { return cluster::open_storage(files, static_config_, next_random, now_ms); });
    if (!identity) {
        co_return problem(identity.error());
    }
    storage_ = std::move(*identity);
    for (std::size_t i = 0; i < log_dirs_.size(); ++i) {
        cluster::LogDir& each = *log_dirs_[i];
        each.set_id(storage_.log_dirs[i].id);
        auto loaded = co_await runtime::offload(*shards_[0], [&each] { return each.load(); });
        if (!loaded) {
            co_return problem(fmt::format("{}: {}", each.path(), base::to_string(loaded.error())));
        }
    }
    co_return Started{};
}

// The last step that may refuse the start: from here on the directories count as in use.
Task<Started> Broker::prepare_directories() {
    cluster::ImagePtr image = metadata_->image();
    std::int32_t self = node_id();
    cluster::LogDir::IsAssigned is_assigned = [image, self](const cluster::TopicPartition& id,
                                                            const std::optional<base::Uuid>& topic_id) {
        const cluster::TopicImage* topic = image->topic(id.topic);
        const cluster::PartitionState* state = topic == nullptr ? nullptr : topic->partition(id.partition);
        return state != nullptr && state->has_replica(self) && (!topic_id || *topic_id == topic->id);
    };
    for (const auto& directory : log_dirs_) {
        cluster::LogDir& each = *directory;
        if (!each.was_clean() && !storage_.formatted_now) {
            TL_LOG_WARN("unclean_stop", {"directory", each.path()},
                        {"effect", "every log is checked from its recovery point; what was acknowledged is kept"});
        }
        runtime::Random random(shards_[0]->random());
        auto prepared = co_await runtime::offload(*shards_[0], [&]() -> base::Result<> {
            TL_TRY_VOID(each.set_strays_aside(is_assigned, [&random] { return random.next(); }));
            return each.begin();
        });
        if (!prepared) {
            co_return problem(fmt::format("{}: {}", each.path(), base::to_string(prepared.error())));
        }
    }
    co_return Started{};
}

Task<std::expected<std::vector<cluster::Endpoint>, StartProblem>> Broker::bind_listeners() {
    std::vector<cluster::Endpoint> endpoints;
    std::vector<cluster::ListenerAddress> addresses = static_config_.listeners();
    std::vector<cluster::ListenerAddress> advertised = static_config_.advertised_listeners(host_name_);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        cluster::ListenerAddress address = addresses[i];
        bool was_any_port = address.port == 0;
        // The first shard learns the port when any will do; the others join it there.
        for (unsigned index = 0; index < shard_count(); ++index) {
            ShardServer& server = *servers_[index];
            auto listen = [&]() -> Task<base::Result<std::uint16_t>> { co_return server.listen(address, shard_count() > 1); };
            auto port = co_await runtime::call_on(*shards_[0], *shards_[index], listen);
            if (!port) {
                std::string why = port.error().detail == EADDRINUSE ? "the address is in use; another --listen, or who has it (ss -ltnp)?" : base::to_string(port.error());
                co_return problem(fmt::format("cannot listen on {}:{}: {}", address.host, address.port, why));
            }
            address.port = *port;
        }
        std::uint16_t told = was_any_port && advertised[i].port == 0 ? address.port : advertised[i].port;
        endpoints.push_back({.listener = address.name, .host = advertised[i].host, .port = told, .security_protocol = 0});
        if (i == 0) {
            first_port_ = address.port;
        }
        TL_LOG_INFO("listening", {"listener", address.name}, {"host", address.host.empty() ? "every interface" : address.host},
                    {"port", address.port});
        if (!is_loopback(address.host)) {
            TL_LOG_WARN("open_listener", {"listener", address.name},
                        {"effect", "whoever reaches this address may read and write everything: access control is not served yet"});
        }
    }
    co_return endpoints;
}

Task<Started> Broker::start_metadata(std::vector<cluster::Endpoint> endpoints) {
    cluster::MetadataLogOptions options;
    options.directory = storage_.metadata_dir.path;
    options.cluster_id = storage_.cluster_id;
    options.node_id = storage_.node_id;
    options.directory_id = storage_.metadata_dir.id;
    for (const cluster::DirectoryIdentity& each : storage_.log_dirs) {
        options.log_directories.push_back(each.id);
    }
    options.endpoints = std::move(endpoints);
    for (const cluster::ListenerAddress& each : static_config_.controller_listeners()) {
        options.controller_endpoints.push_back(
            {.listener = each.name, .host = each.host.empty() ? host_name_ : each.host, .port = each.port, .security_protocol = 0});
    }
    if (auto rack = static_config_.value("broker.rack")) {
        options.rack = std::string(*rack);
    }
    options.snapshot_after_bytes =
        static_cast<std::uint64_t>(static_config_.integer("metadata.log.max.record.bytes.between.snapshots"));
    options.segment_bytes = static_cast<std::int32_t>(static_config_.integer("metadata.log.segment.bytes"));
    options.min_insync_replicas = static_cast<std::int32_t>(static_config_.integer("min.insync.replicas"));
    options.clean_shutdown = std::ranges::all_of(log_dirs_, [](const auto& each) { return each->was_clean(); });
    options.on_failure = [this](const base::Error& error) {
        TL_LOG_ERROR("broker_failed", {"reason", "the metadata log is offline"}, {"error", base::to_string(error)});
        failed_.set();
    };
    auto metadata = co_await cluster::MetadataLog::start(*shards_[0], std::move(options));
    if (!metadata) {
        co_return problem(fmt::format("metadata log: {}", base::to_string(metadata.error())));
    }
    metadata_ = std::move(*metadata);
    metadata_->subscribe([this](const cluster::ImageChange& change) {
        changes_.push_back(change);
        change_arrived_.set();
    });
    co_return Started{};
}

void Broker::refresh_config(const cluster::MetadataImage& image) {
    config_ = std::make_shared<const cluster::BrokerConfig>(
        static_config_.overlaid_with(image.cluster_configs()).overlaid_with(image.broker_configs(node_id())));
    quota_.set_limits(connection_limits_of(*config_, open_files_max_));
}

// Every shard lets go of what is gone before any opens what is new: the two may share a directory name. And every shard serves the
// image before any group goes by it: what a member is given it may use over any connection.
Task<void> Broker::apply_everywhere(cluster::ImagePtr image, const std::vector<base::Uuid>* topics) {
    auto remove = [&](ShardServer& server) { return server.remove_absent(image, topics); };
    co_await on_every_shard(remove);
    auto config = config_;
    auto open = [&](ShardServer& server) { return server.apply(image, topics, config); };
    co_await on_every_shard(open);
    auto follow = [&](ShardServer& server) { return server.let_groups_follow(topics); };
    co_await on_every_shard(follow);
}

// Brings committed changes to every shard, several at once when they come faster than they are applied; while the broker stops, too, as
// long as anybody waits for them.
Task<void> Broker::apply_changes() {
    while (!has_served_) {
        if (changes_.empty() && to_try_again_.empty()) {
            change_arrived_.reset();
            co_await change_arrived_.wait();
            continue;
        }
        std::vector<base::Uuid> topics = std::exchange(to_try_again_, {});
        bool broker_config_changed = false;
        cluster::ImagePtr image = servers_[0]->image();  // the one that was applied last
        for (; !changes_.empty(); changes_.pop_front()) {
            const cluster::ImageChange& change = changes_.front();
            image = change.after;
            topics.insert(topics.end(), change.topics.begin(), change.topics.end());
            for (const cluster::ConfigResource& resource : change.configs) {
                broker_config_changed |= resource.type == cluster::ConfigResourceType::broker;
                if (resource.type == cluster::ConfigResourceType::topic && image->topic(resource.name) != nullptr) {
                    topics.push_back(image->topic(resource.name)->id);
                }
            }
        }
        if (broker_config_changed) {
            refresh_config(*image);
        }
        std::ranges::sort(topics);
        topics.erase(std::ranges::unique(topics).begin(), topics.end());
        co_await apply_everywhere(image, broker_config_changed ? nullptr : &topics);
        applied_offset_ = image->highest_offset();
        change_applied_.set();
        change_applied_.reset();
    }
}

Task<void> Broker::wait_until_applied(std::int64_t offset) {
    while (applied_offset_ < offset) {
        co_await change_applied_.wait();
    }
}

Task<base::Result<std::int64_t>> Broker::next_producer_id(runtime::Shard& here) {
    co_return co_await runtime::call_on(here, *shards_[0], [this] { return next_producer_id_here(); });
}

Task<base::Result<std::int64_t>> Broker::next_producer_id_here() {
    runtime::Mutex::Lock lock = co_await producer_ids_mutex_.lock();
    if (producer_ids_.count == 0) {
        auto decide = [this](const cluster::MetadataImage& image) {
            return controller_.allocate_producer_ids(image, node_id(), metadata_->broker_epoch());
        };
        auto decided = co_await metadata_->submit<base::Result<cluster::ProducerIdBlock>>(decide);
        if (!decided) {
            co_return std::unexpected(decided.error());
        }
        if (!*decided) {
            co_return std::unexpected(decided->error());
        }
        producer_ids_ = **decided;
    }
    --producer_ids_.count;
    co_return producer_ids_.first++;
}

Task<void> Broker::keep_checkpoints() {
    while (!stopping_.is_set()) {
        runtime::Duration interval = duration_of_ms(config_->integer("replica.high.watermark.checkpoint.interval.ms"));
        co_await stopping_.wait_until(shards_[0]->now() + interval);
        if (!stopping_.is_set()) {
            co_await write_checkpoints();
            co_await try_offline_partitions_again();
        }
    }
}

// What could not be opened for want of descriptors or space may be by now, and nobody else would look.
Task<void> Broker::try_offline_partitions_again() {
    for (unsigned index = 0; index < shard_count(); ++index) {
        ShardServer& server = *servers_[index];
        auto collect = [&]() -> Task<std::vector<base::Uuid>> { co_return server.replicas().topics_to_try_again(); };
        std::vector<base::Uuid> topics = co_await runtime::call_on(*shards_[0], *shards_[index], collect);
        to_try_again_.insert(to_try_again_.end(), topics.begin(), topics.end());
    }
    if (!to_try_again_.empty()) {
        change_arrived_.set();
    }
}

Task<void> Broker::write_checkpoints() {
    for (const auto& directory : log_dirs_) {
        cluster::LogDir& each = *directory;
        if (each.is_failed()) {
            continue;
        }
        std::vector<cluster::PartitionCheckpoint> rows;
        for (unsigned index = 0; index < shard_count(); ++index) {
            ShardServer& server = *servers_[index];
            auto collect = [&]() -> Task<std::vector<cluster::PartitionCheckpoint>> {
                co_return server.replicas().checkpoints(each);
            };
            auto part = co_await runtime::call_on(*shards_[0], *shards_[index], collect);
            rows.insert(rows.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
        }
        auto written = co_await runtime::offload(*shards_[0], [&] { return each.update(rows); });
        if (!written) {
            // The old files stay whole: the next start scans a little more.
            TL_REACH("checkpoint_failed");
            TL_LOG_WARN("checkpoint_failed", {"directory", each.path()}, {"error", base::to_string(written.error())});
        }
    }
}

void Broker::check_directories() {
    bool all_failed = true;
    bool metadata_failed = false;
    for (const auto& directory : log_dirs_) {
        all_failed &= directory->is_failed();
        metadata_failed |= directory->is_failed() && directory->path() == storage_.metadata_dir.path;
    }
    if (all_failed || metadata_failed) {
        TL_LOG_ERROR("broker_failed", {"reason", all_failed ? "every log directory is offline" : "the metadata log directory is offline"});
        failed_.set();
    }
}

Task<void> Broker::stop() {
    stopping_.set();
    auto stop_coordinators = [](ShardServer& server) { return server.stop_coordinators(); };
    co_await on_every_shard(stop_coordinators);
    auto stop_serving = [](ShardServer& server) { return server.stop_serving(); };
    co_await on_every_shard(stop_serving);
    has_served_ = true;
    change_arrived_.set();
    co_await tasks_.join();
    bool metadata_is_running = metadata_ != nullptr;
    std::int64_t broker_epoch = metadata_is_running ? metadata_->broker_epoch() : -1;
    bool clean = metadata_is_running;
    for (unsigned index = 0; index < shard_count(); ++index) {
        ShardServer& server = *servers_[index];
        bool closed = co_await runtime::call_on(*shards_[0], *shards_[index], [&] { return server.close_logs(); });
        clean = clean && closed;
    }
    if (metadata_is_running) {
        // Closing moved every recovery point to the end of its log.
        co_await write_checkpoints();
        auto stopped = co_await metadata_->stop();
        clean = clean && stopped.has_value();
    }
    for (const auto& directory : log_dirs_) {
        cluster::LogDir& each = *directory;
        if (clean && !each.is_failed()) {
            auto marked = co_await runtime::offload(*shards_[0], [&] { return each.mark_clean(broker_epoch); });
            if (!marked) {
                clean = false;
                TL_LOG_WARN("no_clean_shutdown_marker", {"directory", each.path()}, {"error", base::to_string(marked.error())});
            }
        }
        each.unlock();
    }
    // What was posted to this shard meanwhile refers to this broker.
    co_await runtime::yield_now(*shards_[0]);
    if (metadata_is_running) {
        TL_LOG_INFO("broker_stopped", {"clean", clean});
    }
}

}  // namespace tideline::server
