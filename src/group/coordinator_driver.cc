#include "group/coordinator_driver.h"

#include "coordinator/driver_body.h"
#include "group/journal_replay.h"
#include "record/control.h"

namespace tideline::group {

base::Result<> GroupKind::replay(Coordinator& coordinator, base::ByteView batches, const Now& now) {
    return replay_batches(coordinator, batches, now);
}

base::Result<std::int64_t> end_transaction(CoordinatorDriver& driver, const TransactionEnd& end, std::int64_t now_ms) {
    auto type = end.committed ? record::ControlType::commit : record::ControlType::abort;
    auto marker = record::build_marker_batch({.timestamp = now_ms,
                                              .producer_id = end.producer_id,
                                              .producer_epoch = end.producer_epoch,
                                              .marker = {.type = type, .coordinator_epoch = end.coordinator_epoch}});
    return driver.append_and_replay(marker, {.now_ms = now_ms, .transaction_version = end.transaction_version});
}

}  // namespace tideline::group

template class tideline::coordinator::Driver<tideline::group::GroupKind>;
