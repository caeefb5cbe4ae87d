// The offsets of a transaction, and what became of them. See transactional_client.h.
#include <fmt/format.h>

#include "protocol/messages/add_offsets_to_txn.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/txn_offset_commit.h"
#include "simulation/transactional_client.h"

namespace tideline::simulation {

using protocol::AddOffsetsToTxnRequest;
using protocol::OffsetFetchRequest;
using protocol::TxnOffsetCommitRequest;

namespace {

constexpr std::int8_t kGroupKey = 0;
constexpr std::int16_t kFirstImplicitCommit = 5;
constexpr std::int16_t kFirstStableFetch = 7;
constexpr std::int16_t kFirstFetchOfMany = 8;
constexpr int kRoundsPatience = 12;

}  // namespace

Task<TransactionalClient::Step> TransactionalClient::add_group() {
    AddOffsetsToTxnRequest request{
        .transactional_id = setup_.transactional_id, .producer_id = producer_id_, .producer_epoch = epoch_, .group_id = setup_.group};
    for (int round = 0; round < kRoundsPatience; ++round) {
        auto answer = co_await ask(request, any_version<AddOffsetsToTxnRequest>(random_));
        std::optional<Step> step = judge(answer ? answer->response.error_code : ErrorCode::network_exception, "AddOffsetsToTxn");
        if (step) {
            co_return *step;
        }
        co_await rest();
    }
    co_return Step::abort;
}

Task<TransactionalClient::Step> TransactionalClient::commit_offsets(std::string topic, std::map<std::int32_t, Offset> offsets) {
    if (!setup_.is_implicit) {
        Step added = co_await add_group();
        if (added != Step::done) {
            co_return added;
        }
    }
    TxnOffsetCommitRequest request{
        .transactional_id = setup_.transactional_id, .group_id = setup_.group, .producer_id = producer_id_, .producer_epoch = epoch_};
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    std::string noted;
    for (const auto& [partition, offset] : offsets) {
        wanted.partitions.push_back({.partition_index = partition, .committed_offset = offset, .committed_metadata = ""});
        noted += fmt::format(R"({}["{}-{}",{}])", noted.empty() ? "" : ",", topic, partition, offset);
    }
    stage_.recorder.note(setup_.process, "offsets", R"("group":"{}","offsets":[{}])", setup_.group, noted);
    for (int round = 0; round < kRoundsPatience; ++round) {
        std::int16_t version = setup_.is_implicit ? kFirstImplicitCommit
                                                  : any_version_up_to(TxnOffsetCommitRequest::kMinVersion, kFirstImplicitCommit - 1);
        auto answer = co_await ask(request, version);
        ErrorCode error = ErrorCode::network_exception;
        if (answer) {
            error = ErrorCode::none;
            for (const auto& row : answer->response.topics.at(0).partitions) {
                error = row.error_code != ErrorCode::none ? row.error_code : error;
            }
        }
        std::optional<Step> step = judge(error, "TxnOffsetCommit");
        if (step) {
            co_return *step;
        }
        co_await rest();
    }
    co_return Step::abort;
}

Task<Offset> TransactionalClient::fetch_committed(const KnownTopic& topic, std::int32_t partition, bool is_final) {
    co_await find_coordinator(setup_.group, kGroupKey);
    for (;;) {
        std::int16_t version = any_version<OffsetFetchRequest>(random_, kFirstStableFetch);
        bool is_of_many = version >= kFirstFetchOfMany;
        OffsetFetchRequest request{.require_stable = true};
        if (is_of_many) {
            auto& group = request.groups.emplace_back();
            group.group_id = setup_.group;
            group.topics.emplace().push_back({.name = topic.name, .topic_id = topic.id, .partition_indexes = {partition}});
        } else {
            request.group_id = setup_.group;
            request.topics.emplace().push_back({.name = topic.name, .partition_indexes = {partition}});
        }
        std::int64_t asked = stage_.recorder.moment();
        auto answer = co_await link_.call(request, version);
        ErrorCode error = ErrorCode::network_exception;
        Offset offset = -1;
        if (answer) {
            error = is_of_many ? answer->response.groups.at(0).error_code : answer->response.error_code;
        }
        auto take = [&](const auto& row) {
            error = row.error_code;
            offset = row.committed_offset;
        };
        if (answer && error == ErrorCode::none && is_of_many) {
            take(answer->response.groups[0].topics.at(0).partitions.at(0));
        } else if (answer && error == ErrorCode::none) {
            take(answer->response.topics.at(0).partitions.at(0));
        }
        if (error == ErrorCode::none) {
            stage_.recorder.note(setup_.process, "fetched", R"("group":"{}","partition":"{}-{}","offset":{},"asked":{},"final":{})", setup_.group,
                                 topic.name, partition, offset, asked, is_final);
            co_return offset;
        }
        if (!is_passing_at_coordinator(error) && error != ErrorCode::unstable_offset_commit) {
            stage_.history.violated(fmt::format("a fetch of offsets of {} is answered {}", setup_.group, name_of(error)));
        }
        co_await rest();
    }
}

}  // namespace tideline::simulation
