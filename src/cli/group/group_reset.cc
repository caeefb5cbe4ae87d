#include <cstdio>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/group/reset_plan.h"
#include "cli/group/topic_selection.h"
#include "cli/shell_word.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace tideline::cli {
namespace {

struct Plan {
    std::string destination;  // the group whose offsets would be set
    GroupDescription there;  // the destination as it is now
    GroupOffsets replaced;  // what the destination has committed
    std::vector<ResetStep> steps;
};

Outcome<GroupOffsets> read_offsets_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) {
        return usage_failure(fmt::format("cannot read '{}'", file));
    }
    return parse_offsets_file(text.str(), file);
}

// The partitions to reset: those of --topic, of the file, or everything the group has committed.
Outcome<std::vector<PartitionView>> chosen_partitions(const GroupResetOptions& options, KafkaClient& client,
                                                      const GroupOffsets& committed, const GroupOffsets& from_file) {
    TL_TRY(selections, parse_topic_selections(options.topics));
    GroupOffsets wanted = options.from_file ? from_file : committed;
    if (!selections.empty()) {
        GroupOffsets all = options.from_file ? from_file : GroupOffsets();
        TL_TRY(metadata, client.metadata());
        for (const TopicSelection& selection : selections) {
            TL_TRY(topic, find_topic(metadata, selection.topic));
            for (const PartitionInfo& partition : topic.partitions) {
                if (!options.from_file) {
                    all[{topic.name, partition.id}] = 0;
                }
            }
        }
        std::erase_if(all, [&](const auto& entry) {
            return std::ranges::none_of(selections, [&](const TopicSelection& selection) {
                return selection.topic == entry.first.topic && selection.takes(entry.first.partition);
            });
        });
        wanted = std::move(all);
    }
    std::vector<PartitionView> views;
    for (const auto& [at, ignored] : wanted) {
        auto found = committed.find(at);
        views.push_back({at, found == committed.end() ? std::nullopt : std::optional(found->second), -1, -1, {}});
    }
    TL_TRY_VOID(look_up_bounds(client, views));
    for (const PartitionView& view : views) {
        if (view.latest < 0) {
            return std::unexpected(client.failure(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                                                  fmt::format("find {}-{}", view.at.topic, view.at.partition)));
        }
    }
    return views;
}

// What ListOffsets answers for the time, or what the file says, by partition.
Outcome<GroupOffsets> asked_offsets(KafkaClient& client, const std::vector<PartitionView>& views,
                                    const ResetTarget& target, const GroupOffsets& from_file) {
    if (target.kind != ResetTarget::Kind::time) {
        return from_file;
    }
    std::map<std::string, std::vector<std::int32_t>> by_topic;
    for (const PartitionView& view : views) {
        by_topic[view.at.topic].push_back(view.at.partition);
    }
    GroupOffsets asked;
    for (const auto& [topic, partitions] : by_topic) {
        TL_TRY(offsets, client.offsets_at(TopicInfo{topic, {}}, partitions, target.value));
        for (const auto& [partition, offset] : offsets) {
            asked[{topic, partition}] = offset;
        }
    }
    return asked;
}

Outcome<Plan> make_plan(const GroupResetOptions& options, const ResetTarget& target, KafkaClient& client) {
    GroupAdmin admin(client);
    GroupOffsets from_file;
    if (options.from_file) {
        TL_TRY(read, read_offsets_file(*options.from_file));
        from_file = std::move(read);
    }
    Plan plan{options.to_group.value_or(options.group), {}, {}, {}};
    TL_TRY(there, admin.describe(plan.destination));
    plan.there = std::move(there);
    TL_TRY(replaced, admin.committed(plan.destination));
    plan.replaced = std::move(replaced);
    TL_TRY(committed, admin.committed(options.group));
    TL_TRY(views, chosen_partitions(options, client, committed, from_file));
    if (views.empty()) {
        return usage_failure(fmt::format("group '{}' has committed nothing, so there is nothing to reset", options.group),
                             "Name the topics: --topic TOPIC");
    }
    TL_TRY(asked, asked_offsets(client, views, target, from_file));
    TL_TRY(sizes, look_up_sizes(client, views));
    for (PartitionView& view : views) {
        auto found = asked.find(view.at);
        TL_TRY(offset, target_offset(view, target, found == asked.end() ? -1 : found->second));
        plan.steps.push_back({std::move(view), offset, {}, {}, {}});
        ResetStep& step = plan.steps.back();
        if (auto size = sizes.find(step.now.at); size != sizes.end()) {
            step.size_bytes = size->second;
        }
        if (step.first() < step.last()) {
            step.first_ms = timestamp_at(client, step.now.at, step.first());
            step.last_ms = timestamp_at(client, step.now.at, step.last() - 1);
        }
    }
    return plan;
}

std::string names_of(const std::vector<GroupMember>& members) {
    if (members.empty()) {
        return "members of the consumer protocol";
    }
    std::string names;
    for (const GroupMember& member : members) {
        names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", member.name(), member.host);
    }
    return names;
}

// Writes what is there before it is replaced. Never over a file that exists.
Outcome<> save_offsets(const std::string& file, const Plan& plan) {
    std::FILE* out = std::fopen(file.c_str(), "wx");
    std::string text = offsets_file(plan.steps, plan.replaced);
    bool written = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size();
    written = (out == nullptr || std::fclose(out) == 0) && written;
    if (!written) {
        return usage_failure(fmt::format("cannot write '{}', where the present offsets were to be kept", file),
                             "Nothing was changed. Name another file: --save FILE");
    }
    return {};
}

Outcome<> execute(const Plan& plan, GroupAdmin& admin) {
    GroupOffsets set;
    std::vector<TopicPartition> forgotten;
    for (const ResetStep& step : plan.steps) {
        if (step.target) {
            set[step.now.at] = *step.target;
        } else if (plan.replaced.contains(step.now.at)) {
            forgotten.push_back(step.now.at);
        }
    }
    if (!set.empty()) {
        TL_TRY_VOID(admin.commit(plan.destination, set));
    }
    return forgotten.empty() ? Outcome<>() : admin.forget(plan.destination, forgotten);
}

std::string undo_command(const GroupResetOptions& options, const Plan& plan, const std::string& file) {
    return fmt::format("tideline group reset {} --from-file {} --execute{}", shell_word(plan.destination), shell_word(file),
                       bootstrap_option(options.client));
}

Json as_json(const ResetStep& step) {
    auto time = [](const std::optional<std::int64_t>& ms) { return ms ? Json(format_iso8601(*ms)) : Json(); };
    Json json = to_json(step.now);
    json.erase("member");
    json["target"] = step.target ? Json(*step.target) : Json();
    auto bytes = [&](std::int64_t records) { return step.bytes_of(records) ? Json(*step.bytes_of(records)) : Json(); };
    json["read_again"] = step.again();
    json["read_again_bytes"] = bytes(step.again());
    json["skipped"] = step.skipped();
    json["skipped_bytes"] = bytes(step.skipped());
    json["first_timestamp"] = time(step.first_ms);
    json["last_timestamp"] = time(step.last_ms);
    return json;
}

void print_plan(Console& console, const Plan& plan) {
    TextTable table(
        {"TOPIC", ">PARTITION", ">NOW", ">TO", ">AGAIN", ">SKIPPED", ">~BYTES", ">LOST", "FIRST RECORD", "LAST RECORD"});
    auto bytes = [](const ResetStep& step) {
        const std::int64_t records = step.again() + step.skipped();
        auto about = step.bytes_of(records);
        return records == 0 || !about ? "-" : human_bytes(static_cast<double>(*about));
    };
    auto count = [](std::int64_t records) { return records == 0 ? "-" : with_thousands(records); };
    auto time = [](const std::optional<std::int64_t>& ms) { return ms ? format_iso8601(*ms) : "-"; };
    for (const ResetStep& step : plan.steps) {
        table.add({step.now.at.topic, std::to_string(step.now.at.partition),
                   step.now.committed ? with_thousands(*step.now.committed) : "-",
                   step.target ? with_thousands(*step.target) : "none", count(step.again()), count(step.skipped()),
                   bytes(step), count(step.now.lost()), time(step.first_ms), time(step.last_ms)});
    }
    table.print(console);
}

// "12 records (about 3.1 kB) would be read again and 4 skipped, written between …; retention deleted 7 unread ones"
std::string in_words(const ResetSum& sum, bool done) {
    auto amount = [](std::int64_t records, const std::optional<std::int64_t>& bytes) {
        std::string size = records > 0 && bytes ? fmt::format(" (about {})", human_bytes(static_cast<double>(*bytes))) : "";
        return fmt::format("{} {}{}", with_thousands(records), records == 1 ? "record" : "records", size);
    };
    std::string text = fmt::format("{} {} read again, {} {} skipped", amount(sum.again, sum.again_bytes), done ? "will be" : "would be",
                                   amount(sum.skipped, sum.skipped_bytes), done ? "are" : "would be");
    if (sum.first_ms && sum.last_ms) {
        text += fmt::format("; they were written from {} to {}", format_iso8601(*sum.first_ms), format_iso8601(*sum.last_ms));
    }
    if (sum.lost > 0) {
        text += fmt::format("; {} more are gone, deleted by retention before the group read them", with_thousands(sum.lost));
    }
    return text;
}

void print_result(const GroupResetOptions& options, const Plan& plan, const std::string& undo, Console& console) {
    if (options.output.json) {
        Json steps = Json::array();
        for (const ResetStep& step : plan.steps) {
            steps.push_back(as_json(step));
        }
        Json members = Json::array();
        for (const GroupMember& member : plan.there.members) {
            members.push_back(to_json(member));
        }
        print_json(console, Json{{"group", plan.destination},
                                 {"from_group", options.group},
                                 {"executed", options.execute},
                                 {"undo", undo.empty() ? Json() : Json(undo)},
                                 {"members", members},
                                 {"partitions", steps}});
        return;
    }
    print_plan(console, plan);
    console.print(fmt::format("\n{}\n", in_words(sum_of(plan.steps), options.execute)));
    if (options.execute) {
        console.print_error(fmt::format("\nset; this takes it back:\n  {}\n", undo));
    } else if (!plan.there.is_active()) {
        console.print_error("\nnothing was changed; --execute does it\n");
    } else {
        console.print_error(fmt::format("\nnothing was changed, and --execute would be refused while these are active: {}\n",
                                        names_of(plan.there.members)));
    }
}

}  // namespace

Outcome<ExitCode> run(const GroupResetOptions& options, Console& console) {
    const std::int64_t now_ms = terminal::wall_ms();
    TL_TRY(target, reset_target(options, now_ms, terminal::local_utc_offset));
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer));
    TL_TRY(plan, make_plan(options, target, *client));
    std::string undo;
    if (options.execute) {
        if (plan.there.is_active()) {
            return std::unexpected(Failure{
                ExitCode::refused,
                fmt::format("group '{}' has active members: {}", plan.destination, names_of(plan.there.members)),
                "Stop them first, or read again beside them with --to-group NEW",
                kafka_name(RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP)});
        }
        std::string file = options.save.value_or(default_offsets_file(plan.destination, now_ms));
        TL_TRY_VOID(save_offsets(file, plan));
        GroupAdmin admin(*client);
        TL_TRY_VOID(execute(plan, admin));
        undo = undo_command(options, plan, file);
    }
    print_result(options, plan, undo, console);
    return ExitCode::ok;
}

}  // namespace tideline::cli
