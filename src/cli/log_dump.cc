#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/dump/dumpers.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

Outcome<FileKind> kind_to_use(const std::string& path, const std::string& wanted) {
    auto kind = wanted == "auto" ? kind_of_path(path) : kind_named(wanted);
    if (!kind) {
        return usage_failure(fmt::format("the name of '{}' does not say what it is", path),
                             "Say it with --kind, e.g. --kind log");
    }
    return *kind;
}

Outcome<> dump(InputFile& file, FileKind kind, bool records, DumpOutput& out) {
    switch (kind) {
        case FileKind::log: return dump_log(file, {records, is_metadata_log(file.path())}, out);
        case FileKind::snapshot: return dump_log(file, {records, true}, out);
        case FileKind::index:
        case FileKind::timeindex:
        case FileKind::txnindex: return dump_index(file, kind, out);
        case FileKind::producer_state: return dump_producer_state(file, out);
        case FileKind::offset_checkpoint: return dump_offset_checkpoint(file, out);
        case FileKind::leader_epoch: return dump_leader_epochs(file, out);
        case FileKind::partition:
        case FileKind::meta: return dump_properties(file, out);
        case FileKind::quorum_state: return dump_quorum_state(file, out);
    }
    return {};
}

}  // namespace

Outcome<ExitCode> run(const LogDumpOptions& options, Console& console) {
    DumpOutput out(console, options.output.json);
    bool all_fine = true;
    for (const std::string& path : options.files) {
        TL_TRY(kind, kind_to_use(path, options.kind));
        TL_TRY(file, InputFile::open(path));
        out.begin(path, name_of(kind), file.size());
        TL_TRY_VOID(dump(file, kind, options.records, out));
        if (!out.is_wanted()) {
            return terminal::interrupted() ? ExitCode::interrupted : ExitCode::ok;
        }
        all_fine = out.end() && all_fine;
    }
    return all_fine ? ExitCode::ok : ExitCode::corrupt;
}

}  // namespace tideline::cli
