#include "base/result.h"
#include "cli/commands.h"
#include "cli/group/group_admin.h"
#include "cli/json.h"
#include "cli/text_table.h"

namespace tideline::cli {

Outcome<ExitCode> run(const GroupListOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    TL_TRY(groups, GroupAdmin(*client).list());
    if (options.output.json) {
        Json list = Json::array();
        for (const GroupListing& group : groups) {
            list.push_back({{"group", group.group}, {"state", group.state}});
        }
        print_json(console, list);
        return ExitCode::ok;
    }
    if (options.names) {
        for (const GroupListing& group : groups) {
            console.print(group.group + "\n");
        }
        return ExitCode::ok;
    }
    if (groups.empty()) {
        console.print("no groups; a consumer makes one when it joins\n");
        return ExitCode::ok;
    }
    TextTable table({"GROUP", "STATE"});
    for (const GroupListing& group : groups) {
        table.add({group.group, group.state});
    }
    table.print(console);
    return ExitCode::ok;
}

}  // namespace tideline::cli
