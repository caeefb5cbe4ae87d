// The entry of the `tideline` program.
#include "cli/commands.h"

int main(int argc, char** argv) {
    auto console = tideline::cli::Console::of_process();
    return tideline::cli::run_command_line({argv + 1, argv + argc}, console);
}
