#include "runtime/writeback.h"

namespace tideline::runtime {

void start_writeback(File& file) {
    if (auto* writeback = dynamic_cast<Writeback*>(&file)) {
        writeback->start_writeback();
    }
}

}  // namespace tideline::runtime
