#include "group/consumer_changes.h"

#include "group/consumer_records.h"

namespace tideline::group {

void ConsumerChanges::set_epoch(std::int32_t epoch, std::uint64_t metadata_hash) {
    out_.add(group_epoch_record(group_.id(), epoch, metadata_hash));
    group_.set_epoch(epoch, metadata_hash);
}

void ConsumerChanges::set_metadata(const std::string& member_id, const MemberMetadata& metadata) {
    out_.add(member_metadata_record(group_.id(), member_id, metadata));
    group_.set_metadata(member_id, metadata);
}

void ConsumerChanges::set_current(const std::string& member_id, const CurrentAssignment& current) {
    out_.add(current_assignment_record(group_.id(), member_id, current));
    group_.set_current(member_id, current);
}

void ConsumerChanges::set_target(const std::string& member_id, const Assignment& target) {
    out_.add(target_assignment_record(group_.id(), member_id, target));
    group_.set_target(member_id, target);
}

void ConsumerChanges::set_assignment_epoch(std::int32_t epoch) {
    out_.add(assignment_epoch_record(group_.id(), epoch));
    group_.set_assignment_epoch(epoch);
}

void ConsumerChanges::set_resolved(const std::string& regex, const ResolvedRegex& resolved) {
    out_.add(regex_record(group_.id(), regex, resolved));
    group_.set_resolved(regex, resolved);
}

void ConsumerChanges::remove_resolved(const std::string& regex) {
    out_.add(regex_tombstone(group_.id(), regex));
    group_.remove_resolved(regex);
}

void ConsumerChanges::remove_partition_metadata() {
    out_.add(partition_metadata_tombstone(group_.id()));
    group_.set_partition_metadata(false);
}

void ConsumerChanges::remove_member(const std::string& member_id) {
    out_.add(current_assignment_tombstone(group_.id(), member_id));
    out_.add(target_assignment_tombstone(group_.id(), member_id));
    out_.add(member_metadata_tombstone(group_.id(), member_id));
    group_.remove_target(member_id);
    group_.remove_member(member_id);
}

}  // namespace tideline::group
