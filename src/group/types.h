// group/types.h: what every step of a coordinator is told, see coordinator/types.h.
#pragma once

#include "coordinator/types.h"

namespace tideline::group {

using coordinator::ClientInfo;
using coordinator::Instant;
using coordinator::kNever;
using coordinator::kNoTicket;
using coordinator::Now;
using coordinator::Ticket;

}  // namespace tideline::group
