// cli/commands.h: the commands, one file each. Each prints its result on `console` and reports its own failures.
#pragma once

#include "cli/console.h"
#include "cli/failure.h"
#include "cli/options.h"

namespace tideline::cli {

Outcome<ExitCode> run(const TopicCreateOptions& options, Console& console);
Outcome<ExitCode> run(const TopicListOptions& options, Console& console);
Outcome<ExitCode> run(const TopicDescribeOptions& options, Console& console);
Outcome<ExitCode> run(const TopicAlterOptions& options, Console& console);
Outcome<ExitCode> run(const TopicDeleteOptions& options, Console& console);
Outcome<ExitCode> run(const ProduceOptions& options, Console& console);
Outcome<ExitCode> run(const ConsumeOptions& options, Console& console);
Outcome<ExitCode> run(const ClusterInfoOptions& options, Console& console);
Outcome<ExitCode> run(const GroupListOptions& options, Console& console);
Outcome<ExitCode> run(const GroupDescribeOptions& options, Console& console);
Outcome<ExitCode> run(const GroupMembersOptions& options, Console& console);
Outcome<ExitCode> run(const GroupLagOptions& options, Console& console);
Outcome<ExitCode> run(const GroupDoctorOptions& options, Console& console);
Outcome<ExitCode> run(const GroupDeleteOptions& options, Console& console);
Outcome<ExitCode> run(const GroupDeleteOffsetsOptions& options, Console& console);
Outcome<ExitCode> run(const GroupResetOptions& options, Console& console);
Outcome<ExitCode> run(const TxnListOptions& options, Console& console);
Outcome<ExitCode> run(const TxnDescribeOptions& options, Console& console);
Outcome<ExitCode> run(const TxnHangingOptions& options, Console& console);
Outcome<ExitCode> run(const TxnAbortOptions& options, Console& console);
Outcome<ExitCode> run(const LogDumpOptions& options, Console& console);
Outcome<ExitCode> run(const CompletionOptions& options, Console& console);

// The whole command line, for main(): parses, runs, reports. `arguments` without the program's name.
int run_command_line(std::vector<std::string> arguments, Console& console);

}  // namespace tideline::cli
