#include "server/transaction_markers.h"

#include <algorithm>

#include "record/control.h"
#include "server/partition_access.h"

namespace tideline::server {

using runtime::Task;

namespace {

// A transaction may be in ten thousand partitions. What others write to the disk must not wait until it has ended in all of them.
constexpr std::size_t kMarkersAtOnce = 256;

struct MarkerItem {
    Located at;
    std::int32_t partition = 0;
    const TransactionMarker* marker = nullptr;
    MarkerTarget* target = nullptr;
    bool ends_offsets = false;        // in __consumer_offsets
    log::Offset acknowledged_at = 0;  // the high watermark that is waited for; 0: nothing to wait for
};

// Kafka's transaction coordinator knows no others of the group coordinator: this one says "not yet".
ErrorCode code_for_transaction_coordinator(ErrorCode code) {
    switch (code) {
        case ErrorCode::coordinator_not_available:
        case ErrorCode::coordinator_load_in_progress:
        case ErrorCode::not_coordinator: return ErrorCode::not_leader_or_follower;
        default: return code;
    }
}

base::Result<log::Offset> append_marker(cluster::Partition& partition, const TransactionMarker& marker, std::int64_t now_ms) {
    auto type = marker.committed ? record::ControlType::commit : record::ControlType::abort;
    base::Bytes batch = record::build_marker_batch({.timestamp = now_ms,
                                                    .producer_id = marker.producer_id,
                                                    .producer_epoch = marker.producer_epoch,
                                                    .marker = {.type = type, .coordinator_epoch = marker.coordinator_epoch}});
    TL_TRY(appended, partition.append_as(batch, {.origin = log::AppendOrigin::coordinator,
                                                 .now_ms = now_ms,
                                                 .transaction_version = marker.transaction_version}));
    return appended.last_offset + 1;
}

base::Result<log::Offset> end_offsets(ShardServer& owner, std::int32_t partition, const TransactionMarker& marker) {
    auto ended = owner.groups().end_transaction(partition, {.producer_id = marker.producer_id,
                                                            .producer_epoch = marker.producer_epoch,
                                                            .coordinator_epoch = marker.coordinator_epoch,
                                                            .committed = marker.committed,
                                                            .transaction_version = marker.transaction_version});
    return ended ? ended : base::fail(code_for_transaction_coordinator(ended.error().code), ended.error().note);
}

void write_marker(ShardServer& owner, cluster::Partition& partition, MarkerItem& item) {
    auto written = item.ends_offsets ? end_offsets(owner, item.partition, *item.marker)
                                     : append_marker(partition, *item.marker, owner.shard().wall_ms());
    if (written) {
        item.acknowledged_at = *written;
        owner.transaction_evidence().ended(item.at.topic_id, item.partition, item.marker->producer_id);
    } else {
        item.target->error = written.error().code;
    }
}

std::vector<MarkerItem> lay_out(const ShardServer& here, std::vector<TransactionMarker>& markers) {
    const cluster::MetadataImage& image = *here.image();
    std::vector<MarkerItem> items;
    std::string_view looked_up;  // targets of one topic stand together
    const cluster::TopicImage* found = nullptr;
    for (TransactionMarker& marker : markers) {
        for (MarkerTarget& target : marker.targets) {
            if (target.topic.data() != looked_up.data()) {
                looked_up = target.topic;
                found = image.topic(looked_up);
            }
            items.push_back({.at = locate(here, found, target.partition, ErrorCode::unknown_topic_or_partition),
                             .partition = target.partition,
                             .marker = &marker,
                             .target = &target,
                             .ends_offsets = target.topic == kOffsetsTopic});
        }
    }
    return items;
}

Task<void> wait_acknowledged(cluster::Partition& partition, MarkerItem& item, runtime::Instant deadline) {
    if (item.acknowledged_at == 0) {
        co_return;
    }
    auto acknowledged = co_await partition.wait_acknowledged(item.acknowledged_at, deadline);
    if (!acknowledged) {
        item.target->error = acknowledged.error().code;
    }
}

Task<void> write_and_wait(ShardServer& here, std::vector<MarkerItem> items, runtime::Instant deadline) {
    co_await for_each_on_owner(here, items, [](ShardServer& owner, cluster::Partition& partition, MarkerItem& item) {
        write_marker(owner, partition, item);
    });
    auto wait = [deadline](ShardServer&, cluster::Partition& partition, MarkerItem& item) {
        return wait_acknowledged(partition, item, deadline);
    };
    co_await for_each_on_owner(here, items, wait);
    for (MarkerItem& item : items) {
        if (item.at.error != ErrorCode::none) {
            item.target->error = item.at.error;
        }
    }
}

}  // namespace

Task<void> write_transaction_markers(ShardServer& here, std::vector<TransactionMarker>& markers, runtime::Instant deadline) {
    const std::vector<MarkerItem> items = lay_out(here, markers);
    for (std::size_t begin = 0; begin < items.size(); begin += kMarkersAtOnce) {
        auto from = items.begin() + static_cast<std::ptrdiff_t>(begin);
        auto to = items.begin() + static_cast<std::ptrdiff_t>(std::min(begin + kMarkersAtOnce, items.size()));
        if (begin > 0 && here.shard().now() >= deadline) {
            std::for_each(from, items.end(), [](const MarkerItem& item) { item.target->error = ErrorCode::request_timed_out; });
            co_return;
        }
        std::vector<MarkerItem> some(from, to);
        co_await write_and_wait(here, std::move(some), deadline);
    }
}

}  // namespace tideline::server
