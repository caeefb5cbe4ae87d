// record/print.h: batches and records for people and for machines, as `tideline log dump` shows them.
//
// Text is safe for a terminal: whatever is not printable UTF-8 appears as \xNN. JSON is one object without a line break; bytes
// that are not UTF-8 appear as {"base64":"…"} instead of a string.
#pragma once

#include <string>

#include "record/batch.h"
#include "record/record.h"

namespace tideline::record {

struct PrintOptions {
    std::size_t field_bytes_max = 1024;  // of a key, value or header in text; what is left out is counted
};

// `key-1` for "key-1"; `a\x00b` for a NUL between. Backslash and quote are escaped too, so the text can stand in quotes.
std::string printable(ByteView bytes);

// batch offsets=100..119 records=20 bytes=823 codec=none timestamp_type=CreateTime …
std::string batch_text(const BatchHeader& header);
std::string batch_json(const BatchHeader& header);

// offset=100 timestamp=1700000000000 key=null value="value-0" headers={h="0"}
// A control record shows its type and what its value says instead.
std::string record_text(const BatchHeader& header, const Record& record, const PrintOptions& options = {});
std::string record_json(const BatchHeader& header, const Record& record);

}  // namespace tideline::record
