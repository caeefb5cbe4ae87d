#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/record_format.h"
#include "cli/terminal.h"
#include "cli/topic_reader.h"

namespace tideline::cli {
namespace {

constexpr int kIdleWaitMs = 200;

// Prints records until there are enough, the ranges are read, Ctrl-C, or nobody reads stdout any more.
Outcome<ExitCode> print_records(TopicReader& reader, const ConsumeOptions& options, const RecordFormat& format,
                                Console& console) {
    std::int64_t left = options.count.value_or(std::numeric_limits<std::int64_t>::max());
    std::string line;
    int wait_ms = 0;
    while (left > 0 && !console.out_failed()) {
        if (terminal::interrupted()) {
            // Following has no end of its own: Ctrl-C is how it is meant to end.
            return options.follow ? ExitCode::ok : ExitCode::interrupted;
        }
        TL_TRY(step, reader.next(wait_ms));
        if (step == TopicReader::Step::done) {
            break;
        }
        if (step == TopicReader::Step::idle) {
            // Whoever watches sees records when they come, and writes are large when they come fast.
            console.flush();
            if (terminal::out_reader_gone()) {
                break;
            }
            wait_ms = kIdleWaitMs;
            continue;
        }
        wait_ms = 0;
        line.clear();
        if (options.output.json) {
            append_json(line, reader.record());
        } else {
            format.append(line, reader.record());
        }
        console.print(line);
        --left;
    }
    return ExitCode::ok;
}

}  // namespace

Outcome<ExitCode> run(const ConsumeOptions& options, Console& console) {
    TL_TRY(format, RecordFormat::parse(options.format, options.null_marker));
    TL_TRY(reader, TopicReader::open(options));
    std::vector<std::string> warnings;
    TL_TRY_VOID(reader->start(options, warnings));
    for (const std::string& warning : warnings) {
        console.print_error(fmt::format("{} {}\n", console.painted_error(Paint::yellow, "tideline:"), warning));
    }
    return print_records(*reader, options, format, console);
}

}  // namespace tideline::cli
