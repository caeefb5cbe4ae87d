// server/handlers/47_offset_delete.cc: OffsetDelete, version 0 (KIP-496).

#include <unordered_map>

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::OffsetDeleteRequest;
using protocol::OffsetDeleteResponse;
using runtime::Task;

namespace {

using AnsweredTopic = OffsetDeleteResponse::OffsetDeleteResponseTopic;

// Takes what does not exist out of the request, and refuses it.
std::vector<AnsweredTopic> take_out_unknown(const cluster::MetadataImage& image, OffsetDeleteRequest& request) {
    std::vector<AnsweredTopic> refused;
    for (auto& topic : request.topics) {
        const cluster::TopicImage* found = image.topic(topic.name);
        AnsweredTopic out{.name = topic.name, .partitions = {}};
        std::erase_if(topic.partitions, [&](const auto& partition) {
            bool exists = found != nullptr && found->partition(partition.partition_index) != nullptr;
            if (!exists) {
                out.partitions.push_back({.partition_index = partition.partition_index, .error_code = ErrorCode::unknown_topic_or_partition});
            }
            return !exists;
        });
        if (!out.partitions.empty()) {
            refused.push_back(std::move(out));
        }
    }
    std::erase_if(request.topics, [](const auto& topic) { return topic.partitions.empty(); });
    return refused;
}

}  // namespace

Task<OffsetDeleteResponse> handle_offset_delete(RequestContext& context, OffsetDeleteRequest& request) {
    std::vector<AnsweredTopic> refused = take_out_unknown(*context.server.image(), request);
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.delete_offsets(ticket, client, request, now, out);
    };
    auto answered = co_await ask_group<OffsetDeleteResponse>(context.server, request.group_id, std::move(decide));
    if (!answered) {
        OffsetDeleteResponse failed;
        failed.error_code = answered.error().code;
        co_return failed;
    }
    if (answered->error_code != ErrorCode::none) {
        co_return std::move(*answered);
    }
    std::unordered_map<std::string, std::size_t> by_name;
    for (std::size_t i = 0; i < answered->topics.size(); ++i) {
        by_name.emplace(answered->topics[i].name, i);
    }
    for (AnsweredTopic& topic : refused) {
        auto [at, is_new] = by_name.try_emplace(topic.name, answered->topics.size());
        if (is_new) {
            answered->topics.push_back(std::move(topic));
        } else {
            auto& partitions = answered->topics[at->second].partitions;
            partitions.insert(partitions.end(), topic.partitions.begin(), topic.partitions.end());
        }
    }
    co_return std::move(*answered);
}

}  // namespace tideline::server
