// runtime/fresh_reads.h: reads that come from the disk and not from memory.
//
// When a sync fails, the kernel calls the pages clean that it could not write: reads still see them, and the next sync reports
// success, of another process, too. Whoever starts after one that died must not take what it reads there for durable.
#pragma once

#include "runtime/files.h"

namespace tideline::runtime {

// What a File can also do.
class FreshReads {
public:
    virtual ~FreshReads() = default;
    // Lets go of what memory holds of the file and the disk has, or was thought to have; what still has to be written stays.
    virtual Result<> forget_cached() = 0;
};

// Syncs the data and has later reads come from the disk: what a sync that failed took away is gone, and other bytes or zeros are
// in its place. Blocks.
Result<> read_afresh(File& file);

}  // namespace tideline::runtime
