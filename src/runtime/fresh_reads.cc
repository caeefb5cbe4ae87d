#include "runtime/fresh_reads.h"

#include "base/check.h"

namespace tideline::runtime {

Result<> read_afresh(File& file) {
    TL_TRY_VOID(file.sync_data());
    auto* fresh = dynamic_cast<FreshReads*>(&file);
    TL_CHECK(fresh != nullptr);
    return fresh->forget_cached();
}

}  // namespace tideline::runtime
