#include "server/connection_quota.h"

namespace tideline::server {

void ConnectionQuota::set_limits(Limits limits) {
    std::lock_guard lock(mutex_);
    limits_ = std::move(limits);
}

ConnectionQuota::Verdict ConnectionQuota::admit(const std::string& ip) {
    std::lock_guard lock(mutex_);
    if (total_ >= limits_.total) {
        return Verdict::too_many;
    }
    auto override_limit = limits_.overrides.find(ip);
    std::int64_t limit = override_limit != limits_.overrides.end() ? override_limit->second : limits_.per_ip;
    std::int64_t& count = per_ip_[ip];
    if (count >= limit) {
        if (count == 0) {
            per_ip_.erase(ip);
        }
        return Verdict::too_many_from_this_ip;
    }
    ++count;
    ++total_;
    return Verdict::admitted;
}

void ConnectionQuota::release(const std::string& ip) {
    std::lock_guard lock(mutex_);
    --total_;
    auto found = per_ip_.find(ip);
    if (--found->second == 0) {
        per_ip_.erase(found);
    }
}

std::int64_t ConnectionQuota::open_connections() const {
    std::lock_guard lock(mutex_);
    return total_;
}

}  // namespace tideline::server
