// runtime/writeback.h: letting the disk begin before somebody waits for it.
//
// One sync after the other takes each file's way to the disk, and a write of the file system's journal, in turn. When the disk has begun
// with all of them, the first sync finds most of the work of the others done as well.
#pragma once

#include "runtime/files.h"

namespace tideline::runtime {

// What a File can also do.
class Writeback {
public:
    virtual ~Writeback() = default;
    // Begins to write what memory holds of the file. Promises nothing: not that it begins, nor that it ends; what goes wrong is told by
    // the next sync. A crash finds no more than it might have found without.
    virtual void start_writeback() = 0;
};

// Nothing where the file cannot: a simulated disk keeps any part of what was not synced as it is.
void start_writeback(File& file);

}  // namespace tideline::runtime
