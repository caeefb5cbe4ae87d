// A member of a group of the consumer protocol (KIP-848). See member.h.
#include "protocol/messages/consumer_group_heartbeat.h"
#include "protocol/messages/offset_commit.h"
#include "simulation/group_client.h"
#include "simulation/member.h"

namespace tideline::simulation {

using protocol::ConsumerGroupHeartbeatRequest;
using protocol::ConsumerGroupHeartbeatResponse;
using protocol::OffsetCommitRequest;

namespace {

constexpr std::int32_t kJoin = 0;
constexpr std::int32_t kLeave = -1;
constexpr std::int32_t kRebalanceMs = 1500;
constexpr std::int16_t kFirstCommitWithMemberEpoch = 9;

class ConsumerMember final : public GroupMember {
public:
    ConsumerMember(Stage& stage, std::uint64_t seed) : GroupMember(stage, std::string(kConsumerGroup), seed) {}

private:
    Task<void> live(bool is_last) override;
    Task<ErrorCode> heartbeat(std::int32_t epoch);
    void take(const ConsumerGroupHeartbeatResponse& response);
    Task<bool> commit_some(bool all);

    Membership self_;
    std::vector<std::int32_t> owned_;
};

// From the first heartbeat to a leave, or to a crash, of which the coordinator hears by silence only.
Task<void> ConsumerMember::live(bool is_last) {
    self_ = {.member_id = base::to_string(base::Uuid{random_.next(), random_.next()}), .epoch = kJoin};
    owned_.clear();
    look_again();
    for (std::uint64_t beats = 3 + random_.below(30); beats > 0 || is_last; beats -= beats > 0 ? 1 : 0) {
        ErrorCode error = co_await heartbeat(self_.epoch);
        if (error == ErrorCode::fenced_member_epoch || error == ErrorCode::unknown_member_id) {
            self_.epoch = kJoin;
            owned_.clear();
        }
        bool is_in = error == ErrorCode::none && self_.epoch > kJoin;
        if (is_in) {
            bool is_committed = co_await commit_some(is_last);
            if (is_committed && is_last) {
                break;
            }
        }
        if (random_.chance(4)) {
            co_await fetch_committed(static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(topic_.partitions))));
        }
        if (stage_.is_storm_over && !is_last) {
            break;
        }
        co_await stage_.pause(random_ms(random_, 20, 250));
    }
    if (is_last || random_.chance(2)) {
        co_await heartbeat(kLeave);
    } else {
        link_.cut();
    }
}

Task<ErrorCode> ConsumerMember::heartbeat(std::int32_t epoch) {
    bool is_found = co_await find_coordinator();
    if (!is_found) {
        co_return ErrorCode::network_exception;
    }
    ConsumerGroupHeartbeatRequest request{.group_id = group_,
                                          .member_id = self_.member_id,
                                          .member_epoch = epoch,
                                          .rebalance_timeout_ms = kRebalanceMs,
                                          .subscribed_topic_names = std::vector<std::string>{topic_.name},
                                          .topic_partitions = std::vector<ConsumerGroupHeartbeatRequest::TopicPartitions>{}};
    if (!owned_.empty() && epoch > kJoin) {
        request.topic_partitions->push_back({.topic_id = topic_.id, .partitions = owned_});
    }
    auto answer = co_await link_.call(request, any_version<ConsumerGroupHeartbeatRequest>(random_));
    if (!answer) {
        co_return ErrorCode::network_exception;
    }
    check_expected(answer->response.error_code, "a heartbeat");
    if (answer->response.error_code == ErrorCode::none && epoch >= kJoin) {
        take(answer->response);
    }
    co_return answer->response.error_code;
}

void ConsumerMember::take(const ConsumerGroupHeartbeatResponse& response) {
    self_.epoch = response.member_epoch;
    if (response.assignment) {
        owned_.clear();
        for (const auto& topic : response.assignment->topic_partitions) {
            owned_.insert(owned_.end(), topic.partitions.begin(), topic.partitions.end());
        }
    }
    for (std::int32_t partition : owned_) {
        stage_.groups.owns(group_, self_.epoch, id_of(partition), self_.member_id);
    }
}

// True: with `all`, everything owned was committed.
Task<bool> ConsumerMember::commit_some(bool all) {
    std::vector<std::int32_t> owned = owned_;
    for (std::int32_t partition : owned) {
        if (!all && random_.chance(2)) {
            continue;
        }
        ErrorCode error = co_await commit(self_, partition, any_version<OffsetCommitRequest>(random_, kFirstCommitWithMemberEpoch));
        if (error != ErrorCode::none) {
            co_return false;
        }
    }
    co_return true;
}

}  // namespace

Task<void> run_consumer_member(Stage& stage, std::uint64_t seed) {
    ConsumerMember member(stage, seed);
    co_await member.run();
}

}  // namespace tideline::simulation
