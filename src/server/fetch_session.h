// server/fetch_session.h: incremental fetch sessions (KIP-227).
//
// A session remembers which partitions a client fetches and what it was last told, so that requests name only what
// changed and responses only what is new.
//
//   full request, epoch 0 ──► session made, epoch 1 ──► incremental requests, epoch 1, 2, … ──► epoch -1 or eviction: gone
//
// Sessions stay on the shard of the connection that made them; a client that comes back by another connection may be told
// FETCH_SESSION_ID_NOT_FOUND and starts anew, which the protocol provides for.
// Limits: max.incremental.fetch.session.cache.slots, and what all sessions hold together; the session idle for longest gives
// way once idle for two minutes. A client that gets no session names all partitions each time, which the protocol provides for.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/uuid.h"
#include "protocol/messages/fetch.h"
#include "runtime/shard.h"

namespace tideline::server {

struct SessionKey {
    std::string topic;  // empty where the session uses topic ids
    base::Uuid topic_id;
    std::int32_t partition = 0;

    friend bool operator==(const SessionKey&, const SessionKey&) = default;
};

struct SessionKeyHash {
    std::size_t operator()(const SessionKey& key) const noexcept {
        return std::hash<std::string>()(key.topic) ^ std::hash<base::Uuid>()(key.topic_id) ^
               static_cast<std::size_t>(key.partition) * 0x9e3779b97f4a7c15ull;
    }
};

struct SessionPartition {
    SessionKey key;
    protocol::FetchRequest::FetchPartition wanted;
    // What the client knows; -2: nothing yet, so that the first answer goes out whatever it says.
    std::int64_t told_high_watermark = -2;
    std::int64_t told_log_start_offset = -2;
};

class FetchSession {
public:
    FetchSession(std::int32_t id, bool uses_topic_ids) : id_(id), uses_topic_ids_(uses_topic_ids) {}

    std::int32_t id() const { return id_; }
    std::int32_t next_epoch() const { return next_epoch_; }
    bool uses_topic_ids() const { return uses_topic_ids_; }
    bool empty() const { return partitions_.empty(); }
    std::size_t size() const { return partitions_.size(); }
    std::size_t name_bytes() const { return name_bytes_; }  // names of topics, once for each partition
    // What it takes in memory.
    std::size_t bytes() const;
    void advance_epoch();

    // Takes over what the request adds, changes and forgets.
    void update(const protocol::FetchRequest& request);
    // In the order in which they are to be read.
    const std::list<SessionPartition>& partitions() const { return partitions_; }
    // Remembers what the response says of one partition; false when the client knows all of it, and the row can stay out.
    // Partitions that brought records go to the end, so that none starves (KIP-227).
    bool note_told(const SessionKey& key, const protocol::FetchResponse::PartitionData& row);

private:
    std::int32_t id_;
    bool uses_topic_ids_;
    std::int32_t next_epoch_ = 1;
    std::size_t name_bytes_ = 0;
    std::list<SessionPartition> partitions_;
    std::unordered_map<SessionKey, std::list<SessionPartition>::iterator, SessionKeyHash> by_key_;
};

class FetchSessionCache {
public:
    FetchSessionCache(std::size_t slots, std::size_t bytes_max) : slots_(slots), bytes_max_(bytes_max) {}

    // A new session with the partitions of the request, or nullptr when there is no room beside the sessions in use. `random`
    // picks the id.
    FetchSession* create(const protocol::FetchRequest& request, bool uses_topic_ids, runtime::Instant now, std::uint64_t random);
    // Takes over what the request changes. False when there is no room for what it adds: then the session is gone.
    bool update(FetchSession& session, const protocol::FetchRequest& request);
    // nullptr when there is none; else it counts as used now.
    FetchSession* find(std::int32_t id, runtime::Instant now);
    // The same for looking only.
    const FetchSession* peek(std::int32_t id) const {
        auto at = by_id_.find(id);
        return at == by_id_.end() ? nullptr : at->second->session.get();
    }
    void remove(std::int32_t id);
    std::size_t size() const { return by_id_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    struct Entry {
        std::unique_ptr<FetchSession> session;
        runtime::Instant last_used;
    };
    bool has_room_for(std::size_t bytes) const { return by_id_.size() < slots_ && bytes_ + bytes <= bytes_max_; }

    std::size_t slots_;
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;  // of all sessions
    std::list<Entry> entries_;  // least recently used first
    std::unordered_map<std::int32_t, std::list<Entry>::iterator> by_id_;
};

}  // namespace tideline::server
