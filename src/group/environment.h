// group/environment.h: what the classes of one coordinator share.
#pragma once

#include <functional>

#include "group/config.h"
#include "group/group_table.h"
#include "group/topics.h"
#include "group/watcher.h"

namespace tideline::group {

struct Environment {
    GroupConfig config;
    const Topics& topics;
    const GroupConfigs& group_configs;
    std::function<std::uint64_t()> random;  // 64 random bits, for member ids
    GroupTable groups;
    Watcher* watcher = nullptr;  // nobody need watch
};

// A member id as Kafka makes them: "PREFIX-" and a random UUID in its long form.
std::string make_member_id(std::string_view prefix, const std::function<std::uint64_t()>& random);

}  // namespace tideline::group
