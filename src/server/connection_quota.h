// server/connection_quota.h: max.connections and max.connections.per.ip over all shards.
//
// Thread: any; a mutex guards it, taken once when a connection opens and once when it closes.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace tideline::server {

class ConnectionQuota {
public:
    struct Limits {
        std::int64_t total = 0;
        std::int64_t per_ip = 0;
        std::unordered_map<std::string, std::int64_t> overrides;  // max.connections.per.ip.overrides
    };
    explicit ConnectionQuota(Limits limits) : limits_(std::move(limits)) {}

    // Takes effect with the next connection; those that are open stay.
    void set_limits(Limits limits);

    enum class Verdict { admitted, too_many, too_many_from_this_ip };
    // Counts one connection from `ip` unless a limit is reached.
    Verdict admit(const std::string& ip);
    void release(const std::string& ip);
    std::int64_t open_connections() const;

private:
    mutable std::mutex mutex_;
    Limits limits_;
    std::int64_t total_ = 0;
    std::unordered_map<std::string, std::int64_t> per_ip_;
};

}  // namespace tideline::server
