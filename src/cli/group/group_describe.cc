// group describe, group members and group lag: three views of the same facts.
#include <algorithm>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/group/group_view.h"
#include "cli/text_table.h"

namespace tideline::cli {
namespace {

std::string number_or_dash(const std::optional<std::int64_t>& number) {
    return number ? with_thousands(*number) : "-";
}

void print_state(Console& console, const GroupView& view) {
    const GroupDescription& group = view.description;
    console.print(fmt::format("group        {}\n", console.painted(Paint::bold, group.group)));
    console.print(fmt::format("state        {}\n", group.state));
    console.print(fmt::format("protocol     {}\n", group.protocol()));
    if (!group.assignor.empty()) {
        console.print(fmt::format("assignor     {}\n", group.assignor));
    }
    console.print(fmt::format("coordinator  {}\n", text_of(group.coordinator)));
    console.print(fmt::format("members      {}\n",
                              group.members_hidden.empty() ? std::to_string(group.members.size()) : group.members_hidden));
    console.print(fmt::format("lag          {}\n", with_thousands(view.total_lag())));
}

void print_members(Console& console, const std::vector<GroupMember>& members) {
    const bool anybody_moves = std::ranges::any_of(members, [](const GroupMember& member) { return member.moving_to.has_value(); });
    std::vector<std::string> headings{"CLIENT", "INSTANCE", "HOST", "MEMBER", "PARTITIONS"};
    if (anybody_moves) {
        headings.push_back("MOVING TO");
    }
    TextTable table(headings);
    for (const GroupMember& member : members) {
        std::vector<std::string> row{member.client_id, member.instance_id.empty() ? "-" : member.instance_id, member.host,
                                     member.id, member.assignment.empty() ? "-" : joined(member.assignment)};
        if (anybody_moves) {
            row.push_back(!member.moving_to ? "-" : member.moving_to->empty() ? "nothing" : joined(*member.moving_to));
        }
        table.add(std::move(row));
    }
    table.print(console);
}

void print_partitions(Console& console, const GroupView& view) {
    TextTable table({"TOPIC", ">PARTITION", ">COMMITTED", ">LATEST", ">LAG", ">LOST", "READ BY"});
    for (const PartitionView& p : view.partitions) {
        table.add({p.at.topic, std::to_string(p.at.partition), number_or_dash(p.committed),
                   p.latest < 0 ? "-" : with_thousands(p.latest), number_or_dash(p.lag()),
                   p.lost() == 0 ? "-" : with_thousands(p.lost()), p.member.empty() ? "-" : p.member});
    }
    table.print(console);
}

Json members_as_json(const GroupView& view) {
    Json list = Json::array();
    for (const GroupMember& member : view.description.members) {
        list.push_back(to_json(member));
    }
    return list;
}

Json partitions_as_json(const GroupView& view) {
    Json list = Json::array();
    for (const PartitionView& partition : view.partitions) {
        list.push_back(to_json(partition));
    }
    return list;
}

Outcome<> describe_group(const GroupDescribeOptions& options, KafkaClient& client, Console& console) {
    TL_TRY(view, look_at_group(client, options.group));
    const GroupDescription& group = view.description;
    if (options.output.json) {
        print_json(console, Json{{"group", group.group},
                                 {"state", group.state},
                                 {"protocol", group.protocol()},
                                 {"assignor", group.assignor},
                                 {"coordinator", text_of(group.coordinator)},
                                 {"lag", view.total_lag()},
                                 {"members", members_as_json(view)},
                                 {"partitions", partitions_as_json(view)}});
        return {};
    }
    print_state(console, view);
    if (!group.members.empty()) {
        console.print("\n");
        print_members(console, group.members);
    }
    if (!view.partitions.empty()) {
        console.print("\n");
        print_partitions(console, view);
    }
    return {};
}

Outcome<> show_lag(const GroupLagOptions& options, KafkaClient& client, Console& console) {
    std::vector<std::string> groups = options.groups;
    if (groups.empty()) {
        TL_TRY(all, GroupAdmin(client).list());
        for (const GroupListing& one : all) {
            groups.push_back(one.group);
        }
    }
    TextTable table({"GROUP", "TOPIC", ">PARTITION", ">COMMITTED", ">LATEST", ">LAG", "READ BY"});
    Json list = Json::array();
    for (const std::string& group : groups) {
        auto looked = look_at_group(client, group);
        if (!looked && options.groups.empty() && looked.error().kafka_error == kafka_name(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)) {
            continue;  // it has gone since it was listed
        }
        TL_TRY(view, std::move(looked));
        list.push_back({{"group", group}, {"lag", view.total_lag()}, {"partitions", partitions_as_json(view)}});
        for (const PartitionView& p : view.partitions) {
            table.add({group, p.at.topic, std::to_string(p.at.partition), number_or_dash(p.committed),
                       p.latest < 0 ? "-" : with_thousands(p.latest), number_or_dash(p.lag()),
                       p.member.empty() ? "-" : p.member});
        }
    }
    if (options.output.json) {
        print_json(console, list);
    } else if (groups.empty()) {
        console.print("no groups; a consumer makes one when it joins\n");
    } else {
        table.print(console);
    }
    return {};
}

}  // namespace

Outcome<ExitCode> run(const GroupDescribeOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer));
    return repeat(*client, console, options.watch_seconds,
                  [&] { return describe_group(options, *client, console); });
}

Outcome<ExitCode> run(const GroupMembersOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer));
    TL_TRY(view, look_at_group(*client, options.group));
    if (options.output.json) {
        print_json(console, members_as_json(view));
    } else if (!view.description.members_hidden.empty()) {
        console.print(fmt::format("group {} is {}; {}\n", options.group, view.description.state, view.description.members_hidden));
    } else if (view.description.members.empty()) {
        console.print(fmt::format("group {} has no members\n", options.group));
    } else {
        print_members(console, view.description.members);
    }
    return ExitCode::ok;
}

Outcome<ExitCode> run(const GroupLagOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer));
    return repeat(*client, console, options.watch_seconds, [&] { return show_lag(options, *client, console); });
}

}  // namespace tideline::cli
