#include "cluster/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include "base/log.h"
#include "cluster/metadata_files.h"
#include "cluster/metadata_version.h"

namespace tideline::cluster {

namespace {

using runtime::FileSystem;
using runtime::OpenMode;

template <class T = void>
using Explained = std::expected<T, std::string>;

constexpr std::string_view kMetaProperties = "meta.properties";

std::string in(std::string_view directory, std::string_view name) { return fmt::format("{}/{}", directory, name); }

std::unexpected<std::string> because(std::string_view what, const base::Error& error) {
    if (error.code == ErrorCode::kafka_storage_error && error.detail > 0) {
        return std::unexpected(fmt::format("{}: {}", what, std::strerror(static_cast<int>(error.detail))));
    }
    return std::unexpected(fmt::format("{}: {}", what, base::to_string(error)));
}

// ---- what is there ----

struct MetaProperties {
    std::string cluster_id;
    std::int32_t node_id = -1;
    std::optional<base::Uuid> directory_id;  // directories formatted before Kafka 3.7 have none
};

struct Found {
    std::string path;
    std::optional<MetaProperties> meta;
    std::string data;  // one name that shows that the directory was in use; empty when nothing does
};

Explained<MetaProperties> parse_meta(const std::string& path, base::ByteView content) {
    std::map<std::string, std::string> values;
    for (auto& line : base::parse_properties(base::as_text(content))) {
        values[line.key] = line.value;
    }
    if (values["version"] != "1") {
        return std::unexpected(fmt::format("{} has version '{}'; only version 1 is known (a directory of Kafka with ZooKeeper cannot be opened)",
                                           path, values["version"]));
    }
    static constexpr base::PropertyRow kNodeId{.name = "node.id", .type = base::PropertyType::int32, .min = 0};
    if (values["cluster.id"].empty() || base::why_illegal(kNodeId, values["node.id"])) {
        return std::unexpected(fmt::format("{} lacks cluster.id or node.id; the file is damaged", path));
    }
    MetaProperties meta{values["cluster.id"], static_cast<std::int32_t>(base::parse_int(values["node.id"])), std::nullopt};
    if (!values["directory.id"].empty()) {
        meta.directory_id = base::parse_uuid(values["directory.id"]);
        if (!meta.directory_id) {
            return std::unexpected(fmt::format("{}: directory.id '{}' is not an id", path, values["directory.id"]));
        }
    }
    return meta;
}

// "<topic>-<number>"
bool looks_like_partition(std::string_view name) {
    std::size_t dash = name.rfind('-');
    return dash != std::string_view::npos && dash > 0 && dash + 1 < name.size() &&
           std::ranges::all_of(name.substr(dash + 1), [](char c) { return c >= '0' && c <= '9'; });
}

Explained<std::string> find_data(FileSystem& files, const std::string& path) {
    auto entries = files.list(path);
    if (!entries) {
        return because(path, entries.error());
    }
    for (const auto& entry : *entries) {
        if (entry.name == kMetadataDirectory) {
            auto inner = files.list(in(path, entry.name));
            if (!inner) {
                return because(in(path, entry.name), inner.error());
            }
            // The first snapshot alone is what an interrupted formatting leaves.
            for (const auto& file : *inner) {
                if (file.name != snapshot_file_name({0, 0})) {
                    return in(entry.name, file.name);
                }
            }
        } else if (entry.is_directory ? looks_like_partition(entry.name) : entry.name.ends_with("-offset-checkpoint")) {
            return entry.name;
        }
    }
    return std::string();
}

Explained<Found> look_at(FileSystem& files, const std::string& path) {
    Found found{path, std::nullopt, {}};
    if (auto made = files.make_directories(path); !made) {
        return because(path, made.error());
    }
    std::string file = in(path, kMetaProperties);
    auto content = runtime::read_file(files, file, 64 << 10);
    if (content) {
        auto meta = parse_meta(file, *content);
        if (!meta) {
            return std::unexpected(meta.error());
        }
        found.meta = std::move(*meta);
        return found;
    }
    if (content.error().detail != ENOENT) {
        return because(file, content.error());
    }
    auto data = find_data(files, path);
    if (!data) {
        return std::unexpected(data.error());
    }
    found.data = std::move(*data);
    return found;
}

// ---- whether it fits together ----

Explained<> judge(const std::vector<Found>& all, const std::string& metadata_dir, std::int32_t node_id) {
    const Found* first = nullptr;
    std::set<base::Uuid> ids;
    for (const Found& each : all) {
        if (!each.meta) {
            continue;
        }
        if (each.meta->node_id != node_id) {
            return std::unexpected(fmt::format("{} belongs to node {}, but this node is {}; set node.id={} to open it", each.path,
                                               each.meta->node_id, node_id, each.meta->node_id));
        }
        if (first != nullptr && each.meta->cluster_id != first->meta->cluster_id) {
            return std::unexpected(fmt::format("{} belongs to cluster {}, but {} belongs to cluster {}", each.path, each.meta->cluster_id,
                                               first->path, first->meta->cluster_id));
        }
        if (each.meta->directory_id && !ids.insert(*each.meta->directory_id).second) {
            return std::unexpected(fmt::format("{} has the directory.id of another log directory; is it a copy?", each.path));
        }
        first = first == nullptr ? &each : first;
    }
    for (const Found& each : all) {
        if (each.meta) {
            continue;
        }
        if (!each.data.empty()) {
            return std::unexpected(fmt::format("{} has no meta.properties, but it holds data ({}); restore the file, or empty the directory",
                                               each.path, each.data));
        }
        if (first != nullptr && each.path == metadata_dir) {
            return std::unexpected(fmt::format("the metadata directory {} is empty, but {} belongs to cluster {}; is a disk not mounted?",
                                               each.path, first->path, first->meta->cluster_id));
        }
    }
    return {};
}

Explained<> judge_metadata_place(FileSystem& files, const std::vector<Found>& all, const std::string& metadata_dir) {
    for (const Found& each : all) {
        if (each.path != metadata_dir && files.exists(in(each.path, kMetadataDirectory))) {
            return std::unexpected(fmt::format("{} holds a metadata log, but metadata.log.dir is {}", each.path, metadata_dir));
        }
    }
    return {};
}

// ---- making it ours ----

base::Result<> write_synced(FileSystem& files, const std::string& path, base::ByteView content) {
    TL_TRY(file, files.open(path, OpenMode::create_or_truncate));
    TL_TRY_VOID(file->write_at(0, content));
    return file->sync_data();
}

// The name of the directory, and of those above that may have been made with it: up to one that cannot be synced, which was not.
base::Result<> sync_names_above(FileSystem& files, std::string_view path) {
    std::string_view above = runtime::parent_of(path);
    TL_TRY_VOID(files.sync_dir(above));
    while (above != runtime::parent_of(above)) {
        above = runtime::parent_of(above);
        if (auto synced = files.sync_dir(above); !synced) {
            return synced.error().detail == EIO ? synced : base::Result<>{};
        }
    }
    return {};
}

base::Result<> write_meta(FileSystem& files, const std::string& path, const std::string& cluster_id, std::int32_t node_id,
                          const base::Uuid& directory_id) {
    std::string text = fmt::format("version=1\ncluster.id={}\nnode.id={}\ndirectory.id={}\n", cluster_id, node_id, base::to_string(directory_id));
    return runtime::replace_file(files, in(path, kMetaProperties), base::as_bytes(text));
}

base::Bytes bootstrap_snapshot(std::int64_t now_ms) {
    Snapshot bootstrap;
    auto add = [&](const SupportedFeature& feature) {
        protocol::FeatureLevelRecord record;
        record.name = feature.name;
        record.feature_level = feature.at_format;
        bootstrap.records.emplace_back(std::move(record));
    };
    std::ranges::for_each(supported_features(), [&](const auto& feature) {
        if (feature.name == kMetadataVersion) {
            add(feature);
        }
    });
    std::ranges::for_each(supported_features(), [&](const auto& feature) {
        if (feature.name != kMetadataVersion && feature.at_format > 0) {
            add(feature);
        }
    });
    return encode_snapshot(bootstrap, kMetadataVersionLatest, 0, now_ms);
}

// The snapshot that makes this node the only voter (kafka-storage format --standalone).
base::Bytes first_snapshot(const BrokerConfig& config, const base::Uuid& directory_id, std::int64_t now_ms) {
    protocol::VotersRecord::Voter self;
    self.voter_id = config.node_id();
    self.voter_directory_id = directory_id;
    for (const ListenerAddress& listener : config.controller_listeners()) {
        self.endpoints.push_back({listener.name, listener.host, listener.port});
    }
    self.k_raft_version_feature = {0, 1};
    Snapshot snapshot;
    snapshot.quorum.kraft_version = 1;
    snapshot.quorum.voters.emplace().voters.push_back(std::move(self));
    snapshot.last_contained_log_ms = now_ms;
    return encode_snapshot(snapshot, kMetadataVersionLatest, 0, now_ms);
}

base::Result<> format(FileSystem& files, const BrokerConfig& config, const std::string& path, bool is_metadata_dir,
                      const std::string& cluster_id, const base::Uuid& directory_id, std::int64_t now_ms) {
    TL_TRY_VOID(write_synced(files, in(path, kBootstrapFile), bootstrap_snapshot(now_ms)));
    if (is_metadata_dir && config.list("controller.quorum.voters").empty()) {
        std::string metadata = in(path, kMetadataDirectory);
        TL_TRY_VOID(files.make_directories(metadata));
        TL_TRY_VOID(write_synced(files, in(metadata, snapshot_file_name({0, 0})), first_snapshot(config, directory_id, now_ms)));
        TL_TRY_VOID(files.sync_dir(metadata));
    }
    // The file that makes it formatted comes last, when the names above cannot be lost any more.
    TL_TRY_VOID(files.sync_dir(path));
    TL_TRY_VOID(sync_names_above(files, path));
    return write_meta(files, path, cluster_id, config.node_id(), directory_id);
}

// The directory's id, given now if it has none yet.
base::Result<base::Uuid> identify(FileSystem& files, const BrokerConfig& config, const Found& found, bool is_metadata_dir,
                                  const std::string& cluster_id, const std::function<std::uint64_t()>& next_random,
                                  std::int64_t now_ms) {
    if (found.meta && found.meta->directory_id) {
        TL_TRY_VOID(files.sync_dir(found.path));  // whoever wrote it may have been killed before that
        return *found.meta->directory_id;
    }
    base::Uuid id = base::make_uuid(next_random);
    if (found.meta) {
        TL_TRY_VOID(write_meta(files, found.path, cluster_id, config.node_id(), id));
    } else {
        TL_TRY_VOID(format(files, config, found.path, is_metadata_dir, cluster_id, id, now_ms));
        TL_LOG_INFO("directory_formatted", {"directory", found.path}, {"cluster_id", cluster_id}, {"directory_id", base::to_string(id)});
    }
    return id;
}

}  // namespace

Explained<StorageIdentity> open_storage(FileSystem& files, const BrokerConfig& config, const std::function<std::uint64_t()>& next_random,
                                        std::int64_t now_ms) {
    std::string metadata_dir = config.metadata_log_dir();
    std::vector<std::string> paths = config.log_dirs();
    if (std::ranges::find(paths, metadata_dir) == paths.end()) {
        paths.push_back(metadata_dir);
    }
    std::vector<Found> all;
    for (const std::string& path : paths) {
        auto found = look_at(files, path);
        if (!found) {
            return std::unexpected(found.error());
        }
        all.push_back(std::move(*found));
    }
    if (auto fits = judge(all, metadata_dir, config.node_id()); !fits) {
        return std::unexpected(fits.error());
    }
    if (auto fits = judge_metadata_place(files, all, metadata_dir); !fits) {
        return std::unexpected(fits.error());
    }

    StorageIdentity identity{.node_id = config.node_id()};
    auto formatted = std::ranges::find_if(all, [](const Found& each) { return each.meta.has_value(); });
    identity.cluster_id = formatted != all.end() ? formatted->meta->cluster_id : base::to_string(base::make_uuid(next_random));
    identity.log_dirs.resize(config.log_dirs().size());
    // The metadata directory first: were it left empty beside formatted ones, it would look like a lost disk.
    auto metadata_at = static_cast<std::size_t>(std::ranges::find(paths, metadata_dir) - paths.begin());
    for (std::size_t step = 0; step < all.size(); ++step) {
        std::size_t index = step == 0 ? metadata_at : step <= metadata_at ? step - 1 : step;
        const Found& each = all[index];
        auto id = identify(files, config, each, each.path == metadata_dir, identity.cluster_id, next_random, now_ms);
        if (!id) {
            return because(each.path, id.error());
        }
        if (each.path == metadata_dir) {
            identity.metadata_dir = {each.path, *id};
            identity.formatted_now = !each.meta;
        }
        if (index < identity.log_dirs.size()) {
            identity.log_dirs[index] = {each.path, *id};
        }
    }
    return identity;
}

}  // namespace tideline::cluster
