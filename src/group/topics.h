// group/topics.h: what coordinators see of the cluster's metadata. The server implements it over the newest image that all connections know.
//
// Views that it returns are good until the next call of Coordinator::topics_changed().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"

namespace tideline::group {

struct TopicInfo {
    base::Uuid id;
    std::string_view name;
    std::int32_t partition_count = 0;
};

class Topics {
public:
    virtual ~Topics() = default;

    virtual std::optional<TopicInfo> find(std::string_view name) const = 0;
    virtual std::optional<TopicInfo> find(const base::Uuid& id) const = 0;
    // The same, and also what connections may know by now though nothing of it may be assigned yet.
    virtual std::optional<TopicInfo> find_early(std::string_view name) const { return find(name); }
    virtual std::optional<TopicInfo> find_early(const base::Uuid& id) const { return find(id); }
    // Racks of the brokers that hold a replica; empty where no broker has one.
    virtual std::vector<std::string> racks(const base::Uuid& id, std::int32_t partition) const = 0;
    virtual void for_each(const std::function<void(const TopicInfo&)>& visit) const = 0;
    // Another number whenever anything above may have changed.
    virtual std::uint64_t version() const = 0;
};

}  // namespace tideline::group
