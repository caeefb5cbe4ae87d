// tl_load: the load generator of bench/compare. One thread, no client library, requests encoded before the clock starts.
#include <string_view>

#include "load/commands.h"

int main(int count, char** words) {
    using namespace tideline::load;
    std::string_view command = count > 1 ? words[1] : "";
    if (command != "produce" && command != "fetch" && command != "first-ack") {
        die("usage: tl_load produce|fetch|first-ack [--name value]…");
    }
    Options options(count - 2, words + 2);
    if (command == "produce") {
        run_produce(options);
    } else if (command == "fetch") {
        run_fetch(options);
    } else {
        run_first_ack(options);
    }
    return 0;
}
