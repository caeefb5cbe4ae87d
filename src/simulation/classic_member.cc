// A member of a group of the classic protocol. See member.h.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/sync_group.h"
#include "simulation/group_client.h"
#include "simulation/member.h"

namespace tideline::simulation {

using protocol::HeartbeatRequest;
using protocol::JoinGroupRequest;
using protocol::LeaveGroupRequest;
using protocol::OffsetCommitRequest;
using protocol::SyncGroupRequest;

namespace {

constexpr std::int32_t kSessionMs = 1000;
constexpr std::int32_t kRebalanceMs = 1500;
constexpr std::int16_t kLastLeaveOfOne = 2;
constexpr const char* kType = "simulated";
constexpr const char* kProtocol = "spread";

// "0 3": an assignment as this kind of members writes it.
std::string text_of(const std::vector<std::int32_t>& partitions) { return fmt::format("{}", fmt::join(partitions, " ")); }

std::vector<std::int32_t> partitions_of(std::string_view text) {
    std::vector<std::int32_t> partitions;
    while (!text.empty()) {
        std::int32_t partition = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), partition);
        if (error != std::errc()) {
            break;
        }
        partitions.push_back(partition);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        text.remove_prefix(text.starts_with(' ') ? 1 : 0);
    }
    return partitions;
}

class ClassicMember final : public GroupMember {
public:
    ClassicMember(Stage& stage, std::uint64_t seed) : GroupMember(stage, std::string(kClassicGroup), seed) {}

private:
    Task<void> live(bool is_last) override;
    Task<bool> join();
    Task<bool> sync();
    Task<void> stay(bool is_last);
    Task<bool> heartbeat();
    Task<bool> commit_some(bool all);
    Task<void> leave();
    bool is_still_in(ErrorCode error);
    void assign(SyncGroupRequest& request);

    Membership self_;
    std::vector<std::string> members_;  // when this one leads, those whose partitions it deals out
    std::vector<std::int32_t> owned_;
};

// From the first join to a leave, or to a crash, of which the coordinator hears by silence only.
Task<void> ClassicMember::live(bool is_last) {
    self_ = {};
    look_again();
    for (std::uint64_t generations = is_last ? 1 : 1 + random_.below(4); generations > 0;) {
        bool is_in = co_await join();
        if (is_in) {
            is_in = co_await sync();
        }
        if (!is_in && stage_.is_storm_over && !is_last) {
            break;
        }
        if (!is_in) {
            co_await rest();
            continue;
        }
        co_await stay(is_last);
        --generations;
    }
    if (is_last || random_.chance(2)) {
        co_await leave();
    } else {
        link_.cut();
    }
}

// What is left of the membership after an error.
bool ClassicMember::is_still_in(ErrorCode error) {
    if (error == ErrorCode::unknown_member_id) {
        self_.member_id.clear();
    }
    return error == ErrorCode::none;
}

Task<bool> ClassicMember::join() {
    bool is_found = co_await find_coordinator();
    if (!is_found) {
        co_return false;
    }
    JoinGroupRequest request{.group_id = group_,
                             .session_timeout_ms = kSessionMs,
                             .rebalance_timeout_ms = kRebalanceMs,
                             .member_id = self_.member_id,
                             .protocol_type = kType,
                             .protocols = {}};
    request.protocols.push_back({.name = kProtocol, .metadata = base::Bytes{1}});
    auto answer = co_await link_.call(request, any_version<JoinGroupRequest>(random_));
    if (!answer) {
        co_return false;
    }
    const auto& response = answer->response;
    if (response.error_code == ErrorCode::member_id_required) {
        self_.member_id = response.member_id;
        co_return false;
    }
    check_expected(response.error_code, "a join");
    if (!is_still_in(response.error_code)) {
        co_return false;
    }
    self_ = {.member_id = response.member_id, .epoch = response.generation_id};
    members_.clear();
    if (response.leader == response.member_id) {
        for (const auto& member : response.members) {
            members_.push_back(member.member_id);
        }
    }
    co_return true;
}

void ClassicMember::assign(SyncGroupRequest& request) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        std::vector<std::int32_t> share;
        for (std::int32_t partition = 0; partition < topic_.partitions; ++partition) {
            if (static_cast<std::size_t>(partition) % members_.size() == i) {
                share.push_back(partition);
            }
        }
        std::string text = text_of(share);
        base::ByteView bytes = base::as_bytes(text);
        stage_.groups.assigning(group_, self_.epoch, members_[i], text);
        request.assignments.push_back({.member_id = members_[i], .assignment = base::Bytes(bytes.begin(), bytes.end())});
    }
}

Task<bool> ClassicMember::sync() {
    SyncGroupRequest request{.group_id = group_,
                             .generation_id = self_.epoch,
                             .member_id = self_.member_id,
                             .protocol_type = kType,
                             .protocol_name = kProtocol,
                             .assignments = {}};
    assign(request);
    auto answer = co_await link_.call(request, any_version<SyncGroupRequest>(random_));
    if (!answer) {
        co_return false;
    }
    check_expected(answer->response.error_code, "a sync");
    if (!is_still_in(answer->response.error_code)) {
        co_return false;
    }
    std::string text(base::as_text(answer->response.assignment));
    stage_.groups.assigned(group_, self_.epoch, self_.member_id, text);
    owned_ = partitions_of(text);
    for (std::int32_t partition : owned_) {
        stage_.groups.owns(group_, self_.epoch, id_of(partition), self_.member_id);
    }
    co_return true;
}

Task<void> ClassicMember::stay(bool is_last) {
    for (std::uint64_t beats = 2 + random_.below(10); beats > 0; --beats) {
        bool is_in = co_await commit_some(is_last);
        if (is_in && is_last) {
            co_return;
        }
        if (is_in) {
            is_in = co_await heartbeat();
        }
        if (!is_in) {
            co_return;
        }
        if (random_.chance(3)) {
            co_await fetch_committed(static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(topic_.partitions))));
        }
        co_await stage_.pause(random_ms(random_, 50, kSessionMs / 3));
    }
}

Task<bool> ClassicMember::heartbeat() {
    HeartbeatRequest request{.group_id = group_, .generation_id = self_.epoch, .member_id = self_.member_id};
    auto answer = co_await link_.call(request, any_version<HeartbeatRequest>(random_));
    if (!answer) {
        co_return true;  // nothing is known: the next one will tell
    }
    check_expected(answer->response.error_code, "a heartbeat");
    co_return is_still_in(answer->response.error_code);
}

// True: still a member, and with `all` everything owned was committed.
Task<bool> ClassicMember::commit_some(bool all) {
    std::vector<std::int32_t> owned = owned_;
    for (std::int32_t partition : owned) {
        if (!all && random_.chance(2)) {
            continue;
        }
        ErrorCode error = co_await commit(self_, partition, any_version<OffsetCommitRequest>(random_));
        bool is_ambiguous = !all && error == ErrorCode::network_exception;
        if (!is_ambiguous && !is_still_in(error)) {
            co_return false;
        }
    }
    co_return true;
}

Task<void> ClassicMember::leave() {
    std::int16_t version = any_version<LeaveGroupRequest>(random_);
    LeaveGroupRequest request{.group_id = group_, .members = {}};
    if (version <= kLastLeaveOfOne) {
        request.member_id = self_.member_id;
    } else {
        request.members.push_back({.member_id = self_.member_id});
    }
    auto answer = co_await link_.call(request, version);
    if (answer) {
        check_expected(answer->response.error_code, "a leave");
    }
}

}  // namespace

Task<void> run_classic_member(Stage& stage, std::uint64_t seed) {
    ClassicMember member(stage, seed);
    co_await member.run();
}

}  // namespace tideline::simulation
