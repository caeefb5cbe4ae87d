// cluster/format.h: whose directories these are, and making empty ones ours.
//
// A directory is formatted when it has a meta.properties, which is written last: a crash before leaves a directory that
// is formatted again from the start. What is written is what `kafka-storage format` of Kafka 4.2 writes: a quorum in
// the log (kraft.version 1) unless controller.quorum.voters is set.
// Errors:  for the operator, naming the directory: of another cluster or node, data without identity, metadata missing.
// Blocks:  all of it; call it through offload(). The directories' locks must be held.
// Format:  docs/formats/metadata.md
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "cluster/broker_config.h"
#include "runtime/files.h"

namespace tideline::cluster {

struct DirectoryIdentity {
    std::string path;
    base::Uuid id;
};

struct StorageIdentity {
    std::string cluster_id;
    std::int32_t node_id = -1;
    std::vector<DirectoryIdentity> log_dirs;  // in the order of BrokerConfig::log_dirs()
    DirectoryIdentity metadata_dir;           // one of them, or one of its own
    bool formatted_now = false;               // the metadata directory was empty
};

// Reads the identity of every directory of `config` and formats those that are empty: all of them with a new cluster id, or,
// beside formatted ones, with theirs. `next_random` supplies 64 random bits a call.
std::expected<StorageIdentity, std::string> open_storage(runtime::FileSystem& files, const BrokerConfig& config,
                                                         const std::function<std::uint64_t()>& next_random, std::int64_t now_ms);

}  // namespace tideline::cluster
