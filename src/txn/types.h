// txn/types.h: what every step of a coordinator is told, see coordinator/types.h.
#pragma once

#include "coordinator/types.h"

namespace tideline::txn {

using coordinator::Instant;
using coordinator::kNever;
using coordinator::kNoTicket;
using coordinator::Now;
using coordinator::Ticket;

}  // namespace tideline::txn
