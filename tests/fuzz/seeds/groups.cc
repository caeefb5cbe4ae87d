#include <fmt/format.h>

#include "base/check.h"
#include "group_steps.h"
#include "group/records.h"
#include "protocol/message_testing.h"
#include "seeds/seeds.h"

namespace tideline::fuzz {
namespace {

using base::Bytes;
using group::Coordinator;
using protocol::MessageKind;
using protocol::MessageSchema;

void write_item(base::ByteWriter& out, base::ByteView bytes) {
    out.write_uint16(static_cast<std::uint16_t>(bytes.size()));
    out.write_bytes(bytes);
}

void write_record(base::ByteWriter& out, base::ByteView key, std::optional<base::ByteView> value) {
    out.write_int8(static_cast<std::int8_t>(GroupStep::record));
    write_item(out, key);
    if (value) {
        write_item(out, *value);
    } else {
        out.write_uint16(static_cast<std::uint16_t>(kNoValue));
    }
}

// What happens to a coordinator: the requests as steps, and the records they left as steps.
class Story {
public:
    template <class Request>
    group::Effects ask(GroupStep step, const Request& request,
                       void (Coordinator::*method)(group::Ticket, const group::ClientInfo&, const Request&, const group::Now&, group::Effects&),
                       std::int16_t version = Request::kMaxVersion) {
        protocol::Writer body;
        request.encode(body, version);
        requests_.write_int8(static_cast<std::int8_t>(step));
        requests_.write_int8(static_cast<std::int8_t>(version - Request::kMinVersion));
        write_item(requests_, body.take());
        return decide([&](group::Effects& out) {
            ((*coordinator_).*method)(++last_ticket_, {.id = "fuzz", .host = "/127.0.0.1", .api_version = version}, request, now_, out);
        });
    }
    // The first delay of a rebalance ends.
    group::Effects let_time_pass(std::uint16_t seconds) {
        requests_.write_int8(static_cast<std::int8_t>(GroupStep::time_passes));
        requests_.write_uint16(seconds);
        now_.instant += std::chrono::seconds(seconds);
        now_.wall_ms += seconds * 1000;
        return decide([&](group::Effects& out) { coordinator_->tick(now_, out); });
    }
    base::ByteView requests() const { return requests_.view(); }
    base::ByteView records() const { return records_.view(); }

private:
    template <class Decide>
    group::Effects decide(Decide what) {
        group::Effects effects;
        what(effects);
        for (const group::Record& record : effects.records) {
            write_record(records_, record.key, record.value ? std::optional<base::ByteView>(*record.value) : std::nullopt);
        }
        return effects;
    }

    std::unique_ptr<Coordinator> coordinator_ = make_coordinator(0);
    group::Now now_{.instant = group::Instant{} + std::chrono::hours(1), .wall_ms = kFuzzWallMs};
    group::Ticket last_ticket_ = group::kNoTicket;
    base::ByteWriter requests_;
    base::ByteWriter records_;
};

protocol::OffsetCommitRequest commit_of(const std::string& group_id, const std::string& member_id, std::int32_t generation) {
    protocol::OffsetCommitRequest commit;
    commit.group_id = group_id;
    commit.member_id = member_id;
    commit.generation_id_or_member_epoch = generation;
    commit.topics.emplace_back().name = "orders";
    auto& partition = commit.topics.back().partitions.emplace_back();
    partition.committed_offset = 42;
    return commit;
}

// A member joins, leads, reads, and leaves.
Story classic() {
    Story story;
    protocol::JoinGroupRequest join;
    join.group_id = "classic";
    join.session_timeout_ms = 10'000;
    join.rebalance_timeout_ms = 20'000;
    join.group_instance_id = "static";
    join.protocol_type = "consumer";
    join.protocols.emplace_back().name = "range";
    join.protocols.back().metadata = {0, 1, 0, 0, 0, 1, 0, 6, 'o', 'r', 'd', 'e', 'r', 's', 0xff, 0xff, 0xff, 0xff};
    story.ask(GroupStep::join, join, &Coordinator::join);
    auto joined = story.let_time_pass(4);
    TL_CHECK(joined.answers.size() == 1);
    const auto& member = std::get<protocol::JoinGroupResponse>(joined.answers.front().reply);
    protocol::SyncGroupRequest sync;
    sync.group_id = "classic";
    sync.generation_id = member.generation_id;
    sync.member_id = member.member_id;
    sync.assignments.emplace_back().member_id = member.member_id;
    sync.assignments.back().assignment = {0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
    story.ask(GroupStep::sync, sync, &Coordinator::sync);
    story.ask(GroupStep::commit, commit_of("classic", member.member_id, member.generation_id), &Coordinator::commit, 9);
    protocol::HeartbeatRequest beat;
    beat.group_id = "classic";
    beat.generation_id = member.generation_id;
    beat.member_id = member.member_id;
    story.ask(GroupStep::heartbeat, beat, &Coordinator::heartbeat);
    return story;
}

// Two members of a consumer group, one of which subscribes by a pattern.
Story modern() {
    Story story;
    for (int turn = 0; turn < 2; ++turn) {
        for (const char* member_id : {"one", "two"}) {
            protocol::ConsumerGroupHeartbeatRequest beat;
            beat.group_id = "modern";
            beat.member_id = member_id;
            beat.member_epoch = turn;
            beat.rebalance_timeout_ms = 20'000;
            beat.topic_partitions.emplace();
            beat.subscribed_topic_names = {"orders", "payments"};
            if (turn == 0 && *member_id == 't') {
                beat.subscribed_topic_regex = "o.*";
                beat.instance_id = "static";
            }
            story.ask(GroupStep::consumer_heartbeat, beat, &Coordinator::consumer_heartbeat);
        }
    }
    story.ask(GroupStep::commit, commit_of("modern", "one", 1), &Coordinator::commit, 9);
    return story;
}

// Behind the records: what a leaving member says, descriptions, and an hour.
Bytes with_an_end(base::ByteView records, base::ByteView requests) {
    base::ByteWriter out;
    out.write_bytes(records);
    out.write_bytes(requests);
    out.write_int8(static_cast<std::int8_t>(GroupStep::about_groups));
    out.write_int8(0);
    out.write_int8(static_cast<std::int8_t>(GroupStep::time_passes));
    out.write_uint16(3600);
    out.write_int8(static_cast<std::int8_t>(GroupStep::topics_deleted));
    return out.take();
}

const MessageSchema* key_of(const MessageSchema& value) {
    for (const MessageSchema* schema : protocol::all_messages()) {
        if (schema->kind == MessageKind::coordinator_key && schema->key == value.key) {
            return schema;
        }
    }
    return nullptr;
}

// Each type of record alone, in every version.
void add_single_records(const Seeds& seeds) {
    for (const MessageSchema* schema : protocol::all_messages()) {
        const MessageSchema* key = schema->kind == MessageKind::coordinator_value ? key_of(*schema) : nullptr;
        for (std::int16_t version = schema->versions.first; key != nullptr && version <= schema->versions.last; ++version) {
            base::ByteWriter key_bytes;
            key_bytes.write_int16(schema->key);
            key_bytes.write_bytes(protocol::MessageMaker(*key, 0, protocol::Values::any, 1, false).make());
            base::ByteWriter value_bytes;
            value_bytes.write_int16(version);
            value_bytes.write_bytes(protocol::MessageMaker(*schema, version, protocol::Values::any, 1, false).make());
            base::ByteWriter steps;
            write_record(steps, key_bytes.view(), value_bytes.view());
            seeds.add("group_records", fmt::format("{}-v{}", schema->name, version), {}, with_an_end(steps.view(), {}));
        }
    }
}

}  // namespace

void add_groups(const Seeds& seeds) {
    for (auto [name, tell] : {std::pair("classic", &classic), std::pair("modern", &modern)}) {
        const Story story = tell();
        seeds.add("group_records", fmt::format("{}-alive", name), {}, with_an_end({}, story.requests()));
        seeds.add("group_records", fmt::format("{}-loaded", name), {}, with_an_end(story.records(), {}));
        seeds.add("group_records", fmt::format("{}-loaded-and-alive", name), {}, with_an_end(story.records(), story.requests()));
    }
    add_single_records(seeds);
}

}  // namespace tideline::fuzz
