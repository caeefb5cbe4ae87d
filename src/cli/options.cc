#include "cli/options.h"

#include <fmt/format.h>

namespace tideline::cli {
namespace {

std::optional<std::string> contradiction_in(const ServeOptions& o) {
    if (o.data_dir.empty() && o.config.empty()) {
        return "--data-dir DIR is required (or --config FILE with log.dirs)";
    }
    return std::nullopt;
}

std::optional<std::string> contradiction_in(const TopicAlterOptions& o) {
    if (!o.partitions && o.configs.empty() && o.deleted_configs.empty()) {
        return "one of --partitions, --config and --delete-config is required";
    }
    return std::nullopt;
}

std::optional<std::string> contradiction_in(const ProduceOptions& o) {
    if (o.idempotent.value_or(false) && o.acks != "all") {
        return "--idempotent needs --acks all";
    }
    if (o.key_separator && o.key_separator->empty()) {
        return "--key-separator is empty";
    }
    if (o.separator && o.separator->empty()) {
        return "--separator is empty";
    }
    if (!o.transactional_id) {
        return std::nullopt;
    }
    if (o.transactional_id->empty()) {
        return "--transactional-id is empty";
    }
    if (o.acks != "all" || !o.idempotent.value_or(true)) {
        return "--transactional-id needs --acks all and an idempotent producer";
    }
    return std::nullopt;
}

std::optional<std::string> contradiction_in(const ConsumeOptions& o) {
    if (!o.group) {
        return std::nullopt;
    }
    if (o.group->empty()) {
        return "--group is empty";
    }
    if (o.from != "beginning" && o.from != "end") {
        return "--group starts where the group is; --from beginning or --from end is for a group that has no offset yet";
    }
    return std::nullopt;
}

std::optional<std::string> contradiction_in(const TxnAbortOptions& o) {
    if (o.partition.has_value() == o.transactional_id.has_value()) {
        return "either a partition (TOPIC:PARTITION) or --transactional-id ID is required";
    }
    if (o.producer_id && !o.partition) {
        return "--producer-id chooses among those that are open in a partition: name that";
    }
    return std::nullopt;
}

// librdkafka would take it and ask the brokers of --bootstrap as well.
std::optional<std::string> contradiction_in_client(const ClientOptions& o) {
    for (const auto& [key, value] : o.properties) {
        if (key == "bootstrap.servers" || key == "metadata.broker.list") {
            return fmt::format("-X {} is not taken: use --bootstrap {}", key, value);
        }
    }
    return std::nullopt;
}

template <class Options>
std::optional<std::string> contradiction_in(const Options&) {
    return std::nullopt;
}

}  // namespace

std::optional<std::string> contradiction(const Command& command) {
    return std::visit(
        [](const auto& options) {
            if constexpr (requires { options.client; }) {
                if (auto found = contradiction_in_client(options.client)) {
                    return found;
                }
            }
            return contradiction_in(options);
        },
        command);
}

}  // namespace tideline::cli
