// group/watcher.h: who is told what groups go through, so that somebody can explain it later (server/group_evidence.h).
//
// Nothing here is state: no decision hangs on it, and no rebuild from the log brings it back. Told on the coordinator's
// shard, in the middle of a step: a watcher only remembers.
#pragma once

#include <cstdint>
#include <string_view>

namespace tideline::group {

// Why a member is out that did not ask to leave.
enum class Removal : std::uint8_t {
    session_expired,   // it sent no heartbeat
    rebalance_missed,  // it did not join again, or did not give up its partitions, within its rebalance timeout
    sync_missed,       // it joined, and did not fetch its assignment
};

class Watcher {
public:
    virtual void member_removed(std::string_view group_id, std::string_view member_id, std::string_view client_id,
                                std::string_view client_host, Removal why) = 0;
    // A classic group has a new generation.
    virtual void rebalanced(std::string_view group_id) = 0;
    // A commit was taken that moves the group on by so many records; those of transactions count as none.
    virtual void committed(std::string_view group_id, std::int64_t records) = 0;
    virtual void offset_expired(std::string_view group_id, std::string_view topic, std::int32_t partition, std::int64_t offset) = 0;

protected:
    ~Watcher() = default;
};

}  // namespace tideline::group
