// cli/group/doctor_facts.h: what brokers know of groups, gathered for `group doctor`.
#pragma once

#include <string>
#include <vector>

#include "cli/group/doctor.h"

namespace tideline::cli {

// In the order of `groups`. A group that is not there is GROUP_ID_NOT_FOUND.
Outcome<std::vector<DoctorFacts>> gather_facts(KafkaClient& client, const std::vector<std::string>& groups, std::int64_t now_ms);

}  // namespace tideline::cli
