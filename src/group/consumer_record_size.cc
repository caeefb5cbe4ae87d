// ConsumerProtocol: whether the records of a step can be written, asked before the step is taken.
#include <algorithm>

#include "group/consumer_protocol.h"

namespace tideline::group {

namespace {

constexpr std::size_t kPartitionBytes = 4;
constexpr std::size_t kTopicBytes = 32;  // id, lengths and tags

}  // namespace

bool ConsumerProtocol::fits(const Record& record) const {
    return record.key.size() + (record.value ? record.value->size() : 0) <= environment_.config.record_bytes_max;
}

// Nothing can be taken back once it was changed, and a record that the log refuses would cost all groups of this coordinator their
// state. A cluster that has fewer partitions than a record holds need not be asked; in a larger one the step is tried on a copy.
bool ConsumerProtocol::fits(const ConsumerGroup* group, const std::string& group_id, const Plan& plan, const Now& now) const {
    if (assignment_bytes_max() <= environment_.config.record_bytes_max || !may_write_assignments(group, plan)) {
        return true;
    }
    const std::unique_ptr<ConsumerGroup> tried = group != nullptr ? group->copy() : std::make_unique<ConsumerGroup>(group_id);
    Effects out;
    ConsumerChanges changes(*tried, out);
    update_member(*tried, changes, plan);
    go_on(*tried, changes, plan, now);
    return std::ranges::all_of(out.records, [this](const Record& record) { return fits(record); });
}

// False for a heartbeat that only says that its member lives.
bool ConsumerProtocol::may_write_assignments(const ConsumerGroup* group, const Plan& plan) const {
    const bool is_known = group != nullptr && !plan.is_new && plan.replaces.empty() && plan.after == plan.before;
    const bool group_is_quiet = is_known && group->checked_metadata == metadata_serial_ && group->subscriptions().regexes().empty() &&
                                group->epoch() <= group->assignment_epoch();
    return !group_is_quiet || !group->member(plan.member_id)->current.is_reconciled_to(group->assignment_epoch());
}

// Twice all partitions: what a member has, and what it still must give up of topics that were other ones before.
std::size_t ConsumerProtocol::assignment_bytes_max() const {
    if (all_partitions_serial_ != metadata_serial_) {
        all_partitions_serial_ = metadata_serial_;
        all_partitions_bytes_ = 0;
        environment_.topics.for_each([this](const TopicInfo& topic) {
            all_partitions_bytes_ += kTopicBytes + kPartitionBytes * static_cast<std::size_t>(topic.partition_count);
        });
    }
    return 2 * all_partitions_bytes_;
}

}  // namespace tideline::group
