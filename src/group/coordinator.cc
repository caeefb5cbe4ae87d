// Coordinator: which protocol a request belongs to, timers, and the search for expired offsets.
#include "group/coordinator.h"

#include "group/classic_answers.h"
#include "group/classic_protocol.h"
#include "group/consumer_protocol.h"
#include "group/offset_manager.h"

namespace tideline::group {

namespace {

// What one tick may do, so that a shard with thousands of groups still serves between two.
constexpr int kExpiriesPerTick = 64;
constexpr int kCleanUpsPerTick = 256;

}  // namespace

Coordinator::Coordinator(GroupConfig config, const Topics& topics, const GroupConfigs& group_configs,
                         std::function<std::uint64_t()> random)
    : environment_{.config = std::move(config),
                   .topics = topics,
                   .group_configs = group_configs,
                   .random = std::move(random),
                   .groups = {}} {
    classic_ = std::make_unique<ClassicProtocol>(environment_);
    offsets_ = std::make_unique<OffsetManager>(environment_, *classic_);
    consumer_ = std::make_unique<ConsumerProtocol>(environment_, *classic_);
}

Coordinator::~Coordinator() = default;

void Coordinator::join(Ticket ticket, const ClientInfo& client, const protocol::JoinGroupRequest& request, const Now& now,
                       Effects& out) {
    auto* group = environment_.groups.find(request.group_id);
    if (group != nullptr && group->type() == GroupType::consumer) {
        if (!group->is_empty()) {
            consumer_->classic_join(*group, ticket, client, request, now, out);
            return;
        }
        // An empty group speaks whatever its next member speaks. A join that would be refused must leave it, or nobody could
        // fetch its offsets any more.
        if (auto refused = classic_->why_no_new_group(request)) {
            out.answer(ticket, join_error(*refused, request.member_id));
            return;
        }
        group->add_tombstones(out);
        environment_.groups.erase(request.group_id);
    }
    classic_->join(ticket, client, request, now, out);
}

std::optional<std::int64_t> Coordinator::first_expiry_ms(std::string_view group_id) const {
    const auto* group = environment_.groups.find(group_id);
    return group == nullptr ? std::nullopt : offsets_->first_expiry_ms(*group);
}

const OffsetStore::Topics* Coordinator::offsets_of(std::string_view group_id) const { return offsets_->store().find(group_id); }

void Coordinator::sync(Ticket ticket, const ClientInfo& client, const protocol::SyncGroupRequest& request, const Now& now,
                       Effects& out) {
    auto* group = environment_.groups.find(request.group_id);
    if (request.group_id.empty()) {
        out.answer(ticket, sync_error(ErrorCode::invalid_group_id));
    } else if (group == nullptr || group->is_empty()) {
        out.answer(ticket, sync_error(ErrorCode::unknown_member_id));
    } else if (group->type() == GroupType::classic) {
        classic_->sync(static_cast<ClassicGroup&>(*group), ticket, request, now, out);
    } else {
        consumer_->classic_sync(*group, ticket, client, request, now, out);
    }
}

void Coordinator::heartbeat(Ticket ticket, const ClientInfo& client, const protocol::HeartbeatRequest& request, const Now& now,
                            Effects& out) {
    auto* group = environment_.groups.find(request.group_id);
    protocol::HeartbeatResponse refused;
    if (request.group_id.empty()) {
        refused.error_code = ErrorCode::invalid_group_id;
        out.answer(ticket, refused);
    } else if (group == nullptr) {
        refused.error_code = ErrorCode::unknown_member_id;
        out.answer(ticket, refused);
    } else if (group->type() == GroupType::classic) {
        classic_->heartbeat(static_cast<ClassicGroup&>(*group), ticket, request, now, out);
    } else {
        consumer_->classic_heartbeat(*group, ticket, client, request, now, out);
    }
}

void Coordinator::leave(Ticket ticket, const ClientInfo& client, const protocol::LeaveGroupRequest& request, const Now& now,
                        Effects& out) {
    auto* group = environment_.groups.find(request.group_id);
    if (!request.group_id.empty() && group != nullptr) {
        if (group->type() == GroupType::classic) {
            classic_->leave(static_cast<ClassicGroup&>(*group), ticket, client, request, now, out);
        } else {
            consumer_->classic_leave(*group, ticket, client, request, now, out);
        }
        return;
    }
    protocol::LeaveGroupResponse refused;
    if (request.group_id.empty()) {
        refused.error_code = ErrorCode::invalid_group_id;
    } else if (client.api_version < 3) {  // KIP-345 brought the list
        refused.error_code = ErrorCode::unknown_member_id;
    } else {
        for (const auto& leaving : request.members) {
            auto& entry = refused.members.emplace_back();
            entry.member_id = leaving.member_id;
            entry.group_instance_id = leaving.group_instance_id;
            entry.error_code = ErrorCode::unknown_member_id;
        }
    }
    out.answer(ticket, std::move(refused));
}

void Coordinator::consumer_heartbeat(Ticket ticket, const ClientInfo& client,
                                     const protocol::ConsumerGroupHeartbeatRequest& request, const Now& now, Effects& out) {
    consumer_->heartbeat(ticket, client, request, now, out);
}

void Coordinator::consumer_describe(Ticket ticket, const ClientInfo& client, const std::vector<std::string>& group_ids,
                                    const Now& now, Effects& out) {
    consumer_->describe(ticket, client, group_ids, now, out);
}

void Coordinator::commit(Ticket ticket, const ClientInfo& client, const protocol::OffsetCommitRequest& request, const Now& now,
                         Effects& out) {
    offsets_->commit(ticket, client, request, now, out);
}

void Coordinator::commit_in_transaction(Ticket ticket, const ClientInfo& client, const protocol::TxnOffsetCommitRequest& request,
                                        std::uint64_t guard, const Now& now, Effects& out) {
    offsets_->commit_in_transaction(ticket, client, request, guard, now, out);
}

void Coordinator::fetch(Ticket ticket, const ClientInfo&, const protocol::OffsetFetchRequest::OffsetFetchRequestGroup& request,
                        bool require_stable, const Now&, Effects& out) {
    offsets_->fetch(ticket, request, require_stable, out);
}

void Coordinator::delete_offsets(Ticket ticket, const ClientInfo&, const protocol::OffsetDeleteRequest& request, const Now&,
                                 Effects& out) {
    offsets_->delete_offsets(ticket, request, out);
}

Instant Coordinator::next_deadline() const { return std::min(environment_.groups.next_deadline(), clean_up_at_); }

void Coordinator::tick(const Now& now, Effects& out) {
    for (int expiries = 0; expiries < kExpiriesPerTick; ++expiries) {
        auto* group = environment_.groups.take_due(now.instant);
        if (group == nullptr) {
            break;
        }
        if (group->type() == GroupType::classic) {
            classic_->expire(static_cast<ClassicGroup&>(*group), now, out);
        } else {
            consumer_->expire(*group, now, out);
        }
    }
    if (clean_up_at_ <= now.instant) {
        clean_up(now, out);
    }
}

// Expired offsets go, and groups that nothing keeps any more; some groups a call.
void Coordinator::clean_up(const Now& now, Effects& out) {
    if (clean_up_left_.empty()) {
        environment_.groups.for_each([this](Group& group) { clean_up_left_.push_back(group.id()); });
        std::ranges::sort(clean_up_left_, std::greater<>());
    }
    for (int looked_at = 0; looked_at < kCleanUpsPerTick && !clean_up_left_.empty(); ++looked_at) {
        auto id = std::move(clean_up_left_.back());
        clean_up_left_.pop_back();
        auto* group = environment_.groups.find(id);
        if (group != nullptr && offsets_->expire(*group, now, out) && group->is_empty()) {
            group->add_tombstones(out);
            environment_.groups.erase(id);
        }
    }
    clean_up_at_ = clean_up_left_.empty() ? now.in_ms(environment_.config.offsets_retention_check_interval_ms) : now.instant;
}

void Coordinator::topics_changed(const Now& now, Effects& out) { consumer_->topics_changed(now, out); }

void Coordinator::topics_deleted(const std::vector<std::string>& names, const Now&, Effects& out) {
    offsets_->topics_deleted(names, out);
}

void Coordinator::set_config(GroupConfig config) { environment_.config = std::move(config); }

std::size_t Coordinator::offset_count() const { return offsets_->store().size(); }

}  // namespace tideline::group
