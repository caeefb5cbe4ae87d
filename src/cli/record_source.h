// cli/record_source.h: where `consume` has its records from: ranges of partitions, or a share of them as a group's member.
#pragma once

#include "cli/failure.h"
#include "cli/record_view.h"

namespace tideline::cli {

class RecordSource {
public:
    enum class Step { record, idle, done };

    virtual ~RecordSource() = default;

    // The next record (see record(), valid until the next call), or idle after `wait_ms` without one, or done.
    virtual Outcome<Step> next(int wait_ms) = 0;
    virtual const RecordView& record() const = 0;
    // Everything that next() gave has reached whoever reads stdout.
    virtual void note_printed() {}
    // Printing has ended, in whatever way; leaves things in order. Called once.
    virtual Outcome<> finish() { return {}; }
};

}  // namespace tideline::cli
