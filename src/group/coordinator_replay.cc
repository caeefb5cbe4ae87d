// Coordinator: its state from the log.
#include "group/classic_protocol.h"
#include "group/consumer_protocol.h"
#include "group/coordinator.h"
#include "group/offset_manager.h"
#include "group/records.h"
#include "protocol/messages/legacy_offset_commit_record.h"

namespace tideline::group {

namespace {

// Types 0 and 1 are both commits; the older one only lacks what the newer one may leave out.
constexpr std::int16_t kLegacyOffsetCommit = protocol::LegacyOffsetCommitKey::kRecordType;
constexpr std::int16_t kOffsetCommit = protocol::OffsetCommitKey::kRecordType;
constexpr std::int16_t kGroupMetadata = protocol::GroupMetadataKey::kRecordType;

// A value of a version from the future says nothing to us, which is no mistake.
template <class Value>
base::Result<std::optional<Value>> read_value(std::optional<base::ByteView> bytes) {
    if (!bytes) {
        return std::optional<Value>{};
    }
    TL_TRY(value, decode_value<Value>(*bytes));
    return std::optional<Value>(std::move(value));
}

bool is_from_the_future(const base::Error& error) { return error.code == ErrorCode::unsupported_version; }

}  // namespace

base::Result<> Coordinator::replay(base::ByteView key, std::optional<base::ByteView> value, std::int64_t producer_id,
                                   const Now& now) {
    TL_TRY(parts, split_version(key));
    if (parts.number == kOffsetCommit || parts.number == kLegacyOffsetCommit) {
        TL_TRY(place, decode_body<protocol::OffsetCommitKey>(parts.body, 0));
        auto offset = read_value<protocol::OffsetCommitValue>(value);
        if (!offset) {
            return is_from_the_future(offset.error()) ? base::Result<>{} : std::unexpected(offset.error());
        }
        offsets_->replay(place, *offset, producer_id, now);
        return {};
    }
    if (parts.number == kGroupMetadata) {
        TL_TRY(name, decode_body<protocol::GroupMetadataKey>(parts.body, 0));
        auto group = read_value<protocol::GroupMetadataValue>(value);
        if (!group) {
            return is_from_the_future(group.error()) ? base::Result<>{} : std::unexpected(group.error());
        }
        if (*group) {
            environment_.groups.put(ClassicGroup::from_record(name.group, **group));
        } else {
            environment_.groups.erase(name.group);
        }
        return {};
    }
    if (ConsumerProtocol::owns(parts.number)) {
        auto replayed = consumer_->replay(parts.number, parts.body, value, now);
        return !replayed && is_from_the_future(replayed.error()) ? base::Result<>{} : replayed;
    }
    return {};
}

void Coordinator::replay_end_transaction(std::int64_t producer_id, bool committed) {
    offsets_->end_transaction(producer_id, committed);
}

void Coordinator::finish_load(const Now& now, Effects& out) {
    offsets_->drop_deleted(out);
    std::vector<Group*> groups;
    groups.reserve(environment_.groups.size());
    environment_.groups.for_each([&](Group& group) { groups.push_back(&group); });
    std::ranges::sort(groups, {}, [](const Group* group) { return std::string_view(group->id()); });
    for (auto* group : groups) {
        if (group->type() == GroupType::classic) {
            classic_->finish_load(static_cast<ClassicGroup&>(*group), now, out);
        } else {
            consumer_->finish_load(*group, now, out);
        }
    }
    clean_up_at_ = now.in_ms(environment_.config.offsets_retention_check_interval_ms);
}

std::string Coordinator::print_durable() const {
    std::map<std::string_view, const Group*> sorted;
    environment_.groups.for_each([&](Group& group) { sorted.emplace(group.id(), &group); });
    std::string out;
    for (const auto& [id, group] : sorted) {
        group->print_durable(out);
    }
    offsets_->print_durable(out);
    return out;
}

}  // namespace tideline::group
