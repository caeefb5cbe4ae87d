#include "cli/commands.h"

namespace tideline::cli {

Outcome<ExitCode> run(const LogDumpOptions& options, Console& console) {
    return usage_failure("log dump is not built in yet");
}

}  // namespace tideline::cli
