#include "cli/kafka_client.h"

#include <fmt/format.h>

#include "base/error_code.h"
#include "base/result.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

// `localhost` can mean ::1 first and 127.0.0.1 a moment later: one refused connection proves nothing yet.
constexpr double kRefusedGraceSeconds = 0.7;

constexpr int kDebugLevel = 7;  // of syslog

struct ConfDeleter {
    void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

struct PartitionListDeleter {
    void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDeleter>;

Outcome<> apply(rd_kafka_conf_t* conf, const std::vector<KeyValue>& settings) {
    for (const auto& [key, value] : settings) {
        char why[512];
        if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
            return usage_failure(why, "librdkafka's properties are listed in its CONFIGURATION.md");
        }
    }
    return {};
}

// librdkafka marks its own errors, and those of brokers.
std::string without_mark(std::string reason) {
    for (std::string_view mark : {"Local: ", "Broker: "}) {
        if (reason.starts_with(mark)) {
            return reason.substr(mark.size());
        }
    }
    return reason;
}

Metadata to_values(const struct rd_kafka_metadata* raw) {
    Metadata metadata;
    for (int i = 0; i < raw->broker_cnt; ++i) {
        const auto& broker = raw->brokers[i];
        metadata.brokers.push_back({broker.id, broker.host, broker.port});
    }
    std::ranges::sort(metadata.brokers, {}, &BrokerInfo::id);
    for (int i = 0; i < raw->topic_cnt; ++i) {
        const auto& from = raw->topics[i];
        if (from.err != RD_KAFKA_RESP_ERR_NO_ERROR && from.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
            continue;
        }
        TopicInfo topic{from.topic, {}};
        for (int j = 0; j < from.partition_cnt; ++j) {
            const auto& p = from.partitions[j];
            topic.partitions.push_back({p.id, p.leader, {p.replicas, p.replicas + p.replica_cnt},
                                        {p.isrs, p.isrs + p.isr_cnt}});
        }
        std::ranges::sort(topic.partitions, {}, &PartitionInfo::id);
        metadata.topics.emplace(topic.name, std::move(topic));
    }
    return metadata;
}

}  // namespace

KafkaClient::KafkaClient(const ClientOptions& options, ClientListeners listeners)
    : options_(options),
      timeout_ms_(static_cast<int>(options.timeout_seconds * 1000)),
      listeners_(listeners) {}

KafkaClient::~KafkaClient() {
    if (handle_ != nullptr) {
        rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
}

void KafkaClient::install_callbacks(rd_kafka_conf_t* conf, bool verbose) {
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int error, const char* reason, void* opaque) {
        auto* client = static_cast<KafkaClient*>(opaque);
        if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
            client->all_down_ = true;
        } else {
            client->trouble_ = readable_trouble(reason);
        }
    });
    verbose_ = verbose;
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t* handle, int level, const char* facility, const char* text) {
        auto* client = static_cast<KafkaClient*>(rd_kafka_opaque(handle));
        if (client == nullptr) {
            return;
        }
        if (auto error = refusal_in_log(text); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            client->last_refusal_ = error;
        }
        if (client->verbose_ && (level < kDebugLevel || client->debug_wanted_)) {
            rd_kafka_log_print(handle, level, facility, text);
        }
    });
    if (listeners_.delivery != nullptr) {
        rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
            static_cast<KafkaClient*>(opaque)->listeners_.delivery->on_delivery(*message);
        });
    }
    if (listeners_.member != nullptr) {
        rd_kafka_conf_set_rebalance_cb(
            conf, [](rd_kafka_t*, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions, void* opaque) {
                static_cast<KafkaClient*>(opaque)->listeners_.member->on_rebalance(what, partitions);
            });
        rd_kafka_conf_set_offset_commit_cb(
            conf, [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t*, void* opaque) {
                if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR__NO_OFFSET) {
                    static_cast<KafkaClient*>(opaque)->listeners_.member->on_commit_failed(error);
                }
            });
    }
}

Outcome<std::unique_ptr<KafkaClient>> KafkaClient::open(const ClientOptions& options, Role role,
                                                        const std::vector<KeyValue>& settings,
                                                        ClientListeners listeners) {
    std::unique_ptr<KafkaClient> client(new KafkaClient(options, listeners));
    Conf conf(rd_kafka_conf_new());
    TL_TRY_VOID(apply(conf.get(), {{"client.id", "tideline-cli"}}));
    TL_TRY_VOID(apply(conf.get(), settings));
    TL_TRY_VOID(apply(conf.get(), options.properties));
    client->install_callbacks(conf.get(), options.verbose);
    client->debug_wanted_ = std::ranges::count(options.properties, "debug", &KeyValue::first) > 0;
    char why[512];
    rd_kafka_type_t type = role == Role::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
    client->handle_ = rd_kafka_new(type, conf.get(), why, sizeof why);
    if (client->handle_ == nullptr) {
        return usage_failure(why);
    }
    (void)conf.release();  // rd_kafka_new took it
    if (rd_kafka_brokers_add(client->handle_, options.bootstrap.c_str()) == 0) {
        return usage_failure(fmt::format("'{}' names no broker", options.bootstrap), "Write --bootstrap HOST:PORT");
    }
    return client;
}

Outcome<> KafkaClient::connect() {
    const double begin = terminal::steady_seconds();
    for (int slice_ms = 100;; slice_ms = std::min(slice_ms * 2, 1000)) {
        const struct rd_kafka_metadata* raw = nullptr;
        rd_kafka_resp_err_t error = rd_kafka_metadata(handle_, 0, nullptr, &raw, slice_ms);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(raw);
            trouble_.clear();  // of an address that was not needed
            return {};
        }
        rd_kafka_poll(handle_, 0);
        double waited = terminal::steady_seconds() - begin;
        bool refused = all_down_ && !trouble_.empty() && waited > kRefusedGraceSeconds;
        if (refused || waited * 1000 >= timeout_ms_ || terminal::interrupted()) {
            return std::unexpected(unreachable(RD_KAFKA_RESP_ERR__TIMED_OUT, "reach"));
        }
        if (exit_code_of(error) != ExitCode::unreachable) {
            return std::unexpected(failure(error, "ask for the cluster's metadata"));
        }
    }
}

Outcome<Metadata> KafkaClient::metadata() {
    TL_TRY_VOID(connect());
    const struct rd_kafka_metadata* raw = nullptr;
    rd_kafka_resp_err_t error = rd_kafka_metadata(handle_, 1, nullptr, &raw, timeout_ms_);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return std::unexpected(failure(error, "ask for the cluster's metadata"));
    }
    Metadata values = to_values(raw);
    rd_kafka_metadata_destroy(raw);
    return values;
}

Outcome<TopicInfo> find_topic(const Metadata& known, const std::string& name) {
    auto at = known.topics.find(name);
    if (at == known.topics.end()) {
        return std::unexpected(Failure{ExitCode::refused, fmt::format("topic '{}' does not exist", name),
                                       hint_for(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC),
                                       kafka_name(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)});
    }
    return at->second;
}

Outcome<std::vector<TopicInfo>> KafkaClient::topics(const std::vector<std::string>& names) {
    TL_TRY(known, metadata());
    std::vector<TopicInfo> found;
    for (const std::string& name : names) {
        TL_TRY(topic, find_topic(known, name));
        found.push_back(std::move(topic));
    }
    return found;
}

Outcome<std::string> KafkaClient::cluster_id() {
    char* id = rd_kafka_clusterid(handle_, timeout_ms_);
    if (id == nullptr) {
        return std::unexpected(failure(RD_KAFKA_RESP_ERR__TIMED_OUT, "ask for the cluster's id"));
    }
    std::string text(id);
    rd_kafka_mem_free(handle_, id);
    return text;
}

Outcome<std::int32_t> KafkaClient::controller_id() {
    std::int32_t id = rd_kafka_controllerid(handle_, timeout_ms_);
    if (id < 0) {
        return std::unexpected(failure(RD_KAFKA_RESP_ERR__TIMED_OUT, "ask for the controller"));
    }
    return id;
}

Outcome<std::map<std::int32_t, std::int64_t>> KafkaClient::offsets_at(const TopicInfo& topic,
                                                                      const std::vector<std::int32_t>& partitions,
                                                                      std::int64_t timestamp) {
    std::string doing = fmt::format("ask for offsets of topic '{}'", topic.name);
    const double begin = terminal::steady_seconds();
    for (;;) {
        PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
        for (std::int32_t partition : partitions) {
            rd_kafka_topic_partition_list_add(list.get(), topic.name.c_str(), partition)->offset = timestamp;
        }
        rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(handle_, list.get(), timeout_ms_);
        std::map<std::int32_t, std::int64_t> offsets;
        for (int i = 0; i < list->cnt; ++i) {
            offsets[list->elems[i].partition] = list->elems[i].offset;
            error = error == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[i].err : error;
        }
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return offsets;
        }
        // A new topic's leader may not know yet that it is the leader.
        bool may_pass = error > 0 && is_retriable(static_cast<ErrorCode>(error));
        if (!may_pass || (terminal::steady_seconds() - begin) * 1000 > timeout_ms_ || terminal::interrupted()) {
            return std::unexpected(failure(error, doing));
        }
        rd_kafka_poll(handle_, 100);
    }
}

Failure KafkaClient::failure(rd_kafka_resp_err_t error, std::string_view doing, std::string_view broker_says) const {
    ExitCode exit = exit_code_of(error);
    if (exit == ExitCode::unreachable) {
        return unreachable(error, doing);
    }
    std::string reason = without_mark(broker_says.empty() ? rd_kafka_err2str(error) : std::string(broker_says));
    while (reason.ends_with('.')) {
        reason.pop_back();
    }
    return {exit, fmt::format("cannot {}: {}", doing, reason), hint_for(error), kafka_name(error)};
}

Failure KafkaClient::unreachable(rd_kafka_resp_err_t error, std::string_view doing) const {
    if (terminal::interrupted()) {
        // How long nobody answered says nothing: it was not waited for.
        return {ExitCode::interrupted, fmt::format("interrupted before {} answered{}{}", options_.bootstrap,
                                                   trouble_.empty() ? "" : ": ", trouble_)};
    }
    std::string reason = trouble_;
    if (reason.empty()) {
        reason = error == RD_KAFKA_RESP_ERR__TIMED_OUT ? fmt::format("no answer within {:g} s", timeout_ms_ / 1000.0)
                                                       : without_mark(rd_kafka_err2str(error));
    }
    std::string what = doing == "reach" ? fmt::format("cannot reach {}: {}", options_.bootstrap, reason)
                                        : fmt::format("cannot {}: {} ({})", doing, reason, options_.bootstrap);
    return {ExitCode::unreachable, what,
            "Is a broker running there? Start one with: tideline serve --data-dir DIR\n"
            "or name another with --bootstrap HOST:PORT (environment: TIDELINE_BOOTSTRAP)"};
}

}  // namespace tideline::cli
