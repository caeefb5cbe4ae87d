// server/handlers/02_list_offsets.cc: ListOffsets, versions 1–11.
// v2 isolation level   v4 leader epochs (KIP-320)   v6 flexible   v7 maximum timestamp (KIP-734)
// v8 earliest local offset (KIP-405)   v9 last tiered offset (KIP-1005)   v11 earliest pending upload (KIP-1023)

#include <algorithm>

#include "server/broker.h"
#include "server/group_access.h"
#include "server/handlers/handlers.h"
#include "server/partition_access.h"

namespace tideline::server {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;
using runtime::Task;

namespace {

using Row = ListOffsetsResponse::ListOffsetsPartitionResponse;

// Timestamps that are no timestamps.
constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kMaxTimestamp = -3;
constexpr std::int64_t kEarliestLocal = -4;
constexpr std::int64_t kLatestTiered = -5;
constexpr std::int64_t kEarliestPendingUpload = -6;

// Refers to the request and to its row of the response.
struct ListItem {
    Located at;
    std::int32_t partition = 0;
    const ListOffsetsRequest::ListOffsetsPartition* wanted = nullptr;
    Row* row = nullptr;
};

// Which special timestamps a version knows; others are UNSUPPORTED_VERSION.
bool is_known(std::int64_t timestamp, std::int16_t version) {
    switch (timestamp) {
        case kMaxTimestamp:
            return version >= 7;
        case kEarliestLocal:
            return version >= 8;
        case kLatestTiered:
            return version >= 9;
        case kEarliestPendingUpload:
            return version >= 11;
        default:
            return timestamp > kEarliestPendingUpload;
    }
}

void set_offset(Row& row, const log::TimestampedOffset& found, bool with_timestamp) {
    row.timestamp = with_timestamp ? found.timestamp : -1;
    row.offset = found.offset;
    row.leader_epoch = found.leader_epoch;
}

// A record that is found counts only when readers may see it.
void set_found(Row& row, const base::Result<std::optional<log::TimestampedOffset>>& found, log::Offset limit) {
    if (!found) {
        row.error_code = found.error().code;
        return;
    }
    if (*found && (*found)->offset < limit) {
        set_offset(row, **found, true);
    }
}

void list_one(cluster::Partition& partition, ListItem& item, cluster::Isolation isolation) {
    Row& row = *item.row;
    if (auto epoch = partition.check_epoch(item.wanted->current_leader_epoch); !epoch) {
        row.error_code = epoch.error().code;
        return;
    }
    if (auto online = partition.check_online(); !online) {
        row.error_code = online.error().code;
        return;
    }
    log::Offset limit = partition.read_limit(isolation);
    switch (item.wanted->timestamp) {
        case kLatest:
            set_offset(row, {.timestamp = -1, .offset = limit, .leader_epoch = partition.leader_epoch()}, false);
            return;
        case kEarliest:
        case kEarliestLocal:
            // Nothing is tiered: the whole log is local.
            set_offset(row, partition.log().earliest(), false);
            return;
        case kLatestTiered:
        case kEarliestPendingUpload:
            return;  // -1: there is no such offset without remote storage
        case kMaxTimestamp:
            set_found(row, partition.log().offset_of_max_timestamp(), limit);
            return;
        default:
            set_found(row, partition.log().offset_for_timestamp(item.wanted->timestamp), limit);
    }
}

// Evidence for who wonders later where a consumer began: one that has no offset asks for an end of the log.
void note_lookup(const RequestContext& context, const cluster::MetadataImage& image, const ListItem& item) {
    const bool earliest = item.wanted->timestamp == kEarliest;
    if (item.row->error_code == ErrorCode::none && (earliest || item.wanted->timestamp == kLatest)) {
        group::ClientInfo client = client_info_of(context);
        context.server.evidence().looked_up(evidence_client(context, client), image.topic(item.at.topic_id)->name, item.partition, earliest);
    }
}

std::size_t count_of(const ListOffsetsRequest& request) {
    std::size_t count = 0;
    for (const auto& topic : request.topics) {
        count += topic.partitions.size();
    }
    return count;
}

// The partitions of a request that it names more than once: INVALID_REQUEST, said once.
class Repetitions {
public:
    explicit Repetitions(const ListOffsetsRequest& request) {
        std::vector<Name> names;
        names.reserve(count_of(request));
        for (const auto& topic : request.topics) {
            for (const auto& partition : topic.partitions) {
                names.push_back({topic.name, partition.partition_index});
            }
        }
        std::ranges::sort(names);
        for (std::size_t i = 1; i < names.size(); ++i) {
            if (names[i] == names[i - 1] && (repeated_.empty() || repeated_.back() != names[i])) {
                repeated_.push_back(names[i]);
            }
        }
        is_said_.resize(repeated_.size());
    }

    enum class Verdict : std::uint8_t { once, repeated, said };
    Verdict look_at(std::string_view topic, std::int32_t partition) {
        Name name{topic, partition};
        auto at = std::ranges::lower_bound(repeated_, name);
        if (at == repeated_.end() || *at != name) {
            return Verdict::once;
        }
        auto index = static_cast<std::size_t>(at - repeated_.begin());
        bool was_said = is_said_[index];
        is_said_[index] = true;
        return was_said ? Verdict::said : Verdict::repeated;
    }

private:
    struct Name {
        std::string_view topic;
        std::int32_t partition;

        friend std::strong_ordering operator<=>(const Name& a, const Name& b) {
            // Mostly it is one name of the request, which may be long.
            auto topics = a.topic.data() == b.topic.data() ? std::strong_ordering::equal : a.topic <=> b.topic;
            return topics != 0 ? topics : a.partition <=> b.partition;
        }
        friend bool operator==(const Name& a, const Name& b) { return (a <=> b) == 0; }
    };
    std::vector<Name> repeated_;  // sorted
    std::vector<bool> is_said_;
};

// Why a partition is not looked for, or none.
ErrorCode why_refused(const ListOffsetsRequest& request, std::int64_t timestamp, const Located& at, std::int16_t version) {
    if (!is_known(timestamp, version)) {
        return ErrorCode::unsupported_version;
    }
    // Nobody is a replica here.
    return request.replica_id >= 0 && at.error == ErrorCode::none ? ErrorCode::not_leader_or_follower : at.error;
}

}  // namespace

Task<ListOffsetsResponse> handle_list_offsets(RequestContext& context, ListOffsetsRequest& request) {
    cluster::ImagePtr image = context.server.image();
    Repetitions repetitions(request);
    ListOffsetsResponse response;
    std::vector<ListItem> items;
    items.reserve(count_of(request));
    for (const auto& topic : request.topics) {
        const cluster::TopicImage* found = image->topic(topic.name);
        auto& out = response.topics.emplace_back();
        out.name = topic.name;
        out.partitions.resize(topic.partitions.size());
        std::size_t rows = 0;
        for (const auto& wanted : topic.partitions) {
            auto verdict = repetitions.look_at(topic.name, wanted.partition_index);
            if (verdict == Repetitions::Verdict::said) {
                continue;
            }
            ListItem item{.at = locate(context.server, found, wanted.partition_index, ErrorCode::unknown_topic_or_partition),
                          .partition = wanted.partition_index,
                          .wanted = &wanted,
                          .row = &out.partitions[rows++]};
            item.row->partition_index = wanted.partition_index;
            item.at.error = verdict == Repetitions::Verdict::repeated
                                ? ErrorCode::invalid_request
                                : why_refused(request, wanted.timestamp, item.at, context.version());
            items.push_back(item);
        }
        out.partitions.resize(rows);
    }
    auto isolation = request.isolation_level == 1 ? cluster::Isolation::read_committed : cluster::Isolation::read_uncommitted;
    co_await for_each_on_owner(context.server, items, [isolation](ShardServer&, cluster::Partition& partition, ListItem& item) {
        list_one(partition, item, isolation);
    });
    for (const ListItem& item : items) {
        if (item.at.error != ErrorCode::none) {
            item.row->error_code = item.at.error;
        }
        note_lookup(context, *image, item);
    }
    co_return response;
}

}  // namespace tideline::server
