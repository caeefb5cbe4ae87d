#include "server/group_access.h"

#include <unordered_map>

#include "cluster/replica_manager.h"

namespace tideline::server {

using base::Result;
using runtime::Task;

namespace {

// A wait that is ended by its answer or its connection looks around this often all the same.
constexpr std::chrono::minutes kParkedCheck{10};

// Gives the request to the coordinator, on the coordinator's shard, and comes back at once.
Task<void> deliver(ShardServer& owner, std::int32_t partition, Decide& decide, runtime::Shard& home, std::shared_ptr<Mailbox> mailbox) {
    auto tell = [&home, mailbox](Result<group::Reply> reply) mutable {
        home.run_here([&home, mailbox = std::move(mailbox), reply = std::move(reply)]() mutable {
            mailbox->reply.emplace(std::move(reply));
            cluster::DataWaiter::signal(mailbox, home);
        });
    };
    owner.groups().ask_and_tell(partition, std::move(decide), std::move(tell));
    co_return;
}

// 31 * hash + unit over the UTF-16 units of `text`; bytes that are not UTF-8 count as U+FFFD, as Java reads them.
std::uint32_t java_hash(std::string_view text) {
    std::uint32_t hash = 0;
    auto add = [&hash](std::uint32_t unit) { hash = 31 * hash + unit; };
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        std::size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
        std::uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
        std::size_t seen = 1;
        for (; seen < length && i + seen < text.size(); ++seen) {
            const auto next = static_cast<unsigned char>(text[i + seen]);
            if ((next & 0xc0) != 0x80) {
                break;
            }
            point = point << 6 | (next & 0x3f);
        }
        if (length == 0 || seen < length) {
            add(0xfffd);
        } else if (point >= 0x10000) {
            add(0xd800 + ((point - 0x10000) >> 10));
            add(0xdc00 + ((point - 0x10000) & 0x3ff));
        } else {
            add(point);
        }
        i += seen;
    }
    return hash;
}

}  // namespace

std::int32_t partition_of_group(std::string_view group_id, std::int32_t partition_count) {
    auto hash = static_cast<std::int32_t>(java_hash(group_id));
    std::int32_t positive = hash == std::numeric_limits<std::int32_t>::min() ? 0 : std::abs(hash);
    return positive % partition_count;
}

GroupHome find_group_home(const ShardServer& here, std::string_view group_id) {
    const cluster::TopicImage* topic = here.image()->topic(kOffsetsTopic);
    if (topic == nullptr || topic->partition_count() == 0) {
        return {.error = ErrorCode::not_coordinator, .partition = -1, .shard = 0};
    }
    std::int32_t partition = partition_of_group(group_id, topic->partition_count());
    return {.error = ErrorCode::none, .partition = partition, .shard = cluster::shard_of(topic->id, partition, here.shard_count())};
}

group::ClientInfo client_info_of(const RequestContext& context) {
    return {.id = context.header.client_id, .host = "/" + context.connection.peer.host, .api_version = context.version()};
}

GroupEvidence::Client evidence_client(const RequestContext& context, const group::ClientInfo& client) {
    return {.id = client.id,
            .host = client.host,
            .port = context.connection.peer.port,
            .software = context.connection.client_software_name};
}

Task<Result<group::Reply>> ask_home(ShardServer& here, GroupHome home, Decide decide) {
    if (home.error != ErrorCode::none) {
        co_return base::fail(home.error, "there is no __consumer_offsets yet");
    }
    GroupService& groups = here.peer(home.shard).groups();
    co_return co_await runtime::call_on(here.shard(), here.peer(home.shard).shard(),
                                        [&] { return groups.ask(home.partition, std::move(decide)); });
}

Task<std::shared_ptr<Mailbox>> hand_to_group(ShardServer& here, ConnectionInfo& connection, std::string_view group_id, Decide decide) {
    runtime::Shard& shard = here.shard();
    // shared: the coordinator may answer after the connection has gone.
    auto mailbox = std::make_shared<Mailbox>(shard);
    GroupHome home = find_group_home(here, group_id);
    if (home.error != ErrorCode::none) {
        mailbox->reply = base::fail(home.error, "there is no __consumer_offsets yet");
        co_return mailbox;
    }
    connection.parked = mailbox;
    ShardServer& owner = here.peer(home.shard);
    co_await runtime::call_on(shard, owner.shard(), [&] { return deliver(owner, home.partition, decide, shard, mailbox); });
    co_return mailbox;
}

Task<std::optional<Result<group::Reply>>> wait_for_group(runtime::Shard& shard, ConnectionInfo& connection, std::shared_ptr<Mailbox> mailbox) {
    while (!mailbox->reply && !connection.is_closing && !connection.peer_left) {
        mailbox->rearm();
        co_await mailbox->wait_until(shard.now() + kParkedCheck);
    }
    co_return std::move(mailbox->reply);
}

std::vector<GroupsAtHome> group_homes(const ShardServer& here, const std::vector<std::string>& group_ids) {
    std::vector<GroupsAtHome> homes;
    std::unordered_map<std::int32_t, std::size_t> open;  // partition to its last entry
    for (const std::string& id : group_ids) {
        GroupHome home = find_group_home(here, id);
        auto [at, is_new] = open.try_emplace(home.partition, homes.size());
        if (is_new || homes[at->second].group_ids.size() >= kGroupsAtOnce) {
            at->second = homes.size();
            homes.push_back({.home = home, .group_ids = {}});
        }
        homes[at->second].group_ids.push_back(id);
    }
    return homes;
}

}  // namespace tideline::server
