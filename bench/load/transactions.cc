// tl_load transactions: producers that write one transaction after the other, or with --plain 1 the same batches without any.
//
//   --producers      each with an id of its own (ID-NUMBER, see --id), spread over the connections
//   --batches-per-request   each for another partition, as a client sends what is full for one broker
//   --in-flight      requests of a producer on their way
//   --transaction-ms, --transaction-batches    a transaction ends when it is so old or so long, whichever is first
//   --transactions-each                        a producer ends after so many
//   --abort-every                              every so many-th transaction of a producer is aborted
//   --records, --seconds                       the run ends after so much, whichever is first
//
// The latencies are those of EndTxn. The clock starts when every producer has its id.
#include <deque>
#include <string>

#include "load/commands.h"
#include "load/report.h"
#include "load/transaction_producer.h"

namespace tideline::load {

namespace {

void serve(Run& run) {
    run.lanes.serve(run.retries.empty() ? 0 : run.retries.front().first, [&run](std::size_t lane, ByteView answer, std::int64_t now) {
        Producer* producer = run.waiting[lane].front();
        run.waiting[lane].pop_front();
        producer->on_answer(answer, now);
    });
    std::int64_t now = monotonic_ns();
    while (!run.retries.empty() && run.retries.front().first <= now) {
        Producer* producer = run.retries.front().second;
        run.retries.pop_front();
        producer->go_on(now);
    }
}

}  // namespace

void run_transactions(const Options& options) {
    Run run(options);
    std::deque<Producer> producers;
    std::string id = options.text("id", "bench");
    auto count = static_cast<std::size_t>(options.number("producers", 1));
    for (std::size_t i = 0; i < count; ++i) {
        std::int64_t head_start_ns = run.transaction_ns * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(count);
        producers.emplace_back(run, id + "-" + std::to_string(i), i % run.lanes.size(), i, head_start_ns).identify();
    }
    run.working = count;
    run.identifying = run.is_plain ? 0 : count;
    while (run.identifying > 0) {
        serve(run);
    }
    Stopwatch watch;
    std::int64_t now = monotonic_ns();
    if (double seconds = options.fraction("seconds", 0); seconds > 0) {
        run.end_ns = now + static_cast<std::int64_t>(seconds * 1e9);
    }
    for (Producer& producer : producers) {
        producer.go_on(now);
    }
    while (run.working > 0) {
        serve(run);
    }
    auto batch_bytes = static_cast<std::int64_t>(run.batch.size());
    print_report({.requests = run.batches_done / run.batches_per_request,
                  .records = run.batches_done * run.records_per_batch,
                  .bytes = run.batches_done * batch_bytes,
                  .transactions = static_cast<std::int64_t>(run.commits_ns.size()),
                  .retries = run.retried},
                 watch, run.commits_ns);
}

}  // namespace tideline::load
