#include "history/check.h"

namespace tideline::history {

Findings check(History& history) {
    Findings findings = std::move(history.seen_while_loading);
    const Places places(history, findings);
    check_log(history, places, findings);
    check_reads(history, places, findings);
    check_chains(history, places, findings);
    check_committed_offsets(history, findings);
    check_watermarks(history, findings);
    check_epochs(history, findings);
    check_cycles(history, places, findings);
    return findings;
}

}  // namespace tideline::history
