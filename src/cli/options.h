// cli/options.h: what each command was asked to do, as plain values.
//
// command_line.cc fills them from the arguments; the commands read nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/serve.h"

namespace tideline::cli {

using KeyValue = std::pair<std::string, std::string>;

inline constexpr const char* kDefaultBootstrap = "127.0.0.1:9092";

struct OutputOptions {
    bool json = false;
};

// What every command that talks to a broker has.
struct ClientOptions {
    std::string bootstrap = kDefaultBootstrap;
    double timeout_seconds = 10;
    bool timeout_given = false;
    std::vector<KeyValue> properties;  // handed to librdkafka as they are
    bool verbose = false;              // show librdkafka's own log lines
};

struct TopicCreateOptions {
    OutputOptions output;
    ClientOptions client;
    std::string topic;
    int partitions = -1;          // -1: the broker's num.partitions
    int replication_factor = -1;  // -1: the broker's default.replication.factor
    std::vector<KeyValue> configs;
    bool if_not_exists = false;
};

struct TopicListOptions {
    OutputOptions output;
    ClientOptions client;
    bool internal = false;
    bool names = false;
};

struct TopicDescribeOptions {
    OutputOptions output;
    ClientOptions client;
    std::vector<std::string> topics;
};

struct TopicAlterOptions {
    OutputOptions output;
    ClientOptions client;
    std::string topic;
    std::optional<int> partitions;
    std::vector<KeyValue> configs;
    std::vector<std::string> deleted_configs;
};

struct TopicDeleteOptions {
    OutputOptions output;
    ClientOptions client;
    std::vector<std::string> topics;
    bool yes = false;
    bool if_exists = false;
};

// Where one record ends and the next begins.
enum class SplitOn { line, blank_line, file };

struct ProduceOptions {
    OutputOptions output;
    ClientOptions client;
    std::string topic;
    std::vector<std::string> files;  // none: standard input
    SplitOn split_on = SplitOn::line;
    std::optional<std::string> separator;      // overrides split_on
    std::optional<std::string> key_separator;  // at most one of these two
    std::optional<std::string> key_regex;
    bool key_optional = false;
    std::vector<KeyValue> headers;
    std::optional<std::string> null_marker;
    std::string compression = "none";
    std::optional<std::int32_t> partition;
    std::string acks = "all";
    std::optional<bool> idempotent;  // unset: on when acks=all
    bool auto_create = false;
    std::optional<std::string> transactional_id;       // produce in transactions
    std::optional<std::int64_t> transaction_records;  // none: one transaction for everything
    bool abort = false;
};

struct ConsumeOptions {
    OutputOptions output;
    ClientOptions client;
    std::string topic;
    std::vector<std::int32_t> partitions;  // none: all
    std::string from = "beginning";
    std::optional<std::string> until;
    std::optional<std::int64_t> count;
    bool follow = false;
    std::optional<std::string> format;  // none: the value and a line feed, behind the outcome where that is shown
    std::string null_marker;
    std::string isolation = "read_uncommitted";
    bool show_aborted = false;         // leave nothing out and say what became of each record
    std::optional<std::string> group;  // read as a member of it
};

struct ClusterInfoOptions {
    OutputOptions output;
    ClientOptions client;
};

struct GroupListOptions {
    OutputOptions output;
    ClientOptions client;
    bool names = false;
};

struct GroupDescribeOptions {
    OutputOptions output;
    ClientOptions client;
    std::string group;
    std::optional<double> watch_seconds;
};

struct GroupMembersOptions {
    OutputOptions output;
    ClientOptions client;
    std::string group;
};

struct GroupLagOptions {
    OutputOptions output;
    ClientOptions client;
    std::vector<std::string> groups;  // none: all
    std::optional<double> watch_seconds;
};

struct GroupDoctorOptions {
    OutputOptions output;
    ClientOptions client;
    std::vector<std::string> groups;  // none: all
    std::string patience = "1m";
};

struct GroupDeleteOptions {
    OutputOptions output;
    ClientOptions client;
    std::vector<std::string> groups;
    bool yes = false;
};

struct GroupDeleteOffsetsOptions {
    OutputOptions output;
    ClientOptions client;
    std::string group;
    std::vector<std::string> topics;  // "orders" or "orders:0,2"
    bool yes = false;
};

// Exactly one of the eight that say where to go.
struct GroupResetOptions {
    OutputOptions output;
    ClientOptions client;
    std::string group;
    std::vector<std::string> topics;  // as above; none: all that is committed
    bool to_earliest = false;
    bool to_latest = false;
    bool to_current = false;
    std::optional<std::int64_t> to_offset;
    std::optional<std::int64_t> shift_by;
    std::optional<std::string> to_datetime;
    std::optional<std::string> by_duration;
    std::optional<std::string> from_file;
    std::optional<std::string> to_group;  // set the offsets there instead
    std::optional<std::string> save;      // where the replaced offsets are kept
    bool execute = false;
};

struct TxnListOptions {
    OutputOptions output;
    ClientOptions client;
    bool all = false;  // idle ids, too
    std::optional<std::string> longer_than;
    std::optional<std::string> pattern;
    std::optional<double> watch_seconds;
};

struct TxnDescribeOptions {
    OutputOptions output;
    ClientOptions client;
    std::vector<std::string> topics;  // "orders" or "orders:0,2"; none: all that is held back
    std::optional<std::string> transactional_id;
    std::optional<double> watch_seconds;
};

struct TxnHangingOptions {
    OutputOptions output;
    ClientOptions client;
    std::vector<std::string> topics;  // as above
    std::optional<double> watch_seconds;
};

// One of partition and id.
struct TxnAbortOptions {
    OutputOptions output;
    ClientOptions client;
    std::optional<std::string> partition;  // "orders:0"
    std::optional<std::string> transactional_id;
    std::optional<std::int64_t> producer_id;  // of those that are open in the partition
    bool execute = false;
    bool force = false;
};

struct LogDumpOptions {
    OutputOptions output;
    std::vector<std::string> files;
    std::string kind = "auto";
    bool records = false;
};

struct CompletionOptions {
    std::string shell;
};

using Command = std::variant<TopicCreateOptions, TopicListOptions, TopicDescribeOptions, TopicAlterOptions,
                             TopicDeleteOptions, ProduceOptions, ConsumeOptions, ClusterInfoOptions,
                             GroupListOptions, GroupDescribeOptions, GroupMembersOptions, GroupLagOptions, GroupDoctorOptions,
                             GroupDeleteOptions, GroupDeleteOffsetsOptions, GroupResetOptions,
                             TxnListOptions, TxnDescribeOptions, TxnHangingOptions, TxnAbortOptions, LogDumpOptions,
                             CompletionOptions, ServeOptions>;

// Why options that are each right do not go together, or nullopt.
std::optional<std::string> contradiction(const Command& command);

}  // namespace tideline::cli
