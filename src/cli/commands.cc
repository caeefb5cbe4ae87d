#include "cli/commands.h"

#include "cli/command_line.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

template <class Options>
int run_and_report(const Options& options, Console& console) {
    terminal::catch_signals();
    auto outcome = run(options, console);
    bool json = false;
    if constexpr (requires { options.output.json; }) {
        json = options.output.json;
    }
    ExitCode exit = outcome ? *outcome : report(console, outcome.error(), json);
    console.flush();
    if (console.out_failed() && exit == ExitCode::ok) {
        exit = console.report_out_failure();
    }
    return static_cast<int>(exit);
}

}  // namespace

int run_command_line(std::vector<std::string> arguments, Console& console) {
    auto command = parse_command_line(std::move(arguments));
    if (!command) {
        const ParseEnd& end = command.error();
        end.exit == ExitCode::ok ? console.print(end.text) : console.print_error(end.text);
        console.flush();
        return static_cast<int>(end.exit);
    }
    return std::visit(
        [&](const auto& options) {
            if constexpr (std::is_same_v<std::decay_t<decltype(options)>, ServeOptions>) {
                return run_serve(options);
            } else {
                return run_and_report(options, console);
            }
        },
        *command);
}

}  // namespace tideline::cli
