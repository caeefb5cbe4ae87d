// server/handlers/31001_group_evidence.cc: GroupEvidence, version 0: what this broker saw groups and their clients do.
//
// Not Kafka's: docs/decisions/0009-group-evidence.md.

#include <map>
#include <set>

#include "server/broker.h"
#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::GroupEvidenceRequest;
using protocol::GroupEvidenceResponse;
using runtime::Task;

namespace {

using Observed = GroupEvidenceResponse::ObservedGroup;
using Reader = GroupEvidenceResponse::ReadPosition;
using Clients = std::set<std::pair<std::string, std::string>>;  // id and host

// More would be another request's business: what is asked for is a few groups with their members.
constexpr std::size_t kReadersMax = 100'000;

// Adds what one shard saw of the groups, on that shard.
Task<void> add_seen(ShardServer& there, std::map<std::string, Observed>& groups) {
    for (auto& [id, observed] : groups) {
        there.evidence().add_to(observed);
    }
    co_return;
}

// Adds what the group's coordinator knows of its offsets, on that shard.
Task<void> add_offsets(ShardServer& there, std::int32_t partition, Observed& observed) {
    const group::Coordinator* coordinator = there.groups().coordinator(partition);
    const auto* topics = coordinator == nullptr ? nullptr : coordinator->offsets_of(observed.group_id);
    if (topics == nullptr) {
        co_return;
    }
    observed.expires_ms = coordinator->first_expiry_ms(observed.group_id).value_or(-1);
    for (const auto& [topic, offsets] : *topics) {
        for (const auto& [index, offset] : offsets) {
            observed.commit_times.push_back({.topic = topic, .partition = index, .at_ms = offset.commit_timestamp_ms});
        }
    }
}

Task<std::map<std::string, Observed>> collect_groups(ShardServer& here, const std::vector<std::string>& wanted) {
    std::map<std::string, Observed> groups;
    for (const std::string& id : wanted) {
        groups[id].group_id = id;
    }
    for (unsigned index = 0; index < here.shard_count(); ++index) {
        ShardServer& there = here.peer(index);
        co_await runtime::call_on(here.shard(), there.shard(), [&] { return add_seen(there, groups); });
    }
    for (auto& [id, observed] : groups) {
        std::ranges::sort(observed.events, {}, &GroupEvidenceResponse::GroupEvent::at_ms);
        GroupHome home = find_group_home(here, id);
        if (home.error != ErrorCode::none) {
            continue;
        }
        ShardServer& there = here.peer(home.shard);
        co_await runtime::call_on(here.shard(), there.shard(), [&] { return add_offsets(there, home.partition, observed); });
    }
    co_return groups;
}

void add_reader(const ConnectionInfo& connection, const cluster::TopicImage* topic, std::int32_t partition, std::int64_t position,
                std::vector<Reader>& into) {
    if (topic != nullptr && into.size() < kReadersMax) {
        into.push_back({.client_id = connection.last_fetch.client_id,
                        .client_host = "/" + connection.peer.host,
                        .topic = topic->name,
                        .partition = partition,
                        .position = position,
                        .at_ms = connection.last_fetch.at_ms});
    }
}

// Where the client of one connection reads.
void add_readers(ShardServer& there, const ConnectionInfo& connection, std::vector<Reader>& into) {
    const cluster::ImagePtr image = there.image();
    const LastFetch& last = connection.last_fetch;
    for (const LastFetch::Place& each : last.places) {
        add_reader(connection, image->topic(each.topic_id), each.partition, each.position, into);
    }
    const FetchSession* session = last.session_id == 0 ? nullptr : there.fetch_sessions().peek(last.session_id);
    if (session == nullptr) {
        return;
    }
    for (const SessionPartition& each : session->partitions()) {
        const auto* topic = session->uses_topic_ids() ? image->topic(each.key.topic_id) : image->topic(each.key.topic);
        add_reader(connection, topic, each.key.partition, each.wanted.fetch_offset, into);
    }
}

// Adds what one shard knows of the clients, on that shard.
Task<void> add_clients(ShardServer& there, const Clients& clients, GroupEvidenceResponse& response) {
    for (const auto& [id, host] : clients) {
        there.evidence().add_lookups(id, host, response.lookups);
    }
    there.for_each_connection([&](const ConnectionInfo& connection) {
        if (connection.last_fetch.at_ms >= 0 && clients.contains({connection.last_fetch.client_id, "/" + connection.peer.host})) {
            add_readers(there, connection, response.readers);
        }
    });
    co_return;
}

}  // namespace

Task<GroupEvidenceResponse> handle_group_evidence(RequestContext& context, GroupEvidenceRequest& request) {
    ShardServer& here = context.server;
    GroupEvidenceResponse response;
    response.now_ms = here.shard().wall_ms();
    response.retention_ms = here.broker().static_config().integer("offsets.retention.minutes") * 60'000;
    std::map<std::string, Observed> groups = co_await collect_groups(here, request.group_ids);
    Clients clients;
    for (const auto& client : request.clients) {
        clients.emplace(client.client_id, client.client_host);
    }
    for (const auto& [id, observed] : groups) {
        for (const auto& event : observed.events) {
            clients.emplace(event.client_id, event.client_host);
        }
    }
    for (unsigned index = 0; index < here.shard_count(); ++index) {
        ShardServer& there = here.peer(index);
        co_await runtime::call_on(here.shard(), there.shard(), [&] { return add_clients(there, clients, response); });
    }
    for (auto& [id, observed] : groups) {
        response.groups.push_back(std::move(observed));
    }
    co_return response;
}

}  // namespace tideline::server
