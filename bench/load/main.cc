// tl_load: the load generator of bench/compare. One thread, no client library, requests encoded before the clock starts.
#include <map>
#include <string_view>

#include "load/commands.h"

int main(int count, char** words) {
    using namespace tideline::load;
    std::string_view command = count > 1 ? words[1] : "";
    using Command = void (*)(const Options&);
    const std::map<std::string_view, Command> commands{
        {"produce", run_produce}, {"commit", run_commit},       {"transactions", run_transactions},
        {"fetch", run_fetch},     {"first-ack", run_first_ack}};
    auto found = commands.find(command);
    if (found == commands.end()) {
        die("usage: tl_load produce|commit|transactions|fetch|first-ack [--name value]…");
    }
    found->second(Options(count - 2, words + 2));
    return 0;
}
