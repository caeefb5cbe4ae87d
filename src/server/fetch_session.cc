#include "server/fetch_session.h"

#include <limits>

namespace tideline::server {

namespace {

constexpr std::chrono::minutes kEvictableAfterIdle{2};
// Marks what was told as out of date, so that the next answer goes out.
constexpr std::int64_t kTellAgain = -2;

// A partition of a session besides the name of its topic: two nodes, which have a key each, and what the allocator adds.
constexpr std::size_t kPartitionBytes = sizeof(SessionPartition) + sizeof(SessionKey) + 96;

// No more than a session grows by when it takes over the request.
std::size_t bytes_added_by(const protocol::FetchRequest& request) {
    std::size_t bytes = 0;
    for (const auto& topic : request.topics) {
        bytes += topic.partitions.size() * (kPartitionBytes + 2 * topic.topic.size());
    }
    return bytes;
}

}  // namespace

std::size_t FetchSession::bytes() const { return partitions_.size() * kPartitionBytes + 2 * name_bytes_; }

void FetchSession::advance_epoch() {
    next_epoch_ = next_epoch_ == std::numeric_limits<std::int32_t>::max() ? 1 : next_epoch_ + 1;
}

void FetchSession::update(const protocol::FetchRequest& request) {
    for (const auto& topic : request.topics) {
        for (const auto& partition : topic.partitions) {
            SessionKey key{topic.topic, topic.topic_id, partition.partition};
            auto found = by_key_.find(key);
            if (found != by_key_.end()) {
                found->second->wanted = partition;
                continue;
            }
            partitions_.push_back({key, partition});
            name_bytes_ += key.topic.size();
            by_key_.emplace(std::move(key), std::prev(partitions_.end()));
        }
    }
    for (const auto& topic : request.forgotten_topics_data) {
        for (std::int32_t partition : topic.partitions) {
            auto found = by_key_.find(SessionKey{topic.topic, topic.topic_id, partition});
            if (found != by_key_.end()) {
                name_bytes_ -= topic.topic.size();
                partitions_.erase(found->second);
                by_key_.erase(found);
            }
        }
    }
}

bool FetchSession::note_told(const SessionKey& key, const protocol::FetchResponse::PartitionData& row) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        return true;
    }
    SessionPartition& known = *found->second;
    bool is_news = row.records.size > 0 || row.high_watermark != known.told_high_watermark ||
                   row.log_start_offset != known.told_log_start_offset || row.diverging_epoch.epoch >= 0;
    known.told_high_watermark = row.high_watermark;
    known.told_log_start_offset = row.log_start_offset;
    if (row.error_code != ErrorCode::none) {
        // Whatever comes after an error is news.
        known.told_high_watermark = kTellAgain;
        is_news = true;
    }
    if (row.records.size > 0) {
        partitions_.splice(partitions_.end(), partitions_, found->second);
    }
    return is_news;
}

FetchSession* FetchSessionCache::create(const protocol::FetchRequest& request, bool uses_topic_ids, runtime::Instant now,
                                        std::uint64_t random) {
    std::size_t bytes = bytes_added_by(request);
    if (bytes > bytes_max_) {
        return nullptr;
    }
    while (!has_room_for(bytes)) {
        if (entries_.empty() || now - entries_.front().last_used < kEvictableAfterIdle) {
            return nullptr;
        }
        remove(entries_.front().session->id());
    }
    auto id = static_cast<std::int32_t>(random & 0x7fffffff);
    while (id == 0 || by_id_.contains(id)) {
        id = static_cast<std::int32_t>((static_cast<std::uint32_t>(id) + 1) & 0x7fffffff);
    }
    entries_.push_back({std::make_unique<FetchSession>(id, uses_topic_ids), now});
    by_id_.emplace(id, std::prev(entries_.end()));
    FetchSession& session = *entries_.back().session;
    session.update(request);
    bytes_ += session.bytes();
    return &session;
}

bool FetchSessionCache::update(FetchSession& session, const protocol::FetchRequest& request) {
    if (bytes_ + bytes_added_by(request) > bytes_max_) {
        remove(session.id());
        return false;
    }
    bytes_ -= session.bytes();
    session.update(request);
    bytes_ += session.bytes();
    return true;
}

FetchSession* FetchSessionCache::find(std::int32_t id, runtime::Instant now) {
    auto found = by_id_.find(id);
    if (found == by_id_.end()) {
        return nullptr;
    }
    found->second->last_used = now;
    entries_.splice(entries_.end(), entries_, found->second);
    return found->second->session.get();
}

void FetchSessionCache::remove(std::int32_t id) {
    auto found = by_id_.find(id);
    if (found != by_id_.end()) {
        bytes_ -= found->second->session->bytes();
        entries_.erase(found->second);
        by_id_.erase(found);
    }
}

}  // namespace tideline::server
