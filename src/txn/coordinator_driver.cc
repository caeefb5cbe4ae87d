#include "txn/coordinator_driver.h"

#include "coordinator/driver_body.h"

namespace tideline::txn {

base::Result<> TransactionKind::replay(Coordinator& coordinator, base::ByteView batches, const Now& /*now*/) {
    return coordinator::visit_records(batches, [&](const record::BatchHeader& header, const record::Record& record) {
        if (header.is_control()) {
            return;
        }
        if (auto replayed = coordinator.replay(*record.key, record.value); !replayed) {
            TL_LOG_WARN("transaction_record_skipped", {"offset", record.offset}, {"error", base::to_string(replayed.error())});
        }
    });
}

}  // namespace tideline::txn

template class tideline::coordinator::Driver<tideline::txn::TransactionKind>;
