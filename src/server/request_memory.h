// server/request_memory.h: what one request may hold besides its frame: what it decodes into, what its handler keeps for each
// of its partitions, topics or members, and its response until that is written.
//
// It is taken from the shard's budget for such work, before it is allocated. Little is free: most requests need no more.
// Shard:  that of the connection.
// Limits: most(); a request that would need more ends its connection.
#pragma once

#include <algorithm>

#include "server/memory_budget.h"

namespace tideline::server {

inline constexpr std::size_t kRequestBytesFree = std::size_t{4} << 10;
// What a request may hold on a shard whose budget is smaller: a fetch of 100,000 partitions. One such is let in at a time.
inline constexpr std::size_t kRequestBytesLeast = std::size_t{32} << 20;

class RequestMemory {
public:
    explicit RequestMemory(MemoryBudget& budget) : budget_(budget) {}
    RequestMemory(const RequestMemory&) = delete;
    RequestMemory& operator=(const RequestMemory&) = delete;

    // Takes so many bytes more; waits until there are so many. False when the connection ended first, or it would be more than a
    // request may hold: then there is no answer, see is_over().
    runtime::Task<bool> take(std::size_t bytes);
    // The same without waiting: false, and nothing changed, if it would have to.
    bool take_now(std::size_t bytes);
    // Takes so many bytes more, or as many as one request may still hold: for answers whose size is not the client's doing. False when
    // the connection ended first.
    runtime::Task<bool> take_up_to(std::size_t bytes);
    // Gives back all but so many.
    void keep(std::size_t bytes);
    // The response is there: what it takes is all that is held from now on.
    void hold_response(std::size_t bytes);
    // The connection ends: whoever waits, and will wait, is told false.
    void end();

    std::size_t bytes() const { return bytes_; }
    // What one request may hold.
    std::size_t most() const { return std::max<std::size_t>(budget_.limit_bytes(), kRequestBytesLeast); }
    bool is_over() const { return is_over_; }
    // Something was charged, which others may wait for.
    bool is_charged() const { return grant_.bytes() > 0; }
    void ask_to_give_way() { is_asked_to_give_way_ = is_charged() && budget_.has_waiters(); }
    // Others wait: what only waits for something better to come should be answered now. If it holds much, without being asked.
    bool should_give_way() const {
        return is_asked_to_give_way_ || (grant_.bytes() > MemoryBudget::kSmallBytes && budget_.has_waiters());
    }
    MemoryBudget::Grant release() { return std::move(grant_); }

private:
    MemoryBudget& budget_;
    MemoryBudget::Grant grant_;
    std::size_t bytes_ = 0;  // taken; what is free is not in the grant
    bool has_ended_ = false;
    bool is_over_ = false;
    bool is_asked_to_give_way_ = false;
};

}  // namespace tideline::server
