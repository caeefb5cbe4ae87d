// server/handlers/08_offset_commit.cc: OffsetCommit, versions 2–10.
// v2–4 retention time   v6 leader epoch (KIP-320)   v7 group instance id (KIP-345)   v8 flexible
// v9 members of consumer groups (KIP-848)           v10 topic id instead of name (KIP-848)

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using runtime::Task;

namespace {

using AskedTopic = OffsetCommitRequest::OffsetCommitRequestTopic;
using AnsweredTopic = OffsetCommitResponse::OffsetCommitResponseTopic;

AnsweredTopic start_answer(const AskedTopic& topic) {
    AnsweredTopic out;
    out.name = topic.name;
    out.topic_id = topic.topic_id;
    return out;
}

void refuse(AnsweredTopic& out, std::int32_t partition, ErrorCode error) {
    out.partitions.push_back({.partition_index = partition, .error_code = error});
}

void refuse_all(AnsweredTopic& out, const AskedTopic& topic, ErrorCode error) {
    for (const auto& partition : topic.partitions) {
        refuse(out, partition.partition_index, error);
    }
}

// Leaves in `topic` what exists; the rest is refused in `out`. With topic ids, fills in the name.
void sort_out(const cluster::MetadataImage& image, bool by_id, AskedTopic& topic, AnsweredTopic& out) {
    const cluster::TopicImage* found = by_id ? image.topic(topic.topic_id) : image.topic(topic.name);
    if (found == nullptr) {
        refuse_all(out, topic, by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition);
        topic.partitions.clear();
        return;
    }
    topic.name = found->name;
    out.name = found->name;
    std::erase_if(topic.partitions, [&](const auto& partition) {
        bool exists = found->partition(partition.partition_index) != nullptr;
        if (!exists) {
            refuse(out, partition.partition_index, ErrorCode::unknown_topic_or_partition);
        }
        return !exists;
    });
}

void merge(OffsetCommitResponse& response, const OffsetCommitResponse& answered) {
    for (const AnsweredTopic& topic : answered.topics) {
        auto at = std::ranges::find(response.topics, topic.name, &AnsweredTopic::name);
        at->partitions.insert(at->partitions.end(), topic.partitions.begin(), topic.partitions.end());
    }
}

}  // namespace

Task<OffsetCommitResponse> handle_offset_commit(RequestContext& context, OffsetCommitRequest& request) {
    OffsetCommitResponse response;
    bool by_id = context.version() >= 10;
    cluster::ImagePtr image = context.server.image();
    for (AskedTopic& topic : request.topics) {
        AnsweredTopic out = start_answer(topic);
        sort_out(*image, by_id, topic, out);
        response.topics.push_back(std::move(out));
    }
    std::erase_if(request.topics, [](const AskedTopic& topic) { return topic.partitions.empty(); });
    if (request.topics.empty()) {
        co_return response;
    }
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.commit(ticket, client, request, now, out);
    };
    auto answered = co_await ask_group<OffsetCommitResponse>(context.server, request.group_id, std::move(decide));
    if (answered) {
        merge(response, *answered);
        co_return response;
    }
    OffsetCommitResponse failed;
    for (const AskedTopic& topic : request.topics) {
        refuse_all(failed.topics.emplace_back(start_answer(topic)), topic, answered.error().code);
    }
    merge(response, failed);
    co_return response;
}

}  // namespace tideline::server
