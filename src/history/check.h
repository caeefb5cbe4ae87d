// history/check.h: what a recorded history proves. README.md says what each verdict means, and from what it follows.
#pragma once
#include "history/findings.h"
#include "history/history.h"
#include "history/places.h"

namespace tideline::history {

// Fills in what the history knows of itself by the way (Value::offset and the like). Call it once.
Findings check(History& history);

// The parts of it.
void check_log(const History& history, const Places& places, Findings& findings);
void check_reads(const History& history, const Places& places, Findings& findings);
void check_chains(const History& history, const Places& places, Findings& findings);
void check_committed_offsets(const History& history, Findings& findings);
void check_watermarks(const History& history, Findings& findings);
void check_epochs(const History& history, Findings& findings);
void check_cycles(const History& history, const Places& places, Findings& findings);

}  // namespace tideline::history
