// record/whole_record.h: one record that stands whole in memory, read in one go. Internal to the scanner.
#pragma once

#include <cstddef>

#include "record/record.h"

namespace tideline::record {

// Reads the record at the start of `bytes`, behind which others may stand: returns how many bytes it takes, its length field
// included. 0: it is not whole there, or something is wrong with it. Reading it field by field then tells which; `facts` are nothing
// to go by.
std::size_t read_whole_record(ByteView bytes, RecordFacts& facts);

}  // namespace tideline::record
