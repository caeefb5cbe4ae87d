// Controller: DeleteTopics, CreatePartitions, AllocateProducerIds.
#include <fmt/format.h>

#include <limits>
#include <map>
#include <set>

#include "cluster/controller.h"
#include "cluster/metadata_replay.h"
#include "cluster/placement.h"

namespace tideline::cluster {

namespace {

using protocol::CreatePartitionsRequest;
using protocol::CreatePartitionsResponse;
using protocol::DeleteTopicsRequest;
using protocol::DeleteTopicsResponse;

// ---- DeleteTopics ----

void answer(DeleteTopicsResponse& response, std::optional<std::string> name, const Uuid& id, const ApiError& error = {}) {
    auto& result = response.responses.emplace_back();
    result.name = std::move(name);
    result.topic_id = id;
    result.error_code = error.code;
    result.error_message = error ? std::optional(error.message) : std::nullopt;
}

DeleteTopicsResponse refuse_deletion(const DeleteTopicsRequest& request, std::int16_t version) {
    constexpr std::int16_t kKnowsTopicDeletionDisabled = 3;
    ApiError error{version < kKnowsTopicDeletionDisabled ? ErrorCode::invalid_request : ErrorCode::topic_deletion_disabled,
                   "delete.topic.enable is false"};
    DeleteTopicsResponse response;
    for (const auto& topic : request.topics) {
        answer(response, topic.name, topic.topic_id, error);
    }
    for (const std::string& name : request.topic_names) {
        answer(response, name, Uuid{}, error);
    }
    return response;
}

// What a request names, each counted; answers at once what is wrong by itself.
struct Named {
    std::map<std::string, int> names;
    std::map<Uuid, int> ids;
};

Named collect(const DeleteTopicsRequest& request, DeleteTopicsResponse& response) {
    Named named;
    for (const std::string& name : request.topic_names) {
        ++named.names[name];
    }
    for (const auto& topic : request.topics) {
        if (topic.name && !topic.topic_id.is_zero()) {
            answer(response, topic.name, topic.topic_id, {ErrorCode::invalid_request, "give the topic's name or its id, not both"});
        } else if (topic.name) {
            ++named.names[*topic.name];
        } else if (topic.topic_id.is_zero()) {
            answer(response, std::nullopt, Uuid{}, {ErrorCode::invalid_request, "give the topic's name or its id"});
        } else {
            ++named.ids[topic.topic_id];
        }
    }
    return named;
}

// ---- CreatePartitions ----

using PartitionsTopic = CreatePartitionsRequest::CreatePartitionsTopic;

std::expected<std::vector<NewPartition>, ApiError> place_more(const PartitionsTopic& asked, const TopicImage& topic,
                                                              const MetadataImage& image, std::uint64_t random) {
    std::int32_t have = topic.partition_count();
    std::size_t replication_factor = topic.partitions.front()->replicas.size();
    if (!asked.assignments) {
        return place(image, asked.count - have, static_cast<std::int32_t>(replication_factor), random);
    }
    std::vector<NewPartition> placed;
    for (const auto& assignment : *asked.assignments) {
        auto one = place_on(image, assignment.broker_ids, replication_factor, have + static_cast<std::int32_t>(placed.size()));
        if (!one) {
            return std::unexpected(one.error());
        }
        placed.push_back(std::move(*one));
    }
    return placed;
}

std::expected<std::vector<MetadataRecord>, ApiError> more_partitions(const PartitionsTopic& asked, const MetadataImage& image,
                                                                     std::uint64_t random) {
    auto refuse = [](ErrorCode code, std::string why) { return std::unexpected(ApiError{code, std::move(why)}); };
    const TopicImage* topic = image.topic(asked.name);
    if (topic == nullptr) {
        return refuse(ErrorCode::unknown_topic_or_partition, fmt::format("there is no topic '{}'", asked.name));
    }
    if (topic->is_internal()) {
        return refuse(ErrorCode::invalid_request,
                      fmt::format("the partition of '{}' that has a group's or a transaction's state follows from their number", topic->name));
    }
    std::int32_t have = topic->partition_count();
    if (topic->partition(0) == nullptr) {
        return refuse(ErrorCode::unknown_server_error, "the topic has no partition 0");
    }
    if (asked.count <= have) {
        return refuse(ErrorCode::invalid_partitions, asked.count == have ? fmt::format("Topic already has {} partition(s).", have)
                                                                         : fmt::format("the topic has {} partition(s), which cannot become fewer", have));
    }
    std::int32_t more = asked.count - have;
    if (asked.assignments && asked.assignments->size() != static_cast<std::size_t>(more)) {
        return refuse(ErrorCode::invalid_replica_assignment,
                      fmt::format("{} partition(s) are added, but {} are assigned", more, asked.assignments->size()));
    }
    if (more > kPartitionsPerRequestMax) {
        return refuse(ErrorCode::policy_violation, "too many partitions for one request");
    }
    auto placed = place_more(asked, *topic, image, random);
    if (!placed) {
        return std::unexpected(placed.error());
    }
    std::vector<MetadataRecord> records;
    for (NewPartition& partition : *placed) {
        records.push_back(partition_record_of(topic->id, have + static_cast<std::int32_t>(records.size()), partition));
    }
    return records;
}

}  // namespace

Decision<DeleteTopicsResponse> Controller::delete_topics(const MetadataImage& image, const DeleteTopicsRequest& request,
                                                         std::int16_t version) const {
    if (!config_.boolean("delete.topic.enable")) {
        return {{}, refuse_deletion(request, version)};
    }
    Decision<DeleteTopicsResponse> decision;
    DeleteTopicsResponse& response = decision.response;
    Named named = collect(request, response);
    std::map<Uuid, const TopicImage*> doomed;
    for (const auto& [id, count] : named.ids) {
        const TopicImage* topic = image.topic(id);
        if (count > 1) {
            answer(response, std::nullopt, id, {ErrorCode::invalid_request, "the id is there more than once"});
        } else if (topic == nullptr) {
            answer(response, std::nullopt, id, {ErrorCode::unknown_topic_id, "there is no topic of this id"});
        } else {
            doomed[id] = topic;
        }
    }
    for (const auto& [name, count] : named.names) {
        const TopicImage* topic = image.topic(name);
        if (count > 1) {
            answer(response, name, Uuid{}, {ErrorCode::invalid_request, "the topic is there more than once"});
        } else if (topic == nullptr) {
            answer(response, name, Uuid{}, {ErrorCode::unknown_topic_or_partition, fmt::format("there is no topic '{}'", name)});
        } else if (named.ids.contains(topic->id)) {
            doomed.erase(topic->id);
            answer(response, name, topic->id, {ErrorCode::invalid_request, "the topic is there by its name and by its id"});
        } else {
            doomed[topic->id] = topic;
        }
    }
    for (const auto& [id, topic] : doomed) {
        protocol::RemoveTopicRecord record;
        record.topic_id = id;
        decision.records.emplace_back(record);
        answer(response, topic->name, id);
    }
    return decision;
}

Decision<CreatePartitionsResponse> Controller::create_partitions(const MetadataImage& image,
                                                                 const CreatePartitionsRequest& request) const {
    Decision<CreatePartitionsResponse> decision;
    std::map<std::string, int> count;
    for (const PartitionsTopic& topic : request.topics) {
        ++count[topic.name];
    }
    auto respond = [&](const std::string& name, const ApiError& error) {
        auto& result = decision.response.results.emplace_back();
        result.name = name;
        result.error_code = error.code;
        result.error_message = error ? std::optional(error.message) : std::nullopt;
    };
    for (const PartitionsTopic& topic : request.topics) {
        int& times = count[topic.name];
        if (times != 1) {
            if (std::exchange(times, 0) > 1) {
                respond(topic.name, {ErrorCode::invalid_request, "the topic is there more than once"});
            }
            continue;
        }
        auto records = more_partitions(topic, image, next_random_());
        respond(topic.name, records ? ApiError{} : records.error());
        if (records && !request.validate_only) {
            std::ranges::move(*records, std::back_inserter(decision.records));
        }
    }
    return decision;
}

Decision<base::Result<ProducerIdBlock>> Controller::allocate_producer_ids(const MetadataImage& image, std::int32_t broker_id,
                                                                          std::int64_t broker_epoch) const {
    const BrokerRegistration* broker = image.broker(broker_id);
    if (broker == nullptr || broker->epoch != broker_epoch) {
        return {{}, base::fail(ErrorCode::stale_broker_epoch, "the broker registered again", broker_epoch)};
    }
    std::int64_t first = image.next_producer_id();
    if (first > std::numeric_limits<std::int64_t>::max() - kProducerIdBlockSize) {
        return {{}, base::fail(ErrorCode::unknown_server_error, "all producer ids are used up", first)};
    }
    protocol::ProducerIdsRecord record;
    record.broker_id = broker_id;
    record.broker_epoch = broker_epoch;
    record.next_producer_id = first + kProducerIdBlockSize;
    return {{record}, ProducerIdBlock{first, kProducerIdBlockSize}};
}

}  // namespace tideline::cluster
