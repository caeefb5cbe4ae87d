// group/effects.h: what one step of a coordinator decided: records to append, and answers to give.
//
// The state has already changed (but see Effects::transaction). The driver appends the records in their order (one batch, or several when they are too
// many) and releases the answers once these records and all that were appended before are durable: an answer may tell of
// something that an earlier step wrote.
#pragma once

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "coordinator/records.h"
#include "group/types.h"
#include "protocol/messages/consumer_group_describe.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_delete.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/sync_group.h"
#include "protocol/messages/txn_offset_commit.h"

namespace tideline::group {

using coordinator::Record;

// OffsetFetch, ConsumerGroupDescribe, DescribeGroups and DeleteGroups name groups of several coordinators: each answers
// its part, and the server puts them together.
using Reply = std::variant<protocol::JoinGroupResponse, protocol::SyncGroupResponse, protocol::HeartbeatResponse,
                           protocol::LeaveGroupResponse, protocol::OffsetCommitResponse,
                           protocol::OffsetFetchResponse::OffsetFetchResponseGroup, protocol::OffsetDeleteResponse,
                           protocol::DeleteGroupsResponse, protocol::DescribeGroupsResponse, protocol::ListGroupsResponse,
                           protocol::ConsumerGroupHeartbeatResponse, protocol::ConsumerGroupDescribeResponse,
                           protocol::TxnOffsetCommitResponse>;

struct Answer {
    Ticket ticket = kNoTicket;
    Reply reply;
};

struct Effects {
    std::vector<Record> records;
    std::vector<Answer> answers;
    // Set: the state has not changed yet, see there.
    std::optional<coordinator::TransactionalWriter> transaction;

    void answer(Ticket ticket, Reply reply) { answers.push_back({ticket, std::move(reply)}); }
    void add(Record record) { records.push_back(std::move(record)); }
    bool empty() const { return records.empty() && answers.empty(); }
};

}  // namespace tideline::group
