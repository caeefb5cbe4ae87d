// server/handlers/08_offset_commit.cc: OffsetCommit, versions 2–10.
// v2–4 retention time   v6 leader epoch (KIP-320)   v7 group instance id (KIP-345)   v8 flexible
// v9 members of consumer groups (KIP-848)           v10 topic id instead of name (KIP-848)

#include <unordered_map>

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using runtime::Task;

namespace {

using AskedTopic = OffsetCommitRequest::OffsetCommitRequestTopic;
using AnsweredTopic = OffsetCommitResponse::OffsetCommitResponseTopic;

constexpr std::int16_t kTopicIds = 10;

// The answer to one request: what was refused here first, then what the coordinator said; one entry for each topic, as in Kafka.
class Answers {
public:
    explicit Answers(bool by_id) : by_id_(by_id) {}

    void refuse(const AskedTopic& topic, std::int32_t partition, ErrorCode error) {
        of(topic.name, topic.topic_id).partitions.push_back({.partition_index = partition, .error_code = error});
    }
    void refuse_all(const AskedTopic& topic, ErrorCode error) {
        for (const auto& partition : topic.partitions) {
            refuse(topic, partition.partition_index, error);
        }
    }
    void add(OffsetCommitResponse answered) {
        if (response_.topics.empty()) {
            response_ = std::move(answered);
            return;
        }
        for (AnsweredTopic& topic : answered.topics) {
            std::ranges::move(topic.partitions, std::back_inserter(of(topic.name, topic.topic_id).partitions));
        }
    }
    OffsetCommitResponse take() { return std::move(response_); }

private:
    AnsweredTopic& of(const std::string& name, const base::Uuid& id) {
        std::size_t last = response_.topics.size();
        std::size_t index = by_id_ ? by_topic_id_.try_emplace(id, last).first->second : by_name_.try_emplace(name, last).first->second;
        if (index == last) {
            auto& topic = response_.topics.emplace_back();
            topic.name = name;
            topic.topic_id = id;
        }
        return response_.topics[index];
    }

    bool by_id_;
    OffsetCommitResponse response_;
    std::unordered_map<std::string, std::size_t> by_name_;
    std::unordered_map<base::Uuid, std::size_t> by_topic_id_;
};

// Leaves in `topic` what exists, with name and id: the coordinator asks again whether it does when it decides. The rest is refused.
void sort_out(const cluster::MetadataImage& image, bool by_id, AskedTopic& topic, Answers& answers) {
    const cluster::TopicImage* found = by_id ? image.topic(topic.topic_id) : image.topic(topic.name);
    if (found == nullptr) {
        answers.refuse_all(topic, by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition);
        topic.partitions.clear();
        return;
    }
    topic.name = found->name;
    topic.topic_id = found->id;
    std::erase_if(topic.partitions, [&](const auto& partition) {
        bool exists = found->partition(partition.partition_index) != nullptr;
        if (!exists) {
            answers.refuse(topic, partition.partition_index, ErrorCode::unknown_topic_or_partition);
        }
        return !exists;
    });
}

}  // namespace

Task<OffsetCommitResponse> handle_offset_commit(RequestContext& context, OffsetCommitRequest& request) {
    bool by_id = context.version() >= kTopicIds;
    Answers answers(by_id);
    cluster::ImagePtr image = context.server.image();
    for (AskedTopic& topic : request.topics) {
        sort_out(*image, by_id, topic, answers);
    }
    std::erase_if(request.topics, [](const AskedTopic& topic) { return topic.partitions.empty(); });
    if (request.topics.empty()) {
        co_return note_failed_commit(context, request.group_id, answers.take());
    }
    std::size_t record_bytes = bytes_of_commit(request.group_id, request.topics);
    if (record_bytes > kCommitBytesMax) {
        for (const AskedTopic& topic : request.topics) {
            answers.refuse_all(topic, ErrorCode::invalid_commit_offset_size);
        }
        co_return note_failed_commit(context, request.group_id, answers.take());
    }
    bool has_memory = co_await context.memory.take(2 * record_bytes);
    if (!has_memory) {
        co_return OffsetCommitResponse{};
    }
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.commit(ticket, client, request, now, out);
    };
    auto answered = co_await ask_group<OffsetCommitResponse>(context.server, request.group_id, std::move(decide));
    if (answered) {
        answers.add(std::move(*answered));
        co_return note_failed_commit(context, request.group_id, answers.take());
    }
    for (const AskedTopic& topic : request.topics) {
        answers.refuse_all(topic, answered.error().code);
    }
    co_return note_failed_commit(context, request.group_id, answers.take());
}

}  // namespace tideline::server
