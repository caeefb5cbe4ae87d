// coordinator/batches.h: batches of a journal: made of records, and read back.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "coordinator/records.h"
#include "record/batch.h"
#include "record/build.h"
#include "record/record.h"

namespace tideline::coordinator {

// Lengths, deltas and attributes of a record, at most; and with the header of the batch that holds it alone.
inline constexpr std::size_t kRecordOverhead = 40;
inline constexpr std::size_t kBatchOverhead = record::kBatchHeaderBytes + kRecordOverhead;

// The records as few batches of at most `bytes_max` each (a larger record makes a larger batch), in their order.
std::vector<base::Bytes> make_batches(std::span<const Record> records, std::size_t bytes_max, std::int64_t now_ms,
                                      const record::BatchOptions& options = {});

// Every record with a key of `batches`, whole batches back to back, those of control batches too. What is visited is good for
// that call. Errors: batches that cannot be read.
using VisitRecord = std::function<void(const record::BatchHeader&, const record::Record&)>;
base::Result<> visit_records(base::ByteView batches, const VisitRecord& visit);

}  // namespace tideline::coordinator
