// Histories that clients recorded, as tl_check_history reads them: any lines are a history with verdicts, or refused with a reason.
#include <sstream>

#include "base/check.h"
#include "history/check.h"
#include "history/load.h"

using namespace tideline;
using namespace tideline::history;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::istringstream in(std::string(data, data + size));
    History history;
    Loader loader(history);
    if (auto loaded = loader.load(in, "process"); !loaded) {
        TL_CHECK(!loader.where().empty() && !loaded.error().note.empty());
        return 0;
    }
    const Findings findings = check(history);
    TL_CHECK(findings.empty() == findings.text().empty());
    return 0;
}
