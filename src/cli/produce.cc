#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/produced_transactions.h"
#include "cli/progress.h"
#include "cli/record_key.h"
#include "cli/record_sender.h"
#include "cli/record_splitter.h"
#include "cli/terminal.h"
#include "cli/text_codec.h"
#include "cli/text_table.h"

namespace tideline::cli {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr double kSettleSecondsAfterInterrupt = 2;
// Past this a missing separator is more likely than a record.
constexpr std::size_t kRecordBytesMax = 256u << 20;

class Production {
public:
    Production(const ProduceOptions& options, Console& console, KeyFinder keys, std::optional<std::string> separator)
        : options_(options), progress_(console), keys_(std::move(keys)), separator_(std::move(separator)) {}

    Outcome<> open() {
        TL_TRY_VOID(sender_.open(options_));
        begin_ = terminal::steady_seconds();
        if (!options_.transactional_id) {
            return {};
        }
        transactions_.emplace(options_, sender_, [this] { progress_.update(state()); });
        return transactions_->take_over();
    }

    // Sends every record of every input, until the end, a mistake in the input or Ctrl-C.
    Outcome<> send_all();
    // Waits for what was sent, and ends its transaction; after Ctrl-C not for long. `complete`: send_all() went well.
    Outcome<> settle(bool complete);

    ProgressState state() const;
    const RecordSender& sender() const { return sender_; }
    const std::optional<ProducedTransactions>& transactions() const { return transactions_; }
    // Records that count: a record of an aborted transaction is none.
    std::int64_t lasting_records() const {
        return transactions_ ? transactions_->count().committed_records : sender_.count().records;
    }
    std::int64_t without_key() const { return without_key_; }

private:
    void settle_plain();
    Outcome<> send_input(const std::string& path, terminal::Input input);
    Outcome<> send_record(const std::string& path, std::string_view record);

    const ProduceOptions& options_;
    Progress progress_;
    KeyFinder keys_;
    std::optional<std::string> separator_;
    RecordSender sender_;
    std::optional<ProducedTransactions> transactions_;
    double begin_ = 0;
    std::int64_t input_bytes_ = 0;
    std::optional<std::int64_t> input_bytes_total_;
    std::int64_t in_this_input_ = 0;
    std::int64_t without_key_ = 0;
};

std::string shown_name(const std::string& path) { return path == "-" ? "standard input" : "'" + path + "'"; }

Outcome<> Production::send_all() {
    std::vector<std::string> paths = options_.files.empty() ? std::vector<std::string>{"-"} : options_.files;
    // Every file is opened before the first record leaves: a misspelt third name must not leave two files sent.
    std::vector<terminal::Input> inputs;
    std::int64_t total = 0;
    bool total_known = true;
    for (const std::string& path : paths) {
        std::string why;
        auto input = terminal::Input::open(path, why);
        if (!input) {
            return usage_failure(fmt::format("cannot read '{}': {}", path, why));
        }
        total += input->size().value_or(0);
        total_known = total_known && input->size().has_value();
        inputs.push_back(std::move(*input));
    }
    if (total_known) {
        input_bytes_total_ = total;
    }
    for (std::size_t i = 0; i < inputs.size() && !terminal::interrupted(); ++i) {
        TL_TRY_VOID(send_input(paths[i], std::move(inputs[i])));
    }
    return {};
}

Outcome<> Production::send_input(const std::string& path, terminal::Input input) {
    RecordSplitter splitter(options_.split_on, separator_);
    in_this_input_ = 0;
    while (!terminal::interrupted()) {
        std::string why;
        std::int64_t got = input.read_into(splitter.buffer(), kReadBytes, why);
        if (got < 0) {
            return usage_failure(fmt::format("cannot read {}: {}", shown_name(path), why));
        }
        if (got == 0) {
            break;
        }
        input_bytes_ += got;
        while (auto record = splitter.next()) {
            if (terminal::interrupted()) {
                return {};
            }
            TL_TRY_VOID(send_record(path, *record));
        }
        if (splitter.pending() > kRecordBytesMax) {
            return usage_failure(fmt::format("record {} of {} does not end within 256 MiB", in_this_input_ + 1,
                                             shown_name(path)));
        }
        sender_.poll();
        progress_.update(state());
    }
    // After Ctrl-C the rest may be half a record.
    if (auto record = splitter.finish(); record && !terminal::interrupted()) {
        TL_TRY_VOID(send_record(path, *record));
    }
    return {};
}

Outcome<> Production::send_record(const std::string& path, std::string_view record) {
    ++in_this_input_;
    auto keyed = keys_.find(record);
    if (!keyed) {
        return usage_failure(fmt::format("record {} of {} has no key", in_this_input_, shown_name(path)),
                             fmt::format("It begins with: {}\nAdd --key-optional to send such records without a key",
                                         Json(std::string(record.substr(0, 60)))
                                             .dump(-1, ' ', true, Json::error_handler_t::replace)));
    }
    without_key_ += keyed->key ? 0 : 1;
    return transactions_ ? transactions_->send(*keyed) : sender_.send(*keyed);
}

Outcome<> Production::settle(bool complete) {
    if (!transactions_) {
        settle_plain();
        return {};
    }
    auto finished = transactions_->finish(complete);
    progress_.clear();
    return finished;
}

void Production::settle_plain() {
    std::optional<double> give_up_at;
    bool given_up = false;
    while (!sender_.flush()) {
        progress_.update(state());
        if (!terminal::interrupted()) {
            continue;
        }
        double now = terminal::steady_seconds();
        give_up_at = give_up_at.value_or(now + kSettleSecondsAfterInterrupt);
        if (given_up && now > *give_up_at + 1) {
            break;
        }
        if (!given_up && now > *give_up_at) {
            sender_.give_up();
            given_up = true;
        }
    }
    progress_.clear();
}

ProgressState Production::state() const {
    const DeliveryCount& count = sender_.count();
    return {count.records, count.bytes, terminal::steady_seconds() - begin_, input_bytes_, input_bytes_total_};
}

Json summary_json(const Production& production, const ProduceOptions& options) {
    const DeliveryCount& count = production.sender().count();
    Json partitions = Json::object();
    for (const auto& [partition, records] : count.by_partition) {
        partitions[std::to_string(partition)] = records;
    }
    Json errors = Json::object();
    for (const auto& [error, records] : count.failed) {
        errors[kafka_name(error)] = records;
    }
    Json summary{{"topic", options.topic},
                 {"records", count.records},
                 {"bytes", count.bytes},
                 {"failed", count.failed_total()},
                 {"seconds", std::round(production.state().seconds * 1000) / 1000},
                 {"partitions", partitions},
                 {"errors", errors}};
    if (production.transactions()) {
        const TransactionCount& transactions = production.transactions()->count();
        summary["transactions"] = {{"committed", transactions.committed},
                                   {"committed_records", transactions.committed_records},
                                   {"aborted", transactions.aborted},
                                   {"aborted_records", transactions.aborted_records}};
    }
    return summary;
}

// "; 3 transactions committed (30 records), 1 aborted (4 records)"
std::string transactions_text(const TransactionCount& count) {
    auto records = [](std::int64_t number) { return fmt::format("{} record{}", with_thousands(number), number == 1 ? "" : "s"); };
    std::string text = fmt::format("; {} transaction{} committed ({})", with_thousands(count.committed),
                                   count.committed == 1 ? "" : "s", records(count.committed_records));
    if (count.aborted > 0) {
        text += fmt::format(", {} aborted ({})", with_thousands(count.aborted), records(count.aborted_records));
    }
    return text;
}

void print_summary(Console& console, const ProduceOptions& options, const Production& production) {
    if (options.output.json) {
        print_json(console, summary_json(production, options));
        return;
    }
    const DeliveryCount& count = production.sender().count();
    const double seconds = production.state().seconds;
    double rate = static_cast<double>(count.records) / std::max(seconds, 1e-9);
    std::string partitions;
    for (const auto& [partition, records] : count.by_partition) {
        partitions += fmt::format("{}{}: {}", partitions.empty() ? "" : ", ", partition, with_thousands(records));
    }
    console.print(fmt::format("{} record{} ({}) sent to {} in {:.2f} s, {} records/s{}{}\n", with_thousands(count.records),
                              count.records == 1 ? "" : "s", human_bytes(static_cast<double>(count.bytes)),
                              options.topic, seconds, with_thousands(std::llround(rate)),
                              partitions.empty() ? "" : "; partitions " + partitions,
                              production.transactions() ? transactions_text(production.transactions()->count()) : ""));
}

// One report for each kind of error, and the exit code for all.
ExitCode report_failed(Console& console, const ProduceOptions& options, const RecordSender& sender) {
    const DeliveryCount& count = sender.count();
    if (count.failed.empty()) {
        return ExitCode::ok;
    }
    for (const auto& [error, records] : count.failed) {
        if (error == RD_KAFKA_RESP_ERR__PURGE_QUEUE || error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
            continue;  // report_interrupted() has these
        }
        std::string doing = fmt::format("send {} record{} to '{}'", with_thousands(records), records == 1 ? "" : "s",
                                        options.topic);
        report(console, sender.failure_of(error, doing), options.output.json);
    }
    return count.records > 0 ? ExitCode::partial : exit_code_of(count.failed.begin()->first);
}

ExitCode report_interrupted(Console& console, const ProduceOptions& options, const Production& production) {
    const RecordSender& sender = production.sender();
    if (production.transactions()) {
        const TransactionCount& count = production.transactions()->count();
        report(console,
               {ExitCode::interrupted, fmt::format("interrupted: {} record{} aborted, {} committed", with_thousands(count.aborted_records),
                                                   count.aborted_records == 1 ? "" : "s", with_thousands(count.committed_records))},
               options.output.json);
    } else if (std::int64_t left = sender.count().given_up(); left > 0) {
        std::string refusal = sender.last_refusal();
        report(console,
               {ExitCode::interrupted,
                fmt::format("interrupted: {} record{} not acknowledged{}", with_thousands(left), left == 1 ? "" : "s",
                            refusal.empty() ? "" : "; the broker's last answer: " + refusal)},
               options.output.json);
    }
    return ExitCode::interrupted;
}

}  // namespace

Outcome<ExitCode> run(const ProduceOptions& options, Console& console) {
    std::optional<std::string> separator;
    if (options.separator) {
        TL_TRY(text, unescape(*options.separator));
        separator = text;
    }
    TL_TRY(keys, KeyFinder::make(options));
    Production production(options, console, std::move(keys), separator);
    TL_TRY_VOID(production.open());
    auto sent = production.send_all();
    // Records before a mistake in the input have left; say what became of them in any case.
    auto settled = production.settle(sent.has_value());
    print_summary(console, options, production);
    ExitCode exit = report_failed(console, options, production.sender());
    if (!sent || !settled) {
        Failure failure = sent ? settled.error() : sent.error();
        failure.exit = production.lasting_records() > 0 ? ExitCode::partial : failure.exit;
        return std::unexpected(failure);
    }
    return terminal::interrupted() ? report_interrupted(console, options, production) : exit;
}

}  // namespace tideline::cli
