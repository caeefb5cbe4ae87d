// tideline group: its commands and their options.
#include "cli/grammar.h"
#include "cli/help_text.h"

namespace tideline::cli {
namespace {

void add_group_views(Grammar& grammar, CLI::App& group) {
    auto& n = grammar.make<GroupListOptions>();
    CLI::App& list = grammar.add_client_command(group, "list", n, "List the groups", help::kGroupList);
    list.add_flag("--names", n.names, "Print names only, one a line");
    add_client(list, n.output, n.client);

    auto& d = grammar.make<GroupDescribeOptions>();
    CLI::App& describe = grammar.add_client_command(group, "describe", d, "Show state, members, offsets and lag",
                                                    help::kGroupDescribe);
    describe.add_option("GROUP", d.group, "The group")->type_name("GROUP")->required();
    add_watch(describe, d.watch_seconds);
    add_client(describe, d.output, d.client);

    auto& m = grammar.make<GroupMembersOptions>();
    CLI::App& members = grammar.add_client_command(group, "members", m, "Show who reads what", help::kGroupMembers);
    members.add_option("GROUP", m.group, "The group")->type_name("GROUP")->required();
    add_client(members, m.output, m.client);

    auto& l = grammar.make<GroupLagOptions>();
    CLI::App& lag = grammar.add_client_command(group, "lag", l, "Show how far behind groups are", help::kGroupLag);
    lag.add_option("GROUP", l.groups, "The groups; without it all")->type_name("GROUP");
    add_watch(lag, l.watch_seconds);
    add_client(lag, l.output, l.client);
}

void add_group_doctor(Grammar& grammar, CLI::App& group) {
    auto& o = grammar.make<GroupDoctorOptions>();
    CLI::App& command =
        grammar.add_client_command(group, "doctor", o, "Say what is wrong with groups, and what to do", help::kGroupDoctor);
    command.add_option("GROUP", o.groups, "The groups; without it all")->type_name("GROUP");
    command
        .add_option("--patience", o.patience, "How long reads may be ahead of commits before that is a finding")
        ->type_name("DURATION")
        ->capture_default_str();
    add_client(command, o.output, o.client);
}

void add_group_deletes(Grammar& grammar, CLI::App& group) {
    auto& d = grammar.make<GroupDeleteOptions>();
    CLI::App& all = grammar.add_client_command(group, "delete", d, "Delete groups and their offsets", help::kGroupDelete);
    all.add_option("GROUP", d.groups, "The groups")->type_name("GROUP")->required();
    all.add_flag("-y,--yes", d.yes, "Do not ask");
    add_client(all, d.output, d.client);

    auto& o = grammar.make<GroupDeleteOffsetsOptions>();
    CLI::App& some = grammar.add_client_command(group, "delete-offsets", o, "Delete what a group committed for topics",
                                                help::kGroupDeleteOffsets);
    some.add_option("GROUP", o.group, "The group")->type_name("GROUP")->required();
    add_list(some, "--topic", o.topics, "TOPIC", "A topic, or TOPIC:0,2 for some of its partitions")->required();
    some.add_flag("-y,--yes", o.yes, "Do not ask");
    add_client(some, o.output, o.client);
}

void add_group_reset(Grammar& grammar, CLI::App& group) {
    auto& o = grammar.make<GroupResetOptions>();
    CLI::App& command =
        grammar.add_client_command(group, "reset", o, "Move a group to other offsets", help::kGroupReset);
    command.add_option("GROUP", o.group, "The group")->type_name("GROUP")->required();
    add_list(command, "--topic", o.topics, "TOPIC",
             "A topic, or TOPIC:0,2 for some of its partitions; without it all that the group has committed");
    command.add_flag("--to-earliest", o.to_earliest, "To the first record there is");
    command.add_flag("--to-latest", o.to_latest, "To the end");
    command.add_flag("--to-current", o.to_current, "To where it is (for --to-group)");
    at_least(command.add_option("--to-offset", o.to_offset, "To this offset"), 0);
    command.add_option("--shift-by", o.shift_by, "So many records on, or back (write --shift-by=-20)")
        ->type_name("N");
    command.add_option("--to-datetime", o.to_datetime, "To the first record at or after a time, ISO 8601")
        ->type_name("TIME");
    command.add_option("--by-duration", o.by_duration, "The same, counted back from now")->type_name("DURATION");
    command.add_option("--from-file", o.from_file, "To the offsets in a file")->type_name("FILE");
    command.add_option("--to-group", o.to_group, "Set the offsets in this group instead")->type_name("GROUP");
    command.add_flag("--execute", o.execute, "Do it");
    command
        .add_option("--save", o.save,
                    "Where to keep the offsets that are replaced; without it a file here, named after group and time")
        ->type_name("FILE");
    add_client(command, o.output, o.client);
}

}  // namespace

void add_group_commands(Grammar& grammar) {
    CLI::App& group = grammar.add_group(grammar.app(), "group", "Look at consumer groups and move them", help::kGroup);
    add_group_views(grammar, group);
    add_group_doctor(grammar, group);
    add_group_deletes(grammar, group);
    add_group_reset(grammar, group);
}

}  // namespace tideline::cli
