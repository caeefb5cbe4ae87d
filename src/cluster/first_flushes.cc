#include "cluster/first_flushes.h"

#include <algorithm>

#include "base/check.h"

namespace tideline::cluster {

using base::Result;
using runtime::Task;

namespace {

// Each has two files open besides its log.
constexpr std::size_t kTogether = 32;

}  // namespace

Task<Result<>> FirstFlushes::run(log::FlushPlan& plan) {
    Waiting self{&plan, std::nullopt};
    waiting_.push_back(&self);
    runtime::Mutex::Lock turn = co_await turn_.lock();
    if (!self.outcome) {
        co_await flush_some();
    }
    TL_CHECK(self.outcome);
    co_return *self.outcome;
}

Task<void> FirstFlushes::flush_some() {
    std::vector<Waiting*> some(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(kTogether, waiting_.size())));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(some.size()));
    std::vector<log::FlushPlan*> plans;
    std::ranges::transform(some, std::back_inserter(plans), &Waiting::plan);
    runtime::FileSystem& files = shard_.files();
    auto outcomes = co_await runtime::offload(shard_, [&files, &plans] { return log::run_flushes(files, plans); });
    for (std::size_t at = 0; at < some.size(); ++at) {
        some[at]->outcome = outcomes[at];
    }
}

}  // namespace tideline::cluster
