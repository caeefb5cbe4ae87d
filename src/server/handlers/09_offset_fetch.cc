// server/handlers/09_offset_fetch.cc: OffsetFetch, versions 1–10.
// v2 all topics with null, top-level error   v5 leader epoch (KIP-320)   v6 flexible   v7 only stable offsets (KIP-447)
// v8 many groups at once (KIP-709)           v9 members of consumer groups (KIP-848)   v10 topic id instead of name

#include <unordered_set>

#include "server/group_access.h"
#include "server/handlers/handlers.h"
#include "server/row_memory.h"

namespace tideline::server {

using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;
using runtime::Task;

namespace {

using AskedGroup = OffsetFetchRequest::OffsetFetchRequestGroup;
using AskedTopic = OffsetFetchRequest::OffsetFetchRequestTopics;
using AnsweredGroup = OffsetFetchResponse::OffsetFetchResponseGroup;
using AnsweredTopic = OffsetFetchResponse::OffsetFetchResponseTopics;

constexpr std::int16_t kManyGroups = 8;
constexpr std::int16_t kTopLevelError = 2;
constexpr std::int16_t kTopicIds = 10;

// One group in the form of version 8, whatever was asked.
std::vector<AskedGroup> groups_of(OffsetFetchRequest& request, std::int16_t version) {
    if (version >= kManyGroups) {
        return std::move(request.groups);
    }
    AskedGroup group;
    group.group_id = std::move(request.group_id);
    group.topics.reset();
    if (request.topics) {
        auto& topics = group.topics.emplace();
        for (auto& topic : *request.topics) {
            auto& out = topics.emplace_back();
            out.name = std::move(topic.name);
            out.partition_indexes = std::move(topic.partition_indexes);
        }
    }
    return {std::move(group)};
}

// A partition that is named again and again has one answer, or its metadata would come as often.
void answer_each_once(AskedGroup& group) {
    if (!group.topics) {
        return;
    }
    for (AskedTopic& topic : *group.topics) {
        std::unordered_set<std::int32_t> seen;
        std::erase_if(topic.partition_indexes, [&seen](std::int32_t index) { return !seen.insert(index).second; });
    }
}

AnsweredTopic refused(const AskedTopic& topic, ErrorCode error) {
    AnsweredTopic out;
    out.name = topic.name;
    out.topic_id = topic.topic_id;
    for (std::int32_t index : topic.partition_indexes) {
        auto& row = out.partitions.emplace_back();
        row.partition_index = index;
        row.committed_offset = -1;
        row.metadata = "";
        row.error_code = error;
    }
    return out;
}

AnsweredGroup refused(const AskedGroup& group, ErrorCode error, std::int16_t version) {
    AnsweredGroup out;
    out.group_id = group.group_id;
    if (version >= kTopLevelError) {
        out.error_code = error;
    } else if (group.topics) {
        for (const AskedTopic& topic : *group.topics) {
            out.topics.push_back(refused(topic, error));
        }
    }
    return out;
}

// With topic ids: names for what exists; the rest is taken out and returned, refused.
std::vector<AnsweredTopic> name_topics(const cluster::MetadataImage& image, AskedGroup& group) {
    std::vector<AnsweredTopic> unknown;
    if (!group.topics) {
        return unknown;
    }
    std::erase_if(*group.topics, [&](AskedTopic& topic) {
        const cluster::TopicImage* found = image.topic(topic.topic_id);
        if (found == nullptr) {
            unknown.push_back(refused(topic, ErrorCode::unknown_topic_id));
            return true;
        }
        topic.name = found->name;
        return false;
    });
    return unknown;
}

// All topics of a group, for a client that knows them by id: those that are gone cannot be told.
void identify_topics(const cluster::MetadataImage& image, AnsweredGroup& group) {
    std::erase_if(group.topics, [&](AnsweredTopic& topic) {
        const cluster::TopicImage* found = topic.topic_id.is_zero() ? image.topic(topic.name) : nullptr;
        if (found != nullptr) {
            topic.topic_id = found->id;
        }
        return topic.topic_id.is_zero();
    });
}

// Evidence: a consumer that finds nothing here begins where its auto.offset.reset says.
void note_missing(const RequestContext& context, const group::ClientInfo& client, const AnsweredGroup& answered) {
    for (const AnsweredTopic& topic : answered.topics) {
        std::vector<std::int32_t> missing;
        for (const auto& partition : topic.partitions) {
            if (partition.committed_offset < 0 && partition.error_code == ErrorCode::none) {
                missing.push_back(partition.partition_index);
            }
        }
        if (!missing.empty()) {
            context.server.evidence().found_no_offset(answered.group_id, evidence_client(context, client), topic.name, missing);
        }
    }
}

Task<AnsweredGroup> fetch_group(RequestContext& context, AskedGroup& group, bool require_stable) {
    cluster::ImagePtr image = context.server.image();
    bool by_id = context.version() >= kTopicIds;
    std::vector<AnsweredTopic> unknown = by_id ? name_topics(*image, group) : std::vector<AnsweredTopic>{};
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.fetch(ticket, client, group, require_stable, now, out);
    };
    auto answered = co_await ask_group<AnsweredGroup>(context.server, group.group_id, std::move(decide));
    ErrorCode error = answered ? answered->error_code : answered.error().code;
    if (error != ErrorCode::none) {
        // Consumers from before 3.9 do not expect it and would give up; not_coordinator sends them to look again.
        error = error == ErrorCode::coordinator_not_available ? ErrorCode::not_coordinator : error;
        co_return refused(group, error, context.version());
    }
    if (group.topics) {
        note_missing(context, client, *answered);
    }
    if (by_id && !group.topics) {
        identify_topics(*image, *answered);
    }
    std::ranges::move(unknown, std::back_inserter(answered->topics));
    co_return std::move(*answered);
}

void put_single(AnsweredGroup& group, OffsetFetchResponse& response) {
    response.error_code = group.error_code;
    for (AnsweredTopic& topic : group.topics) {
        auto& out = response.topics.emplace_back();
        out.name = std::move(topic.name);
        for (auto& partition : topic.partitions) {
            out.partitions.push_back({.partition_index = partition.partition_index,
                                      .committed_offset = partition.committed_offset,
                                      .committed_leader_epoch = partition.committed_leader_epoch,
                                      .metadata = std::move(partition.metadata),
                                      .error_code = partition.error_code});
        }
    }
}

}  // namespace

Task<OffsetFetchResponse> handle_offset_fetch(RequestContext& context, OffsetFetchRequest& request) {
    OffsetFetchResponse response;
    std::vector<AskedGroup> groups = groups_of(request, context.version());
    for (AskedGroup& group : groups) {
        answer_each_once(group);
        AnsweredGroup answered = co_await fetch_group(context, group, request.require_stable);
        bool has_memory = co_await take_for_row(context, answered);
        if (!has_memory) {
            co_return OffsetFetchResponse{};
        }
        if (context.version() >= kManyGroups) {
            response.groups.push_back(std::move(answered));
        } else {
            put_single(answered, response);
        }
    }
    co_return response;
}

}  // namespace tideline::server
