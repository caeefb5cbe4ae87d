// cli/dump/dumpers.h: one function for each shape of file. Each prints what it can read and names what it cannot.
//
// Errors:  only reading the file can fail; damage goes to the output.
// Format:  docs/formats/log.md, docs/formats/record-batch.md, docs/formats/metadata.md
#pragma once

#include "cli/dump/dump_output.h"
#include "cli/dump/file_kind.h"
#include "cli/dump/input_file.h"

namespace tideline::cli {

struct LogDumpWishes {
    bool records = false;   // print the records inside batches
    bool metadata = false;  // their values are metadata records
};
Outcome<> dump_log(InputFile& file, const LogDumpWishes& wishes, DumpOutput& out);

// index, timeindex and txnindex.
Outcome<> dump_index(InputFile& file, FileKind kind, DumpOutput& out);

Outcome<> dump_producer_state(InputFile& file, DumpOutput& out);
Outcome<> dump_offset_checkpoint(InputFile& file, DumpOutput& out);
Outcome<> dump_leader_epochs(InputFile& file, DumpOutput& out);

// partition.metadata and meta.properties.
Outcome<> dump_properties(InputFile& file, DumpOutput& out);
Outcome<> dump_quorum_state(InputFile& file, DumpOutput& out);

}  // namespace tideline::cli
