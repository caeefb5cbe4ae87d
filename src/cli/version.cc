#include "cli/version.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

namespace tideline::cli {

std::string version_number() {
    return TL_VERSION;
}

std::string version_text() {
    return fmt::format("tideline {} (librdkafka {})", TL_VERSION, rd_kafka_version_str());
}

}  // namespace tideline::cli
