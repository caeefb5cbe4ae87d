// tl_load fetch: reads every partition of a topic from its start to its end (the high watermark, with --committed 1 the last stable
// offset) and counts the records.
//
// Counts come from batch headers, the first and the last of each answer: batches between them have the size and the number of
// records of the first, which the offset of the last proves; with --uniform 0, as markers need it, every header is read. All other
// bytes are dropped in the kernel. Each partition has one fetch in flight, as a consumer has for each broker.
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <string>

#include "load/commands.h"
#include "load/report.h"
#include "record/batch.h"

namespace tideline::load {

namespace {

// One partition, and the connection that carries its fetches alone.
class Reader {
public:
    Reader(const Options& options, std::int32_t partition, Totals& totals)
        : client_(static_cast<std::uint16_t>(options.number("port", 9092))),
          topic_(options.text("topic", "load")),
          partition_(partition),
          bytes_max_(static_cast<std::int32_t>(options.number("fetch-bytes", 1 << 20))),
          committed_only_(options.number("committed", 0) != 0),
          is_uniform_(options.number("uniform", 1) != 0),
          totals_(totals) {}

    int fd() const { return client_.fd(); }
    bool is_done() const { return done_; }
    void ask();
    // Takes what the socket has; asks again once an answer was read to its end.
    void on_readable();

private:
    std::size_t front_bytes() const;
    bool read_front();
    bool read_batches();
    void end_answer();
    std::size_t buffered() const { return end_ - begin_; }
    bool fill(std::size_t wanted);

    Client client_;
    std::string topic_;
    std::int32_t partition_;
    std::int32_t bytes_max_;
    bool committed_only_;
    bool is_uniform_;  // every batch of an answer has the size and the records of its first
    Totals& totals_;
    Bytes request_;
    std::int64_t offset_ = 0;
    std::int64_t readable_to_ = 0;
    bool done_ = false;

    bool in_front_ = true;        // before the records of the answer
    std::size_t records_left_ = 0;  // bytes of the answer that are still to come, the buffered ones included
    std::size_t skip_left_ = 0;     // bytes that nobody wants
    Bytes buffer_ = Bytes(4 << 10);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

void Reader::ask() {
    request_ = fetch_rest(topic_, partition_, offset_, bytes_max_, committed_only_);
    client_.queue(prefix(kFetch, kFetchVersion, 1, request_.size()), request_);
    client_.send();
    if (client_.has_unsent()) {
        die("a socket buffer does not even hold a fetch request");
    }
    in_front_ = true;
}

void Reader::on_readable() {
    while (!done_) {
        bool went_on = in_front_ ? read_front() : read_batches();
        if (!went_on) {
            return;
        }
    }
}

// Has at least `wanted` bytes in the buffer. False: they have not come yet.
bool Reader::fill(std::size_t wanted) {
    if (buffered() >= wanted) {
        return true;
    }
    std::memmove(buffer_.data(), buffer_.data() + begin_, buffered());
    end_ = buffered();
    begin_ = 0;
    buffer_.resize(std::max(buffer_.size(), wanted));
    // Behind what is wanted come bytes to be dropped: do not copy them first.
    std::size_t got = 0;
    if (!client_.receive(base::MutableByteView(buffer_).subspan(end_, wanted - buffered()), got)) {
        return false;
    }
    end_ += got;
    return true;
}

// How long what stands before the records is, as far as that can be told already.
//
// length, correlation id, throttle time, error, session id, topics=1, name, partitions=1, index, error, high watermark,
// last stable offset, log start offset, aborted transactions, length of the records
constexpr std::size_t kBeforeName = 4 + 4 + 4 + 2 + 4 + 4 + 2;
constexpr std::size_t kUntilAborted = 4 + 4 + 2 + 8 + 8 + 8 + 4;
constexpr std::size_t kAbortedBytes = 8 + 8;
constexpr std::size_t kRecordsLengthBytes = 4;

std::size_t Reader::front_bytes() const {
    std::size_t bytes = kBeforeName + topic_.size() + kUntilAborted;
    if (buffered() >= bytes) {
        auto aborted = base::load_be<std::int32_t>(buffer_.data() + begin_ + bytes - sizeof(std::int32_t));
        bytes += kAbortedBytes * static_cast<std::size_t>(std::max(aborted, 0));
    }
    return bytes + kRecordsLengthBytes;
}

bool Reader::read_front() {
    if (!fill(front_bytes())) {
        return false;
    }
    std::size_t front = front_bytes();
    if (buffered() < front) {
        return true;
    }
    const std::uint8_t* at = buffer_.data() + begin_;
    auto error_of_all = base::load_be<std::int16_t>(at + 12);
    auto size = base::load_be<std::int32_t>(at + front - kRecordsLengthBytes);
    at += kBeforeName + topic_.size();
    auto error = base::load_be<std::int16_t>(at + 8);
    if (error_of_all != 0 || error != 0) {
        die("fetch was answered with error " + std::to_string(error_of_all != 0 ? error_of_all : error));
    }
    constexpr std::size_t kHighWatermarkAt = 10;
    constexpr std::size_t kLastStableOffsetAt = 18;
    readable_to_ = base::load_be<std::int64_t>(at + (committed_only_ ? kLastStableOffsetAt : kHighWatermarkAt));
    begin_ += front;
    records_left_ = size > 0 ? static_cast<std::size_t>(size) : 0;
    in_front_ = false;
    ++totals_.requests;
    return true;
}

bool Reader::read_batches() {
    if (skip_left_ > 0) {
        std::size_t skipped = std::min(skip_left_, buffered());
        begin_ += skipped;
        if (skipped == 0) {
            skipped = client_.discard(skip_left_);
        }
        skip_left_ -= skipped;
        records_left_ -= skipped;
        return skipped > 0;
    }
    if (records_left_ == 0) {
        end_answer();
        return true;
    }
    if (records_left_ < record::kBatchHeaderBytes) {
        skip_left_ = records_left_;
        return true;
    }
    if (!fill(record::kBatchHeaderBytes)) {
        return false;
    }
    if (buffered() < record::kBatchHeaderBytes) {
        return true;
    }
    auto header = record::read_batch_header(ByteView(buffer_).subspan(begin_, record::kBatchHeaderBytes));
    if (!header) {
        die("what was fetched is not a record batch");
    }
    if (header->base_offset != offset_) {
        die("batches of one answer differ in size, or the broker left some out");
    }
    std::size_t size = header->size_in_bytes();
    std::size_t whole = records_left_ / size;
    std::size_t count = whole > 1 ? whole - 1 : whole;  // the last one is read to prove the others
    if (!is_uniform_) {
        count = std::min<std::size_t>(count, 1);
    }
    skip_left_ = count > 0 ? count * size : records_left_;
    offset_ += static_cast<std::int64_t>(count) * header->record_count;
    totals_.records += static_cast<std::int64_t>(count) * header->record_count;
    totals_.bytes += static_cast<std::int64_t>(count * size);
    return true;
}

void Reader::end_answer() {
    done_ = offset_ >= readable_to_;
    if (!done_) {
        ask();
    }
}

}  // namespace

void run_fetch(const Options& options) {
    Totals totals;
    std::deque<Reader> readers;
    int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::int64_t partitions = options.number("partitions", 4);
    for (std::int64_t i = 0; i < partitions; ++i) {
        Reader& reader = readers.emplace_back(options, static_cast<std::int32_t>(i), totals);
        epoll_event event{.events = EPOLLIN, .data = {.ptr = &reader}};
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, reader.fd(), &event) != 0) {
            die_errno("epoll");
        }
    }
    Stopwatch watch;
    for (Reader& reader : readers) {
        reader.ask();
    }
    std::array<epoll_event, 64> events;
    while (!std::ranges::all_of(readers, &Reader::is_done)) {
        int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            static_cast<Reader*>(events[static_cast<std::size_t>(i)].data.ptr)->on_readable();
        }
    }
    std::vector<std::int64_t> none;
    print_report(totals, watch, none);
}

}  // namespace tideline::load
