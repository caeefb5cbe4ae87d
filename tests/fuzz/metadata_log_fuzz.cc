// The metadata directory (log, snapshot, quorum-state, meta.properties), damaged in the ways of damaged_files.h: the broker starts from it
// or says why not. What it starts from, it can go on with, stop, and start from again.
#include "base/log.h"
#include "cluster/controller.h"
#include "cluster/format.h"
#include "cluster/metadata_log.h"
#include "damaged_files.h"
#include "runtime/sim/world.h"

using namespace tideline;
using namespace tideline::cluster;
using fuzz::Files;

namespace {

[[maybe_unused]] const bool kQuiet = [] {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    return true;
}();

const BrokerConfig& config() {
    static const BrokerConfig kConfig = *BrokerConfig::parse({"", "", {{"log.dirs", "/d"}}});
    return kConfig;
}

// One life of the node on a disk.
class Life {
public:
    // Another seed each: topic ids are drawn from it.
    Life(runtime::sim::SimFileSystem& files, bool clean, std::uint64_t seed)
        : world_(seed), shard_(world_.add_shard(files)), controller_(config(), [this] { return shard_.random(); }) {
        auto identity = open_storage(shard_.files(), config(), [this] { return shard_.random(); }, shard_.wall_ms());
        if (!identity) {
            TL_CHECK(!identity.error().empty());
            return;
        }
        MetadataLogOptions options;
        options.directory = identity->metadata_dir.path;
        options.cluster_id = identity->cluster_id;
        options.node_id = identity->node_id;
        options.directory_id = identity->metadata_dir.id;
        options.log_directories = {identity->metadata_dir.id};
        options.endpoints = {{"PLAINTEXT", "localhost", 9092, 0}};
        options.controller_endpoints = {{"CONTROLLER", "localhost", 9093, 0}};
        options.clean_shutdown = clean;
        options.snapshot_after_bytes = 600;
        options.snapshot_at_stop_bytes = 1 << 20;
        auto log = world_.run(shard_, MetadataLog::start(shard_, std::move(options)));
        if (log) {
            log_ = std::move(*log);
        }
    }

    bool started() const { return log_ != nullptr; }
    bool create(const std::string& topic) {
        auto response = world_.run(shard_, submit_creation(topic));
        return response && response->topics.front().error_code == ErrorCode::none;
    }
    bool stop() { return world_.run(shard_, log_->stop()).has_value(); }
    const MetadataImage& image() const { return *log_->image(); }

private:
    runtime::Task<Result<protocol::CreateTopicsResponse>> submit_creation(std::string topic) {
        protocol::CreateTopicsRequest request;
        auto& creatable = request.topics.emplace_back();
        creatable.name = std::move(topic);
        creatable.num_partitions = 2;
        creatable.replication_factor = 1;
        co_return co_await log_->submit<protocol::CreateTopicsResponse>(
            [this, &request](const MetadataImage& image) { return controller_.create_topics(image, request); });
    }

    runtime::sim::SimWorld world_;
    runtime::Shard& shard_;
    Controller controller_;
    std::unique_ptr<MetadataLog> log_;
};

Files good_files() {
    runtime::sim::SimFileSystem disk;
    std::uint64_t seed = 0;
    for (const char* topic : {"first", "second", "third"}) {
        Life life(disk, true, ++seed);
        TL_CHECK(life.started() && life.create(topic) && life.stop());
    }
    Files files;
    fuzz::collect(disk, "/d", files);
    return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Files kGood = good_files();
    fuzz::Input input(data, size);
    const bool clean = input.flag();
    Files files = kGood;
    fuzz::damage(files, input);
    runtime::sim::SimFileSystem disk;
    TL_CHECK(disk.make_directories("/d/__cluster_metadata-0").has_value());
    fuzz::put(disk, files);
    {
        Life life(disk, clean, 4);
        if (!life.started() || !life.create("fourth") || !life.stop()) {
            return 0;
        }
    }
    Life again(disk, true, 5);
    TL_CHECK(again.started() && again.image().topic("fourth") != nullptr);
    TL_CHECK(again.stop());
    return 0;
}
