#include "cli/group/group_admin.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/admin_request.h"

namespace tideline::cli {
namespace {

using admin_request::ask;
using admin_request::Deleter;
using PartitionList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Deleter<rd_kafka_topic_partition_list_destroy>>;
using OffsetsRequest =
    std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, Deleter<rd_kafka_ListConsumerGroupOffsets_destroy>>;
using AlterRequest =
    std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, Deleter<rd_kafka_AlterConsumerGroupOffsets_destroy>>;
using ForgetRequest =
    std::unique_ptr<rd_kafka_DeleteConsumerGroupOffsets_t, Deleter<rd_kafka_DeleteConsumerGroupOffsets_destroy>>;
using DeleteGroup = std::unique_ptr<rd_kafka_DeleteGroup_t, Deleter<rd_kafka_DeleteGroup_destroy>>;

std::string text_or_empty(const char* text) {
    return text == nullptr ? "" : text;
}

std::vector<TopicPartition> sorted_partitions(const rd_kafka_topic_partition_list_t* list) {
    std::vector<TopicPartition> partitions;
    for (int i = 0; list != nullptr && i < list->cnt; ++i) {
        partitions.push_back({list->elems[i].topic, list->elems[i].partition});
    }
    std::ranges::sort(partitions);
    return partitions;
}

GroupMember member_of(const rd_kafka_MemberDescription_t* raw) {
    const auto* assignment = rd_kafka_MemberDescription_assignment(raw);
    return {rd_kafka_MemberDescription_consumer_id(raw),
            text_or_empty(rd_kafka_MemberDescription_group_instance_id(raw)),
            text_or_empty(rd_kafka_MemberDescription_client_id(raw)),
            text_or_empty(rd_kafka_MemberDescription_host(raw)),
            sorted_partitions(assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment))};
}

BrokerInfo coordinator_of(const rd_kafka_ConsumerGroupDescription_t* raw) {
    const rd_kafka_Node_t* node = rd_kafka_ConsumerGroupDescription_coordinator(raw);
    return node == nullptr ? BrokerInfo()
                           : BrokerInfo{rd_kafka_Node_id(node), rd_kafka_Node_host(node), rd_kafka_Node_port(node)};
}

// The first error among the group's partitions, or of the group itself.
Outcome<> check_result(const KafkaClient& client, const rd_kafka_group_result_t* result, std::string_view doing) {
    if (const rd_kafka_error_t* error = rd_kafka_group_result_error(result)) {
        return std::unexpected(client.failure(rd_kafka_error_code(error), doing, rd_kafka_error_string(error)));
    }
    const rd_kafka_topic_partition_list_t* list = rd_kafka_group_result_partitions(result);
    for (int i = 0; list != nullptr && i < list->cnt; ++i) {
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return std::unexpected(client.failure(
                list->elems[i].err, fmt::format("{}: {}-{}", doing, list->elems[i].topic, list->elems[i].partition)));
        }
    }
    return {};
}

}  // namespace

std::string text_of(const BrokerInfo& broker) {
    return broker.id < 0 ? "" : fmt::format("{} ({}:{})", broker.id, broker.host, broker.port);
}

Outcome<std::vector<GroupListing>> GroupAdmin::list() {
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, false, "list groups",
                      [&](auto* options, auto* queue) {
                          rd_kafka_ListConsumerGroups(client_.handle(), options, queue);
                      }));
    const auto* result = rd_kafka_event_ListConsumerGroups_result(event.get());
    std::size_t count = 0;
    const rd_kafka_error_t** errors = rd_kafka_ListConsumerGroups_result_errors(result, &count);
    if (count > 0) {
        return std::unexpected(client_.failure(rd_kafka_error_code(errors[0]), "list groups",
                                               rd_kafka_error_string(errors[0])));
    }
    const auto** listings = rd_kafka_ListConsumerGroups_result_valid(result, &count);
    std::vector<GroupListing> groups;
    for (std::size_t i = 0; i < count; ++i) {
        groups.push_back({rd_kafka_ConsumerGroupListing_group_id(listings[i]),
                          rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupListing_state(listings[i]))});
    }
    std::ranges::sort(groups, {}, &GroupListing::group);
    return groups;
}

Outcome<GroupDescription> GroupAdmin::describe(const std::string& group) {
    std::string doing = fmt::format("describe group '{}'", group);
    const char* name = group.c_str();
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, false, doing,
                      [&](auto* options, auto* queue) {
                          rd_kafka_DescribeConsumerGroups(client_.handle(), &name, 1, options, queue);
                      }));
    std::size_t count = 0;
    const auto** raw = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
    if (const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(raw[0])) {
        return std::unexpected(client_.failure(rd_kafka_error_code(error), doing, rd_kafka_error_string(error)));
    }
    GroupDescription description{
        group, rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(raw[0])),
        text_or_empty(rd_kafka_ConsumerGroupDescription_partition_assignor(raw[0])), coordinator_of(raw[0]), {}};
    for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(raw[0]); ++i) {
        description.members.push_back(member_of(rd_kafka_ConsumerGroupDescription_member(raw[0], i)));
    }
    std::ranges::sort(description.members, {}, &GroupMember::id);
    if (!description.exists()) {
        // DescribeGroups knows classic groups only, ListGroups all (KIP-848).
        TL_TRY(all, list());
        if (auto listed = std::ranges::find(all, group, &GroupListing::group); listed != all.end()) {
            description.state = listed->state;
            describe_consumer_group(client_, description);
        }
    }
    return description;
}

Outcome<GroupOffsets> GroupAdmin::committed(const std::string& group) {
    std::string doing = fmt::format("ask for the offsets of group '{}'", group);
    OffsetsRequest request(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr));
    rd_kafka_ListConsumerGroupOffsets_t* raw = request.get();
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, false, doing,
                      [&](auto* options, auto* queue) {
                          rd_kafka_ListConsumerGroupOffsets(client_.handle(), &raw, 1, options, queue);
                      }));
    std::size_t count = 0;
    const auto** results = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
    TL_TRY_VOID(check_result(client_, results[0], doing));
    GroupOffsets offsets;
    const rd_kafka_topic_partition_list_t* list = rd_kafka_group_result_partitions(results[0]);
    for (int i = 0; list != nullptr && i < list->cnt; ++i) {
        if (list->elems[i].offset >= 0) {
            offsets[{list->elems[i].topic, list->elems[i].partition}] = list->elems[i].offset;
        }
    }
    return offsets;
}

Outcome<> GroupAdmin::commit(const std::string& group, const GroupOffsets& offsets) {
    std::string doing = fmt::format("set offsets of group '{}'", group);
    PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
    for (const auto& [at, offset] : offsets) {
        rd_kafka_topic_partition_list_add(list.get(), at.topic.c_str(), at.partition)->offset = offset;
    }
    AlterRequest request(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
    rd_kafka_AlterConsumerGroupOffsets_t* raw = request.get();
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, false, doing,
                      [&](auto* options, auto* queue) {
                          rd_kafka_AlterConsumerGroupOffsets(client_.handle(), &raw, 1, options, queue);
                      }));
    std::size_t count = 0;
    const auto** results = rd_kafka_AlterConsumerGroupOffsets_result_groups(
        rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &count);
    return check_result(client_, results[0], doing);
}

Outcome<> GroupAdmin::forget(const std::string& group, const std::vector<TopicPartition>& partitions) {
    std::string doing = fmt::format("delete offsets of group '{}'", group);
    PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
    for (const TopicPartition& at : partitions) {
        rd_kafka_topic_partition_list_add(list.get(), at.topic.c_str(), at.partition);
    }
    ForgetRequest request(rd_kafka_DeleteConsumerGroupOffsets_new(group.c_str(), list.get()));
    rd_kafka_DeleteConsumerGroupOffsets_t* raw = request.get();
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS, false, doing,
                      [&](auto* options, auto* queue) {
                          rd_kafka_DeleteConsumerGroupOffsets(client_.handle(), &raw, 1, options, queue);
                      }));
    std::size_t count = 0;
    const auto** results = rd_kafka_DeleteConsumerGroupOffsets_result_groups(
        rd_kafka_event_DeleteConsumerGroupOffsets_result(event.get()), &count);
    return check_result(client_, results[0], doing);
}

Outcome<std::vector<GroupResult>> GroupAdmin::remove(const std::vector<std::string>& groups) {
    std::vector<DeleteGroup> wanted;
    std::vector<rd_kafka_DeleteGroup_t*> raw;
    for (const std::string& group : groups) {
        wanted.emplace_back(rd_kafka_DeleteGroup_new(group.c_str()));
        raw.push_back(wanted.back().get());
    }
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_DELETEGROUPS, false, "delete groups",
                      [&](auto* options, auto* queue) {
                          rd_kafka_DeleteGroups(client_.handle(), raw.data(), raw.size(), options, queue);
                      }));
    std::size_t count = 0;
    const auto** answered =
        rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event.get()), &count);
    std::vector<GroupResult> results;
    for (std::size_t i = 0; i < count; ++i) {
        GroupResult result{rd_kafka_group_result_name(answered[i])};
        if (const rd_kafka_error_t* error = rd_kafka_group_result_error(answered[i])) {
            result.error = rd_kafka_error_code(error);
            result.broker_says = rd_kafka_error_string(error);
        }
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace tideline::cli
