#include "simulation/group_client.h"

#include <fmt/format.h>

#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"

namespace tideline::simulation {

using protocol::FindCoordinatorRequest;
using protocol::OffsetCommitRequest;
using protocol::OffsetFetchRequest;

namespace {

constexpr std::int16_t kFirstFindOfMany = 4;
constexpr std::int16_t kFirstCommitById = 10;
constexpr std::int16_t kFirstFetchOfMany = 8;

// The coordinator looked at the request and did not do it.
bool is_refusal(ErrorCode error) {
    return error == ErrorCode::unknown_member_id || error == ErrorCode::illegal_generation || error == ErrorCode::rebalance_in_progress ||
           error == ErrorCode::fenced_member_epoch || error == ErrorCode::stale_member_epoch || error == ErrorCode::group_id_not_found ||
           error == ErrorCode::coordinator_load_in_progress;
}

}  // namespace

Task<void> GroupClient::wait_for_topic() {
    while (!stage_.topic_of_groups) {
        for (const KnownTopic* topic : stage_.live_topics()) {
            if (!topic->is_recreated && stage_.is_sure(topic->id)) {
                stage_.topic_of_groups = topic->id;
            }
        }
        co_await rest();
    }
    topic_ = stage_.topics.at(*stage_.topic_of_groups);
}

void GroupClient::check_expected(ErrorCode error, std::string_view what) {
    bool is_expected = error == ErrorCode::none || is_passing(error) || is_refusal(error) || error == ErrorCode::not_coordinator;
    if (!is_expected) {
        stage_.history.violated(fmt::format("group {}: {} is answered {}", group_, what, name_of(error)));
    }
}

Task<bool> GroupClient::find_coordinator() {
    std::int16_t version = any_version<FindCoordinatorRequest>(random_);
    FindCoordinatorRequest request;
    if (version >= kFirstFindOfMany) {
        request.coordinator_keys = {group_};
    } else {
        request.key = group_;
    }
    auto answer = co_await link_.call(request, version);
    if (!answer) {
        co_return false;
    }
    ErrorCode error = version >= kFirstFindOfMany ? answer->response.coordinators.at(0).error_code : answer->response.error_code;
    check_expected(error, "the search for the coordinator");
    co_return error == ErrorCode::none;
}

Task<ErrorCode> GroupClient::commit(Membership membership, std::int32_t partition, std::int16_t version) {
    GroupBook::Commit promise = stage_.groups.committing(group_, id_of(partition));
    OffsetCommitRequest request{
        .group_id = group_, .generation_id_or_member_epoch = membership.epoch, .member_id = membership.member_id, .topics = {}};
    auto& topic = request.topics.emplace_back();
    if (version >= kFirstCommitById) {
        topic.topic_id = topic_.id;
    } else {
        topic.name = topic_.name;
    }
    topic.partitions.push_back({.partition_index = partition, .committed_offset = promise.offset, .committed_metadata = ""});
    auto answer = co_await link_.call(request, version);
    if (!answer) {
        co_return ErrorCode::network_exception;
    }
    ErrorCode error = answer->response.topics.at(0).partitions.at(0).error_code;
    if (error == ErrorCode::none) {
        stage_.trace(fmt::format("group {} has {} committed for {}", group_, promise.offset, to_string(promise.partition)));
        stage_.groups.committed(promise);
    } else if (is_refusal(error)) {
        stage_.groups.refused(promise);
    }
    check_expected(error, "a commit");
    co_return error;
}

Task<std::optional<Offset>> GroupClient::fetch_committed(std::int32_t partition) {
    std::int16_t version = any_version<OffsetFetchRequest>(random_);
    std::set<Offset> before = stage_.groups.may_hold(group_, id_of(partition));
    OffsetFetchRequest request;
    bool is_of_many = version >= kFirstFetchOfMany;
    if (is_of_many) {
        auto& group = request.groups.emplace_back();
        group.group_id = group_;
        group.topics->push_back({.name = topic_.name, .topic_id = topic_.id, .partition_indexes = {partition}});
    } else {
        request.group_id = group_;
        request.topics->push_back({.name = topic_.name, .partition_indexes = {partition}});
    }
    auto answer = co_await link_.call(request, version);
    if (!answer) {
        co_return std::nullopt;
    }
    ErrorCode error = is_of_many ? answer->response.groups.at(0).error_code : answer->response.error_code;
    Offset offset = log::kNoOffset;
    if (error == ErrorCode::none && is_of_many) {
        const auto& row = answer->response.groups[0].topics.at(0).partitions.at(0);
        error = row.error_code;
        offset = row.committed_offset;
    } else if (error == ErrorCode::none) {
        const auto& row = answer->response.topics.at(0).partitions.at(0);
        error = row.error_code;
        offset = row.committed_offset;
    }
    check_expected(error, "a fetch of offsets");
    if (error != ErrorCode::none) {
        co_return std::nullopt;
    }
    stage_.groups.fetched(group_, id_of(partition), offset, std::move(before));
    co_return offset;
}

Task<void> GroupClient::settle_committed(KnownTopic topic) {
    topic_ = std::move(topic);
    for (std::int32_t partition = 0; partition < topic_.partitions; ++partition) {
        std::optional<Offset> offset;
        while (!offset) {
            bool is_found = co_await find_coordinator();
            if (is_found) {
                offset = co_await fetch_committed(partition);
            }
            if (!offset) {
                co_await rest();
            }
        }
        stage_.groups.settle(group_, id_of(partition), *offset);
    }
}

Task<void> GroupMember::run() {
    co_await wait_for_topic();
    for (bool is_last = false; !is_last;) {
        is_last = stage_.is_storm_over;
        co_await live(is_last);
        co_await rest();
    }
    co_await link_.close();
}

}  // namespace tideline::simulation
