// server/partition_access.h: running something for each partition of a request, on the shard that owns it.
#pragma once

#include <algorithm>
#include <concepts>
#include <vector>

#include "cluster/partition.h"
#include "cluster/metadata_image.h"
#include "runtime/scope.h"
#include "server/shard_server.h"

namespace tideline::server {

// Where a request's partition lives, or why it cannot be served.
struct Located {
    ErrorCode error = ErrorCode::none;  // none: `topic_id` and `owner` are set
    base::Uuid topic_id;
    unsigned owner = 0;  // index of the shard
};

// Where a partition of a topic that was found lives; `unknown_topic` where it was not (nullptr). A request may name a topic once and
// hundreds of thousands of its partitions.
Located locate(const ShardServer& server, const cluster::TopicImage* topic, std::int32_t partition, ErrorCode unknown_topic);
// Looks a partition up in the image by name.
Located locate(const ShardServer& server, const cluster::MetadataImage& image, std::string_view topic, std::int32_t partition);
// The same by topic id.
Located locate(const ShardServer& server, const cluster::MetadataImage& image, const base::Uuid& topic_id, std::int32_t partition);

namespace detail {

// After so many the shard serves others: a request may name hundreds of thousands.
inline constexpr std::size_t kVisitsAtOnce = 64;

template <class Item, class Visit>
runtime::Task<void> visit_items(ShardServer& owner, unsigned index, std::vector<Item>& items, Visit& visit) {
    std::size_t visits = 0;
    for (Item& item : items) {
        if (item.at.error != ErrorCode::none || item.at.owner != index) {
            continue;
        }
        if (++visits % kVisitsAtOnce == 0) {
            co_await runtime::yield_now(owner.shard());
        }
        cluster::Partition* partition = owner.replicas().find(item.at.topic_id, item.partition);
        if (partition == nullptr) {
            item.at.error = owner.replicas().why_absent(item.at.topic_id, item.partition);
            continue;
        }
        if constexpr (std::is_void_v<std::invoke_result_t<Visit&, ShardServer&, cluster::Partition&, Item&>>) {
            visit(owner, *partition, item);
        } else {
            co_await visit(owner, *partition, item);
        }
    }
    co_return;
}

template <class Item, class Visit>
runtime::Task<void> visit_on(ShardServer& here, unsigned index, std::vector<Item>& items, Visit& visit) {
    ShardServer& owner = here.peer(index);
    co_await runtime::call_on(here.shard(), owner.shard(), [&] { return visit_items(owner, index, items, visit); });
}

// The shards that own items, in the order of their first ones.
template <class Item>
std::vector<unsigned> owners_of(const std::vector<Item>& items, unsigned shard_count) {
    std::vector<unsigned> owners;
    std::vector<bool> is_known(shard_count);
    for (const Item& item : items) {
        if (item.at.error == ErrorCode::none && !is_known[item.at.owner]) {
            is_known[item.at.owner] = true;
            owners.push_back(item.at.owner);
        }
    }
    return owners;
}

}  // namespace detail

// Which shard's items are visited first: those of this shard, or of the one that owns the first item.
enum class ShardOrder { own_first, as_items };

// Calls visit(owner, partition, item) for every item that was located, on its owner's shard; shard by shard, each shard's
// items in their order. `Item` has `Located at` and `std::int32_t partition`. An item whose partition is not online gets
// the error of ReplicaManager::why_absent(). `visit` may return a Task, which is awaited; it must not hold the partition across a wait.
template <class Item, class Visit>
runtime::Task<void> for_each_on_owner(ShardServer& here, std::vector<Item>& items, Visit visit, ShardOrder order = ShardOrder::own_first) {
    unsigned own = here.shard().index();
    std::vector<unsigned> owners = detail::owners_of(items, here.shard_count());
    if (auto at = std::ranges::find(owners, own); order == ShardOrder::own_first && at != owners.end()) {
        std::rotate(owners.begin(), at, at + 1);
    }
    for (unsigned index : owners) {
        if (index == own) {
            co_await detail::visit_items(here, own, items, visit);
        } else {
            co_await detail::visit_on(here, index, items, visit);
        }
    }
}

}  // namespace tideline::server
