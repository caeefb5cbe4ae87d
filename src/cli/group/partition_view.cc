// What follows from the numbers of a partition; group_view.cc asks brokers for them.
#include <algorithm>

#include "cli/group/group_view.h"

namespace tideline::cli {

std::optional<std::int64_t> PartitionView::lag() const {
    if (!committed || latest < 0) {
        return std::nullopt;
    }
    return std::max<std::int64_t>(latest - *committed, 0);
}

std::int64_t PartitionView::lost() const {
    return committed && earliest >= 0 ? std::max<std::int64_t>(earliest - *committed, 0) : 0;
}

}  // namespace tideline::cli
