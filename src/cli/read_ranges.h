// cli/read_ranges.h: what `consume` was asked to read, as offsets of partitions.
#pragma once

#include <string>
#include <vector>

#include "cli/kafka_client.h"
#include "cli/position.h"

namespace tideline::cli {

// Ranges that hold something, by partition. The end is the one that `client` is given: with isolation.level=read_committed
// the last stable offset. Sentences for people about offsets that are not there go to `warnings`.
Outcome<std::vector<ReadRange>> find_ranges(KafkaClient& client, const ConsumeOptions& options,
                                            std::vector<std::string>& warnings);

}  // namespace tideline::cli
