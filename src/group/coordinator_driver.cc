#include "group/coordinator_driver.h"

#include "coordinator/driver_body.h"
#include "group/journal_replay.h"

namespace tideline::group {

base::Result<> GroupKind::replay(Coordinator& coordinator, base::ByteView batches, const Now& now) {
    return replay_batches(coordinator, batches, now);
}

}  // namespace tideline::group

template class tideline::coordinator::Driver<tideline::group::GroupKind>;
