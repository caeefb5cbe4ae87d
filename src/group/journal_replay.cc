#include "group/journal_replay.h"

#include "base/log.h"
#include "coordinator/batches.h"
#include "record/control.h"

namespace tideline::group {

base::Result<> replay_batches(Coordinator& coordinator, base::ByteView batches, const Now& now) {
    return coordinator::visit_records(batches, [&](const record::BatchHeader& header, const record::Record& record) {
        if (header.is_control()) {
            auto marker = record::parse_end_txn_marker(*record.key, record.value.value_or(base::ByteView{}));
            if (marker) {
                coordinator.replay_end_transaction(header.producer_id, marker->type == record::ControlType::commit);
            }
            return;
        }
        auto producer_id = header.is_transactional() ? header.producer_id : -1;
        if (auto replayed = coordinator.replay(*record.key, record.value, producer_id, now); !replayed) {
            TL_LOG_WARN("group_record_skipped", {"offset", record.offset}, {"error", base::to_string(replayed.error())});
        }
    });
}

}  // namespace tideline::group
