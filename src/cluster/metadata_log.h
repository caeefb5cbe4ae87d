// cluster/metadata_log.h: the metadata quorum of one: `__cluster_metadata-0`, its snapshots and its image.
//
//   TL_CO_TRY(metadata, co_await MetadataLog::start(shard, std::move(options)));
//   auto response = co_await metadata->submit<protocol::CreateTopicsResponse>(
//       [&](const MetadataImage& image) { return controller.create_topics(image, request); });
//
//   start() ──► running ──stop()──► stopped
//                  └──a write or sync fails──► failed   (for good: every later submit() is kafka_storage_error)
//
// submit() lets one decision in at a time, so that each sees the image that the one before it made. Its records are one
// batch: on disk as a whole or not at all; synced before they are applied, published and answered.
// Shard:  everything is called on the shard given to start(). Images may be handed to other shards.
// Owns:   the metadata directory's files until stop().
// Format: docs/formats/metadata.md
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/controller.h"
#include "cluster/metadata_image.h"
#include "cluster/metadata_replay.h"
#include "runtime/scope.h"
#include "runtime/shard.h"

namespace tideline::cluster {

struct MetadataLogOptions {
    std::string directory;  // the metadata log dir; `__cluster_metadata-0` lies in it
    std::string cluster_id;
    std::int32_t node_id = -1;
    Uuid directory_id;                  // of `directory`
    std::vector<Uuid> log_directories;  // ids of all log dirs, for the broker's registration
    std::vector<Endpoint> endpoints;    // advertised broker listeners
    std::vector<Endpoint> controller_endpoints;
    std::optional<std::string> rack;
    std::int32_t min_insync_replicas = 1;  // the static configuration's, for the first start (KIP-966)
    // The logs were closed cleanly. Otherwise every partition gets a new leader epoch, so that what a crash cut off cannot
    // be taken for what is written now.
    bool clean_shutdown = false;
    std::uint64_t snapshot_after_bytes = 20u << 20;    // metadata.log.max.record.bytes.between.snapshots
    std::uint64_t snapshot_at_stop_bytes = 1u << 20;   // a clean stop writes one when more than this would be replayed
    std::uint64_t segment_bytes = 1u << 30;            // metadata.log.segment.bytes
    // Called once when the metadata log failed for good: the process had better end.
    std::function<void(const base::Error&)> on_failure = {};
};

class MetadataLog {
public:
    using Subscriber = std::function<void(const ImageChange&)>;

    // Reads the newest snapshot and the log behind it, takes a new leader epoch, registers this node and unfences it. The
    // directory must be formatted (format.h) and locked.
    // Errors: corrupt_message with the offset in `detail` when a record cannot be read or applied, or when damage lies
    //         before records that are whole (only a torn end is cut off); unsupported_version when the cluster's features
    //         are newer than this program, or it has other voters; kafka_storage_error.
    static runtime::Task<Result<std::unique_ptr<MetadataLog>>> start(runtime::Shard& shard, MetadataLogOptions options);
    virtual ~MetadataLog() = default;

    // The newest image; never null.
    virtual const ImagePtr& image() const = 0;
    // This node's registration epoch.
    virtual std::int64_t broker_epoch() const = 0;
    virtual std::int32_t leader_epoch() const = 0;
    virtual bool is_failed() const = 0;

    // Calls `subscriber` after every change of the image, in the order of subscribing, before submit() returns. It
    // must not wait. Takes effect with the next change; read image() for what is there already.
    virtual void subscribe(Subscriber subscriber) = 0;

    // Commits `records` as one batch. None: nothing is written.
    virtual runtime::Task<Result<>> commit(std::vector<MetadataRecord> records) = 0;

    // Asks `decide(image)` for a Decision<Response>, commits its records and returns its response.
    template <class Response, class Decide>
    runtime::Task<Result<Response>> submit(Decide decide) {
        runtime::Mutex::Lock lock = co_await decisions_.lock();
        Decision<Response> decision = decide(*image());
        if (!decision.records.empty()) {
            auto committed = co_await commit_locked(std::move(decision.records));
            if (!committed) {
                co_return std::unexpected(committed.error());
            }
        }
        co_return std::move(decision.response);
    }

    // Fences this broker, waits for what is under way, writes a snapshot when the next start would gain from it, syncs and
    // closes. Nothing but destruction may follow.
    virtual runtime::Task<Result<>> stop() = 0;

protected:
    explicit MetadataLog(runtime::Shard& shard) : decisions_(shard) {}
    virtual runtime::Task<Result<>> commit_locked(std::vector<MetadataRecord> records) = 0;

    runtime::Mutex decisions_;
};

}  // namespace tideline::cluster
