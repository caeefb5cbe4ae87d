// tl_load produce, tl_load commit: replay requests, encoded beforehand, and wait for all of their answers.
//
// Without --mb-per-s it keeps --in-flight requests on each connection. With it, every request has an instant at which it is
// due, and its latency counts from that instant, whether it could be sent then or not (no coordinated omission).
#include <algorithm>
#include <deque>
#include <string>

#include "load/commands.h"
#include "load/lanes.h"
#include "load/report.h"

namespace tideline::load {

namespace {

constexpr std::size_t kSeedsPerPartition = 4;

class Replay {
public:
    Replay(const Options& options, std::int16_t api, std::int16_t version);
    void encode_produces(const Options& options);
    void encode_commits(const Options& options);
    void run(const Options& options);

private:
    void send_next(std::int64_t due_ns);
    void send_what_is_due(std::int64_t now);
    void fill_up();
    void wait_and_read();
    void on_answer(std::size_t lane, ByteView answer, std::int64_t now);

    std::int16_t api_;
    std::int16_t version_;
    std::int64_t in_flight_;
    std::int64_t total_ = 0;
    std::int64_t records_per_request_ = 1;
    std::int64_t batch_bytes_ = 0;
    double interval_ns_ = 0;  // 0: as fast as answers come
    std::int64_t start_ns_ = 0;
    std::int64_t sent_ = 0;
    std::int64_t answered_ = 0;
    std::vector<Bytes> rests_;
    Lanes lanes_;
    std::vector<std::deque<std::int64_t>> due_ns_;  // for each lane, of the requests in flight, in their order
    std::vector<std::int64_t> latencies_ns_;
};

Replay::Replay(const Options& options, std::int16_t api, std::int16_t version)
    : api_(api), version_(version), in_flight_(options.number("in-flight", 5)), lanes_(options), due_ns_(lanes_.size()) {}

void Replay::encode_produces(const Options& options) {
    auto record_bytes = static_cast<std::size_t>(options.number("record-bytes", 1024));
    auto batch_bytes = static_cast<std::size_t>(options.number("batch-bytes", 1));
    records_per_request_ = records_per_batch(record_bytes, batch_bytes);
    auto acks = static_cast<std::int16_t>(-options.number("acks-all", 1));
    std::string topic = options.text("topic", "load");
    std::int64_t partitions = options.number("partitions", 4);
    for (std::uint32_t seed = 0; seed < kSeedsPerPartition; ++seed) {
        Bytes batch = make_batch(records_per_request_, record_bytes, seed);
        batch_bytes_ = static_cast<std::int64_t>(batch.size());
        for (std::int64_t partition = 0; partition < partitions; ++partition) {
            rests_.push_back(produce_rest(topic, static_cast<std::int32_t>(partition), acks, batch));
        }
    }
}

void Replay::encode_commits(const Options& options) {
    std::string topic = options.text("topic", "load");
    for (std::int64_t group = 0; group < options.number("groups", 1); ++group) {
        rests_.push_back(offset_commit_rest("g" + std::to_string(group), topic));
    }
}

void Replay::run(const Options& options) {
    total_ = std::max<std::int64_t>(1, options.number("records", 1) / records_per_request_);
    latencies_ns_.reserve(static_cast<std::size_t>(total_));
    if (double mb_per_s = options.fraction("mb-per-s", 0); mb_per_s > 0) {
        interval_ns_ = static_cast<double>(batch_bytes_) * 1e3 / mb_per_s;
    }
    Stopwatch watch;
    start_ns_ = monotonic_ns();
    while (answered_ < total_) {
        if (interval_ns_ > 0) {
            send_what_is_due(monotonic_ns());
        } else {
            fill_up();
        }
        wait_and_read();
    }
    print_report({.requests = total_, .records = total_ * records_per_request_, .bytes = total_ * batch_bytes_}, watch, latencies_ns_);
}

void Replay::send_next(std::int64_t due_ns) {
    auto turn = static_cast<std::size_t>(sent_);
    // Connection i serves the partitions i, i + connections, …, as a client's connections to one broker would.
    std::size_t lane = turn % lanes_.size();
    const Bytes& rest = rests_[turn % rests_.size()];
    lanes_.queue(lane, prefix(api_, version_, static_cast<std::int32_t>(sent_), rest.size()), rest);
    due_ns_[lane].push_back(due_ns);
    ++sent_;
}

void Replay::send_what_is_due(std::int64_t now) {
    while (sent_ < total_) {
        std::int64_t due = start_ns_ + static_cast<std::int64_t>(static_cast<double>(sent_) * interval_ns_);
        if (due > now) {
            return;
        }
        send_next(due);
    }
}

void Replay::fill_up() {
    std::int64_t now = monotonic_ns();
    while (sent_ < total_ && static_cast<std::int64_t>(due_ns_[static_cast<std::size_t>(sent_) % lanes_.size()].size()) < in_flight_) {
        send_next(now);
    }
}

void Replay::wait_and_read() {
    std::int64_t until = 0;
    if (interval_ns_ > 0 && sent_ < total_) {
        until = start_ns_ + static_cast<std::int64_t>(static_cast<double>(sent_) * interval_ns_);
    }
    lanes_.serve(until, [this](std::size_t lane, ByteView answer, std::int64_t now) { on_answer(lane, answer, now); });
}

void Replay::on_answer(std::size_t lane, ByteView answer, std::int64_t now) {
    if (std::int16_t error = partition_error(answer); error != 0) {
        die("a request was answered with error " + std::to_string(error));
    }
    latencies_ns_.push_back(now - due_ns_[lane].front());
    due_ns_[lane].pop_front();
    ++answered_;
}

}  // namespace

void run_produce(const Options& options) {
    Replay replay(options, kProduce, kProduceVersion);
    replay.encode_produces(options);
    replay.run(options);
}

void run_commit(const Options& options) {
    Replay replay(options, kOffsetCommit, kOffsetCommitVersion);
    replay.encode_commits(options);
    replay.run(options);
}

}  // namespace tideline::load
