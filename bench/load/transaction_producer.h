// load/transaction_producer.h: a transactional producer that writes one transaction after the other, and what all producers of a run share.
#pragma once

#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "load/lanes.h"
#include "load/transaction_requests.h"

namespace tideline::load {

class Producer;

struct Run {
    explicit Run(const Options& options);

    bool is_over(std::int64_t now) const { return batches_sent >= batches_max || now >= end_ns; }

    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    // What was asked for.
    std::string topic;
    std::int64_t partitions;
    std::int64_t batches_per_request;  // each for another partition
    std::size_t in_flight_max;
    bool is_plain;                     // no transactions, no producer ids
    std::int64_t transaction_ns;       // 0: as long as it takes
    std::int64_t transaction_batches;  // 0: any number
    std::int64_t transactions_each;    // 0: any number
    std::int64_t abort_every;          // 0: none is aborted
    std::int64_t records_per_batch = 1;
    Bytes batch;
    std::int64_t batches_max = kNever;
    std::int64_t end_ns = kNever;

    Lanes lanes;
    std::vector<std::deque<Producer*>> waiting;                // for each lane, who waits for its answers, in their order
    std::deque<std::pair<std::int64_t, Producer*>> retries;  // who goes on at which instant; the backoff is always the same
    std::size_t identifying = 0;                               // producers
    std::size_t working = 0;

    // What came of it.
    std::int64_t batches_sent = 0;
    std::int64_t batches_done = 0;
    std::int64_t retried = 0;
    std::vector<std::int64_t> commits_ns;  // each EndTxn, from its first sending to its success
};

// One transactional id. It has one connection, so answers come in the order of its requests.
class Producer {
public:
    // `head_start_ns`: how much sooner its first transaction ends, so that producers do not end theirs in step.
    Producer(Run& run, std::string id, std::size_t lane, std::size_t first_partition, std::int64_t head_start_ns);
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    // Asks for its producer id, or in a plain run does nothing.
    void identify();
    // Sends what may be sent now.
    void go_on(std::int64_t now);
    void on_answer(ByteView answer, std::int64_t now);

private:
    enum class Step { identifying, writing, ending, done };
    struct Batch {
        std::int32_t partition = 0;
        std::int32_t base_sequence = 0;
    };
    struct Slot {
        ProduceFrame frame;
        std::vector<Batch> batches = std::vector<Batch>(frame.batches());
    };

    bool is_full(std::int64_t now) const;
    bool may_send(std::int64_t now) const;
    void send_new_request(std::int64_t now);
    void send_slot(std::size_t slot);
    void send_end();
    void end_of_writing(std::int64_t now);
    void on_produced(std::int16_t error, std::int64_t now);
    void on_identity(const IdentityAnswer& answer, std::int64_t now);
    void begin_transaction(ProducerIdentity identity);
    void retry_later(std::int64_t now);
    void finish();
    void queue(std::int16_t api, std::int16_t version, ByteView rest);

    Run& run_;
    std::string id_;
    std::size_t lane_;
    std::size_t next_partition_;
    std::int64_t head_start_ns_;
    Step step_ = Step::identifying;
    ProducerIdentity identity_;
    Bytes rest_;  // of the request that is no produce
    std::vector<Slot> slots_;
    std::vector<std::size_t> free_;
    std::deque<std::size_t> in_flight_;
    std::vector<std::size_t> again_;  // to be sent once more, in this order, when nothing is in flight
    std::vector<std::int32_t> sequences_;
    std::int64_t began_ns_ = 0;
    std::int64_t end_sent_ns_ = 0;
    std::int64_t batches_ = 0;  // of this transaction
    std::int64_t ended_ = 0;
};

}  // namespace tideline::load
