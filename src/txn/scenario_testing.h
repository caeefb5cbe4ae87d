// txn/scenario_testing.h: plays a scenario file: commands in, a transcript out.
//
// A line is a command, a comment (#), or, beginning with '|', what the command before it brought. Producers are named by their
// transactional id, the first word behind the command; they use the producer id and epoch that they were told last, unless the
// command says producer= or epoch=. An epoch may be relative: epoch=-1 is the one before. A new producer id that a step
// wants is given at once, 1000 first.
#pragma once

#include "coordinator/scenario_file_testing.h"
#include "txn/txn_testing.h"

namespace tideline::txn::testing {

class Scenario {
public:
    // The whole file again, with the transcript of this run.
    std::string play(const std::string& text) {
        bench_.restart();
        return coordinator::testing::play_commands(text, [this](const coordinator::testing::Command& command) {
            transcript_.clear();
            run(command.name, command.plain, command.options);
            return transcript_;
        });
    }

private:
    using Options = std::map<std::string, std::string>;
    struct Producer {
        std::int64_t id = kNoProducerId;
        std::int16_t epoch = kNoEpoch;
    };

    void say(const std::string& line) { transcript_ += "| " + line + "\n"; }
    static std::int64_t number(const Options& options, const std::string& key, std::int64_t otherwise) {
        auto found = options.find(key);
        return found == options.end() ? otherwise : std::stoll(found->second);
    }
    static std::string text(const Options& options, const std::string& key) {
        auto found = options.find(key);
        return found == options.end() ? std::string() : found->second;
    }

    void run(const std::string& command, const std::vector<std::string>& plain, const Options& options) {
        auto who = plain.empty() ? std::string() : plain[0];
        if (who == "-") {
            who.clear();
        }
        if (command == "init") {
            init(who, options);
        } else if (command == "add" || command == "verify") {
            partitions(command, who, plain, options);
        } else if (command == "end") {
            end(who, plain.at(1) == "commit", options);
        } else if (command == "markers") {
            markers(who, options);
        } else if (command == "wait") {
            wait(std::stoll(who));
        } else if (command == "wall") {
            bench_.jump_wall(std::stoll(who));
        } else if (command == "restart") {
            show(bench_.restart());
        } else if (command == "record") {
            record(who, plain, options);
        } else if (command == "config") {
            configure(options);
        } else {
            look(command, plain, options);
        }
    }

    std::int16_t epoch_of(const std::string& who, const Options& options) {
        auto said = text(options, "epoch");
        auto known = producers_[who].epoch;
        if (said.starts_with("-") || said.starts_with("+")) {
            return static_cast<std::int16_t>(known + std::stoi(said));
        }
        return said.empty() ? known : static_cast<std::int16_t>(std::stoi(said));
    }

    // A new producer, unless `continues` says that it goes on with what it has.
    void init(const std::string& who, const Options& options) {
        InitRequest request{.transactional_id = who, .timeout_ms = static_cast<std::int32_t>(number(options, "timeout", 60'000))};
        if (options.contains("continues") || options.contains("producer")) {
            request.producer_id = number(options, "producer", producers_[who].id);
            request.producer_epoch = epoch_of(who, options);
        }
        auto effects = bench_.ask(&Coordinator::init_producer_id, request);
        const auto& response = std::get<protocol::InitProducerIdResponse>(effects.answers.back().reply);
        if (response.error_code == ErrorCode::none) {
            producers_[who] = {.id = response.producer_id, .epoch = response.producer_epoch};
        }
        show(effects);
    }

    static PartitionList list_of(const std::vector<std::string>& plain) {
        PartitionList list;
        for (std::size_t i = 1; i < plain.size(); ++i) {
            auto dash = plain[i].rfind('-');
            list.push_back({.topic = plain[i].substr(0, dash), .partitions = {std::stoi(plain[i].substr(dash + 1))}});
        }
        return list;
    }
    void partitions(const std::string& command, const std::string& who, const std::vector<std::string>& plain, const Options& options) {
        PartitionsRequest request{.transactional_id = who,
                                  .producer_id = number(options, "producer", producers_[who].id),
                                  .producer_epoch = epoch_of(who, options),
                                  .partitions = list_of(plain),
                                  .client_version = static_cast<std::int16_t>(number(options, "version", 2))};
        show(bench_.step([&](Coordinator& c, const Now& now, Effects& out) {
            if (command == "add") {
                c.add(1, request, now, out);
            } else {
                c.verify(1, request, now, out);
            }
        }));
    }

    // `lost`: the producer does not hear the answer.
    void end(const std::string& who, bool commit, const Options& options) {
        EndRequest request{.transactional_id = who,
                           .producer_id = number(options, "producer", producers_[who].id),
                           .producer_epoch = epoch_of(who, options),
                           .commit = commit,
                           .client_version = static_cast<std::int16_t>(number(options, "version", 2))};
        auto effects = bench_.ask(&Coordinator::end, request);
        const auto& response = std::get<protocol::EndTxnResponse>(effects.answers.back().reply);
        if (response.error_code == ErrorCode::none && response.producer_id >= 0 && !options.contains("lost")) {
            producers_[who] = {.id = response.producer_id, .epoch = response.producer_epoch};
        }
        show(effects);
    }

    // The oldest markers of that id are written; TOPIC-PARTITION=ERROR for those that failed.
    void markers(const std::string& who, const Options& options) {
        auto& outstanding = bench_.outstanding();
        auto at = std::ranges::find(outstanding, who, &WriteMarkers::transactional_id);
        ASSERT_NE(at, outstanding.end()) << "no markers of " << who;
        auto written = *at;
        outstanding.erase(at);
        std::vector<MarkerResult> results;
        for (const auto& [topic, numbers] : written.partitions) {
            for (auto partition : numbers) {
                auto error = ErrorCode::none;
                auto said = text(options, topic + "-" + std::to_string(partition));
                for (int code = -1; code < 150 && !said.empty(); ++code) {
                    if (name_of(static_cast<ErrorCode>(code)) == said) {
                        error = static_cast<ErrorCode>(code);
                    }
                }
                results.push_back({.topic = topic, .partition = partition, .error = error});
            }
        }
        show(bench_.step([&](Coordinator& c, const Now& now, Effects& out) { c.markers_written(written, results, now, out); }));
    }

    void wait(std::int64_t ms) {
        for (auto left = ms;;) {
            std::int64_t moved = 0;
            auto effects = bench_.advance(left, moved);
            left -= moved;
            if (!effects.empty()) {
                say("after " + std::to_string(ms - left) + " ms:");
                show(effects);
                show(bench_.give_id());
            }
            if (left == 0 && bench_.coordinator().next_deadline() > bench_.now().instant) {
                return;
            }
        }
    }

    // What the log of another life says: an id that is Empty or Ongoing at a certain epoch.
    void record(const std::string& who, const std::vector<std::string>& plain, const Options& options) {
        auto state = state_named(plain.at(1));
        ASSERT_TRUE(state) << plain[1];
        Transaction transaction{.producer_id = number(options, "producer", 7),
                                .previous_producer_id = number(options, "producer", 7),
                                .producer_epoch = static_cast<std::int16_t>(number(options, "epoch", 0)),
                                .timeout_ms = static_cast<std::int32_t>(number(options, "timeout", 60'000)),
                                .state = *state,
                                .start_ms = *state == State::empty ? -1 : bench_.now().wall_ms,
                                .update_ms = bench_.now().wall_ms,
                                .client_version = static_cast<std::int16_t>(number(options, "version", 2))};
        if (*state != State::empty) {
            transaction.partitions.add("t", 0);
        }
        producers_[who] = {.id = transaction.producer_id, .epoch = transaction.producer_epoch};
        show(bench_.inject(who, transaction));
    }

    void configure(const Options& options) {
        auto& config = bench_.config();
        config.max_timeout_ms = static_cast<std::int32_t>(number(options, "max_timeout_ms", config.max_timeout_ms));
        config.abort_interval_ms = number(options, "abort_interval_ms", config.abort_interval_ms);
        config.id_expiration_ms = number(options, "id_expiration_ms", config.id_expiration_ms);
        config.expiry_interval_ms = number(options, "expiry_interval_ms", config.expiry_interval_ms);
        config.transaction_version = static_cast<std::int16_t>(number(options, "transaction_version", config.transaction_version));
        config.record_bytes_max = static_cast<std::size_t>(number(options, "record_bytes_max", 1'000'000));
        bench_.restart();
    }

    void look(const std::string& command, const std::vector<std::string>& plain, const Options& options) {
        if (command == "describe") {
            auto ids = plain;
            std::ranges::replace(ids, "-", "");
            show(bench_.step([&](Coordinator& c, const Now& now, Effects& out) { c.describe(1, ids, now, out); }));
        } else if (command == "list") {
            protocol::ListTransactionsRequest request;
            if (options.contains("state")) {
                request.state_filters = {text(options, "state")};
            }
            if (options.contains("producer")) {
                request.producer_id_filters = {number(options, "producer", 0)};
            }
            request.duration_filter = number(options, "longer", -1);
            if (options.contains("pattern")) {
                request.transactional_id_pattern = text(options, "pattern");
            }
            auto filter = ListFilter::make(request);
            if (!filter) {
                say(std::string(name_of(filter.error().code)));
                return;
            }
            for (const auto& name : filter->unknown_states()) {
                say("no state is called " + name);
            }
            show(bench_.step([&](Coordinator& c, const Now& now, Effects& out) { c.list(1, *filter, now, out); }));
        } else {
            FAIL() << "unknown command " << command;
        }
    }

    void show(const Effects& effects) {
        for (const auto& record : effects.records) {
            auto key = *coordinator::split_version(record.key);
            auto id = std::string(base::as_text(key.body.subspan(2)));
            say(record.value ? "record " + print(id, *read_transaction(*record.value)) : "record " + id + " deleted");
        }
        for (const auto& answer : effects.answers) {
            say(std::visit([](const auto& reply) { return print_reply(reply); }, answer.reply));
        }
        for (const auto& action : effects.actions) {
            if (const auto* markers = std::get_if<WriteMarkers>(&action)) {
                std::string line = std::string(markers->commit ? "commit" : "abort") + " markers " + std::to_string(markers->producer_id) + "/" +
                                   std::to_string(markers->producer_epoch) + " version=" + std::to_string(markers->transaction_version);
                for (const auto& [topic, numbers] : markers->partitions) {
                    for (auto partition : numbers) {
                        line += " " + topic + "-" + std::to_string(partition);
                    }
                }
                say(line);
            } else {
                say("wants a producer id");
            }
        }
    }

    static std::string print_reply(ErrorCode error) { return std::string(name_of(error)); }
    static std::string print_reply(const std::vector<ErrorCode>& errors) {
        std::string line;
        for (auto error : errors) {
            line += std::string(line.empty() ? "" : " ") + std::string(name_of(error));
        }
        return line;
    }
    static std::string print_reply(const NeedsProducerId&) { return "needs a producer id"; }
    static std::string print_reply(const protocol::InitProducerIdResponse& r) {
        return std::string(name_of(r.error_code)) + " " + std::to_string(r.producer_id) + "/" + std::to_string(r.producer_epoch);
    }
    static std::string print_reply(const protocol::EndTxnResponse& r) {
        return std::string(name_of(r.error_code)) + " " + std::to_string(r.producer_id) + "/" + std::to_string(r.producer_epoch);
    }
    static std::string print_reply(const std::vector<protocol::DescribeTransactionsResponse::TransactionState>& states) {
        std::string line;
        for (const auto& state : states) {
            line += "[" + state.transactional_id + " " + std::string(name_of(state.error_code));
            if (state.error_code == ErrorCode::none) {
                line += " " + state.transaction_state + " " + std::to_string(state.producer_id) + "/" + std::to_string(state.producer_epoch) +
                        " timeout=" + std::to_string(state.transaction_timeout_ms) + " start=" + std::to_string(state.transaction_start_time_ms);
            }
            for (const auto& topic : state.topics) {
                for (auto partition : topic.partitions) {
                    line += " " + topic.topic + "-" + std::to_string(partition);
                }
            }
            line += "] ";
        }
        return line.empty() ? "nothing" : line.substr(0, line.size() - 1);
    }
    static std::string print_reply(const std::vector<protocol::ListTransactionsResponse::TransactionState>& states) {
        std::string line;
        for (const auto& state : states) {
            line += "[" + state.transactional_id + " " + std::to_string(state.producer_id) + " " + state.transaction_state + "] ";
        }
        return line.empty() ? "nothing" : line.substr(0, line.size() - 1);
    }

    Bench bench_;
    std::map<std::string, Producer> producers_;
    std::string transcript_;
};

}  // namespace tideline::txn::testing
