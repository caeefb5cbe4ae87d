// cli/message_view.h: a message of librdkafka, looked at.
#pragma once

#include <librdkafka/rdkafka.h>

#include "cli/record_view.h"

namespace tideline::cli {

// Points `view` into `message`, which must outlive its use.
void look_at(const rd_kafka_message_t& message, RecordView& view);

}  // namespace tideline::cli
