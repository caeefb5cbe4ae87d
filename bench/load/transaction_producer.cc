#include "load/transaction_producer.h"

#include <algorithm>

namespace tideline::load {

namespace {

constexpr std::int64_t kRetryBackoffNs = 20'000'000;  // Kafka's clients wait so long for a transaction that still ends
constexpr std::int16_t kNone = 0;
constexpr std::int16_t kOutOfOrderSequence = 45;

bool is_retriable(std::int16_t error) {
    // the coordinator loads, is not there, is elsewhere; not enough replicas; the transaction before is not complete yet
    return error == 14 || error == 15 || error == 16 || error == 19 || error == 51;
}

}  // namespace

Run::Run(const Options& options)
    : topic(options.text("topic", "load")),
      partitions(options.number("partitions", 4)),
      batches_per_request(options.number("batches-per-request", 1)),
      in_flight_max(static_cast<std::size_t>(options.number("in-flight", 5))),
      is_plain(options.number("plain", 0) != 0),
      transaction_ns(options.number("transaction-ms", 0) * 1'000'000),
      transaction_batches(options.number("transaction-batches", 0)),
      transactions_each(options.number("transactions-each", 0)),
      abort_every(options.number("abort-every", 0)),
      lanes(options),
      waiting(lanes.size()) {
    auto record_bytes = static_cast<std::size_t>(options.number("record-bytes", 1024));
    records_per_batch = load::records_per_batch(record_bytes, static_cast<std::size_t>(options.number("batch-bytes", 1)));
    batch = make_batch(records_per_batch, record_bytes, 1);
    if (batches_per_request > partitions) {
        die("--batches-per-request is larger than --partitions: a request has one batch for a partition");
    }
    if (std::int64_t records = options.number("records", 0); records > 0) {
        batches_max = std::max<std::int64_t>(1, records / records_per_batch);
    }
}

Producer::Producer(Run& run, std::string id, std::size_t lane, std::size_t first_partition, std::int64_t head_start_ns)
    : run_(run), id_(std::move(id)), lane_(lane), next_partition_(first_partition), head_start_ns_(head_start_ns) {
    for (std::size_t slot = 0; slot < run.in_flight_max; ++slot) {
        slots_.push_back({ProduceFrame(run.is_plain ? std::string_view() : id_, run.topic, run.batch,
                                       static_cast<std::size_t>(run.batches_per_request))});
        free_.push_back(slot);
    }
    begin_transaction({});
}

void Producer::identify() {
    if (run_.is_plain) {
        step_ = Step::writing;
        return;
    }
    rest_ = init_producer_id_rest(id_);
    queue(kInitProducerId, kInitProducerIdVersion, rest_);
}

void Producer::go_on(std::int64_t now) {
    if (step_ == Step::identifying) {
        identify();
    } else if (step_ == Step::ending) {
        send_end();
    } else if (step_ == Step::writing) {
        for (std::size_t slot : again_) {
            send_slot(slot);
        }
        again_.clear();
        while (may_send(now)) {
            send_new_request(now);
        }
        if (in_flight_.empty()) {
            end_of_writing(now);
        }
    }
}

bool Producer::is_full(std::int64_t now) const {
    if (run_.is_over(now)) {
        return true;
    }
    if (run_.is_plain || batches_ == 0) {
        return false;
    }
    return (run_.transaction_batches > 0 && batches_ >= run_.transaction_batches) ||
           (run_.transaction_ns > 0 && now - began_ns_ >= run_.transaction_ns);
}

bool Producer::may_send(std::int64_t now) const {
    return !free_.empty() && !is_full(now);
}

void Producer::send_new_request(std::int64_t now) {
    if (batches_ == 0) {
        began_ns_ = ended_ == 0 ? now - head_start_ns_ : now;
    }
    std::size_t number = free_.back();
    free_.pop_back();
    Slot& slot = slots_[number];
    for (Batch& batch : slot.batches) {
        std::size_t partition = next_partition_++ % sequences_.size();
        batch = {.partition = static_cast<std::int32_t>(partition), .base_sequence = run_.is_plain ? -1 : sequences_[partition]};
        sequences_[partition] += static_cast<std::int32_t>(run_.records_per_batch);
    }
    batches_ += run_.batches_per_request;
    run_.batches_sent += run_.batches_per_request;
    send_slot(number);
}

void Producer::send_slot(std::size_t number) {
    Slot& slot = slots_[number];
    for (std::size_t row = 0; row < slot.batches.size(); ++row) {
        slot.frame.address(row, slot.batches[row].partition, identity_, slot.batches[row].base_sequence);
    }
    in_flight_.push_back(number);
    queue(kProduce, kFlexibleProduceVersion, slot.frame.rest());
}

void Producer::end_of_writing(std::int64_t now) {
    if (run_.is_plain || batches_ == 0) {
        finish();
        return;
    }
    step_ = Step::ending;
    end_sent_ns_ = now;
    send_end();
}

void Producer::send_end() {
    bool aborts = run_.abort_every > 0 && (ended_ + 1) % run_.abort_every == 0;
    rest_ = end_txn_rest(id_, identity_, !aborts);
    queue(kEndTxn, kEndTxnVersion, rest_);
}

void Producer::on_answer(ByteView answer, std::int64_t now) {
    if (step_ == Step::writing) {
        on_produced(produce_error(answer, static_cast<std::size_t>(run_.batches_per_request)), now);
    } else {
        on_identity(read_identity(answer), now);
    }
}

void Producer::on_produced(std::int16_t error, std::int64_t now) {
    std::size_t slot = in_flight_.front();
    in_flight_.pop_front();
    if (error == kNone) {
        free_.push_back(slot);
        run_.batches_done += run_.batches_per_request;
    } else if (!run_.is_plain && (is_retriable(error) || (error == kOutOfOrderSequence && !again_.empty()))) {
        again_.push_back(slot);
    } else {
        die("a batch was answered with error " + std::to_string(error));
    }
    if (again_.empty()) {
        go_on(now);
    } else if (in_flight_.empty()) {
        retry_later(now);
    }
}

void Producer::on_identity(const IdentityAnswer& answer, std::int64_t now) {
    if (is_retriable(answer.error)) {
        retry_later(now);
        return;
    }
    if (answer.error != kNone) {
        die(std::string(step_ == Step::identifying ? "InitProducerId" : "EndTxn") + " was answered with error " + std::to_string(answer.error));
    }
    if (step_ == Step::identifying) {
        step_ = Step::writing;
        --run_.identifying;
        begin_transaction(answer.identity);
        return;  // the clock starts when everybody has an identity
    }
    if (answer.identity.id == identity_.id && answer.identity.epoch <= identity_.epoch) {
        die("EndTxn did not raise the epoch: this is not the newer protocol");
    }
    run_.commits_ns.push_back(now - end_sent_ns_);
    ++ended_;
    begin_transaction(answer.identity);
    if (run_.transactions_each > 0 && ended_ == run_.transactions_each) {
        finish();
        return;
    }
    step_ = Step::writing;
    go_on(now);
}

void Producer::begin_transaction(ProducerIdentity identity) {
    identity_ = identity;
    sequences_.assign(static_cast<std::size_t>(run_.partitions), 0);
    batches_ = 0;
}

void Producer::retry_later(std::int64_t now) {
    ++run_.retried;
    run_.retries.emplace_back(now + kRetryBackoffNs, this);
}

void Producer::finish() {
    step_ = Step::done;
    --run_.working;
}

void Producer::queue(std::int16_t api, std::int16_t version, ByteView rest) {
    run_.lanes.queue(lane_, prefix(api, version, 0, rest.size()), rest);
    run_.waiting[lane_].push_back(this);
}

}  // namespace tideline::load
