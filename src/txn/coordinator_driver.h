// txn/coordinator_driver.h: the driver of a transaction coordinator, see coordinator/driver.h.
#pragma once

#include "coordinator/driver.h"
#include "txn/coordinator.h"

namespace tideline::txn {

struct TransactionKind {
    using Machine = Coordinator;
    using Effects = txn::Effects;
    using Reply = txn::Reply;
    using Action = txn::Action;
    static constexpr std::string_view kName = "transaction";
    // A record that cannot be read is skipped with a warning: what it held is lost, but not everybody else's.
    static base::Result<> replay(Coordinator& coordinator, base::ByteView batches, const Now& now);
};

using CoordinatorDriver = coordinator::Driver<TransactionKind>;

}  // namespace tideline::txn

extern template class tideline::coordinator::Driver<tideline::txn::TransactionKind>;
