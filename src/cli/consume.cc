#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/group_reader.h"
#include "cli/outcome_reader.h"
#include "cli/record_format.h"
#include "cli/terminal.h"
#include "cli/topic_reader.h"

namespace tideline::cli {
namespace {

// What is printed for a record unless --format says it.
constexpr const char* kValueFormat = "%s\\n";
constexpr const char* kOutcomeFormat = "%x\\t%s\\n";

constexpr int kIdleWaitMs = 200;
constexpr int kRecordsPerFlush = 1'000;

// Prints records until there are enough, the ranges are read, Ctrl-C, or nobody reads stdout any more.
Outcome<ExitCode> print_records(RecordSource& source, const ConsumeOptions& options, const RecordFormat& format,
                                Console& console) {
    std::int64_t left = options.count.value_or(std::numeric_limits<std::int64_t>::max());
    std::string line;
    int wait_ms = 0;
    int unflushed = 0;
    // Whoever watches sees records when they come, and writes are large when they come fast.
    auto flush = [&] {
        console.flush();
        if (!console.out_failed()) {
            source.note_printed();
        }
        unflushed = 0;
    };
    while (left > 0 && !console.out_failed()) {
        if (terminal::interrupted()) {
            // Following has no end of its own: Ctrl-C is how it is meant to end.
            flush();
            return options.follow ? ExitCode::ok : ExitCode::interrupted;
        }
        TL_TRY(step, source.next(wait_ms));
        if (step == RecordSource::Step::done) {
            break;
        }
        if (step == RecordSource::Step::idle) {
            flush();
            if (terminal::out_reader_gone()) {
                break;
            }
            wait_ms = kIdleWaitMs;
            continue;
        }
        wait_ms = 0;
        line.clear();
        if (options.output.json) {
            append_json(line, source.record());
        } else {
            format.append(line, source.record());
        }
        console.print(line);
        --left;
        if (++unflushed == kRecordsPerFlush) {
            flush();
        }
    }
    flush();
    return ExitCode::ok;
}

Outcome<std::unique_ptr<RecordSource>> open_source(const ConsumeOptions& options, Console& console) {
    if (options.group) {
        TL_TRY(member, GroupReader::join(options, console));
        return std::move(member);
    }
    std::vector<std::string> warnings;
    auto open = [&]() -> Outcome<std::unique_ptr<RecordSource>> {
        if (options.show_aborted) {
            return OutcomeReader::open(options, warnings);
        }
        TL_TRY(reader, TopicReader::open(options));
        TL_TRY_VOID(reader->start(options, warnings));
        return std::move(reader);
    };
    auto source = open();
    for (const std::string& warning : warnings) {
        console.print_error(fmt::format("{} {}\n", console.painted_error(Paint::yellow, "tideline:"), warning));
    }
    return source;
}

}  // namespace

Outcome<ExitCode> run(const ConsumeOptions& options, Console& console) {
    TL_TRY(format, RecordFormat::parse(options.format.value_or(options.show_aborted ? kOutcomeFormat : kValueFormat), options.null_marker));
    TL_TRY(source, open_source(options, console));
    auto printed = print_records(*source, options, format, console);
    auto finished = source->finish();
    if (printed && !finished) {
        return std::unexpected(finished.error());
    }
    return printed;
}

}  // namespace tideline::cli
