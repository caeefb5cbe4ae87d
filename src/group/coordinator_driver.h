// group/coordinator_driver.h: the driver of a group coordinator, see coordinator/driver.h.
#pragma once

#include "coordinator/driver.h"
#include "group/coordinator.h"

namespace tideline::group {

using coordinator::append_error_for_client;

struct GroupKind {
    using Machine = Coordinator;
    using Effects = group::Effects;
    using Reply = group::Reply;
    using Action = coordinator::NoAction;
    static constexpr std::string_view kName = "group";
    static base::Result<> replay(Coordinator& coordinator, base::ByteView batches, const Now& now);
};

using CoordinatorDriver = coordinator::Driver<GroupKind>;

// How a transaction ended.
struct TransactionEnd {
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t coordinator_epoch = 0;
    bool committed = false;
    std::int16_t transaction_version = 0;
};

// Writes the marker, and takes over or drops the offsets of the transaction. Returns the end of the log behind the marker:
// the transaction has ended when that is durable. Errors: those of append_and_replay().
base::Result<std::int64_t> end_transaction(CoordinatorDriver& driver, const TransactionEnd& end, std::int64_t now_ms);

}  // namespace tideline::group

extern template class tideline::coordinator::Driver<tideline::group::GroupKind>;
