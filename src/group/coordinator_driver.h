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

}  // namespace tideline::group

extern template class tideline::coordinator::Driver<tideline::group::GroupKind>;
