#include "server/connection.h"

#include <algorithm>

#include "base/log.h"
#include "base/reach.h"

namespace tideline::server {

using runtime::Task;

namespace {

constexpr std::size_t kPrefixBytes = 4;
constexpr std::size_t kResponsesPerWrite = 32;
// A client that takes so much of a response is not idle, however long the rest may take.
constexpr std::uint64_t kStrideBytes = 1 << 20;

}  // namespace

std::uint64_t EncodedResponse::total_bytes() const {
    std::uint64_t total = bytes.size();
    for (const protocol::Splice& splice : splices) {
        total += splice.size;
    }
    return total;
}

Connection::Connection(runtime::Shard& shard, std::unique_ptr<runtime::Stream> stream, std::string listener,
                       FrameHandler& handler, MemoryBudget& frames, MemoryBudget& work, const ConnectionLimits& limits)
    : shard_(shard),
      stream_(std::move(stream)),
      info_{.peer = stream_->peer(), .listener = std::move(listener)},
      handler_(handler),
      frames_(frames),
      work_(work),
      limits_(limits),
      last_activity_(shard.now()),
      tasks_(shard),
      slot_ready_(shard),
      slot_written_(shard) {}

Connection::~Connection() = default;

Task<void> Connection::run() {
    tasks_.spawn(write_responses());
    co_await read_requests();
    reading_ended_ = true;
    info_.peer_left = true;
    wake_parked();
    slot_ready_.set();
    co_await tasks_.join();
}

void Connection::shut_down(std::string_view reason) {
    if (!info_.is_closing) {
        info_.is_closing = true;
        wake_parked();
        frames_.cancel(buffer_grant_);
        for (Slot& slot : slots_) {
            slot.memory.end();
        }
        TL_LOG_DEBUG("connection_shut_down", {"peer", info_.peer.host}, {"port", info_.peer.port}, {"reason", reason});
    }
    stream_->shut_down();
}

void Connection::wake_parked() {
    if (auto parked = info_.parked.lock()) {
        cluster::DataWaiter::signal(parked, shard_);
    }
}

void Connection::give_way() {
    for (Slot& slot : slots_) {
        slot.memory.ask_to_give_way();
        if (slot.memory.should_give_way()) {
            wake_parked();
        }
    }
}

Task<void> Connection::read_requests() {
    for (;;) {
        base::ByteView unread = buffer_.unread();
        if (unread.size() >= kPrefixBytes) {
            auto size = base::load_be<std::int32_t>(unread.data());
            if (size < 0 || size > limits_.frame_bytes_max) {
                TL_LOG_WARN("connection_closed", {"peer", info_.peer.host}, {"port", info_.peer.port},
                            {"reason", "frame length is negative or above socket.request.max.bytes"}, {"bytes", size});
                shut_down("frame length");
                co_return;
            }
            std::size_t whole = kPrefixBytes + static_cast<std::size_t>(size);
            if (unread.size() >= whole) {
                if (!handler_.may_overlap(unread.subspan(kPrefixBytes, static_cast<std::size_t>(size)))) {
                    co_await wait_for_quiet();
                    unread = buffer_.unread();
                }
                bool go_on = co_await handle_frame(unread.subspan(kPrefixBytes, static_cast<std::size_t>(size)));
                if (!go_on) {
                    co_return;
                }
                buffer_.consume(whole);
                continue;
            }
            bool has_room = co_await make_room(whole);
            if (!has_room) {
                co_return;
            }
        }
        bool filled = co_await fill_buffer();
        if (!filled) {
            co_return;
        }
    }
}

// Reads what the socket has. False when there will be no more.
Task<bool> Connection::fill_buffer() {
    if (buffer_.empty()) {
        // An idle connection holds no block: free it, wait, then take one as large as the last burst deserved.
        if (buffer_.capacity() != 0) {
            buffer_.reallocate(0);
            buffer_grant_.release();
        }
        auto readable = co_await stream_->readable();
        if (!readable) {
            co_return false;
        }
        std::size_t wanted = is_parked() ? ReadBuffer::kSmallest : buffer_.wanted_capacity();
        bool has_memory = co_await take_memory(wanted);
        if (!has_memory) {
            co_return false;
        }
    }
    if (buffer_.free_space().empty()) {
        buffer_.compact();
    }
    auto got = co_await stream_->read_some(buffer_.free_space());
    if (!got || *got == 0) {
        co_return false;
    }
    last_activity_ = shard_.now();
    buffer_.filled(*got);
    co_return true;
}

// Makes room for more of a frame of `frame_bytes`. The block grows with what has arrived, not with what was announced: a
// client that promises 100 MiB and sends nothing holds next to nothing.
Task<bool> Connection::make_room(std::size_t frame_bytes) {
    if (frame_bytes <= buffer_.capacity()) {
        if (buffer_.free_space().size() + buffer_.unread().size() < frame_bytes) {
            buffer_.compact();
        }
        co_return true;
    }
    if (buffer_.unread().size() < buffer_.capacity()) {
        co_return true;  // what is there is not full yet
    }
    if (is_parked()) {
        co_await wait_for_quiet();  // a large request would hold its memory for as long as the group takes
    }
    std::size_t wanted = std::min(frame_bytes, std::max(ReadBuffer::kLargest, 2 * buffer_.capacity()));
    co_return co_await take_memory(wanted);
}

// Waits for memory, then has a block of `bytes`. False when the connection was closed meanwhile.
Task<bool> Connection::take_memory(std::size_t bytes) {
    if (info_.is_closing) {
        co_return false;  // shut_down() ended the waits of then; one that begins now nobody would end
    }
    is_waiting_for_memory_ = true;
    bool admitted = co_await frames_.raise(buffer_grant_, bytes);
    is_waiting_for_memory_ = false;
    last_activity_ = shard_.now();  // it was us who kept the client waiting
    if (!admitted || info_.is_closing) {
        co_return false;
    }
    buffer_.reallocate(bytes);
    co_return true;
}

Task<bool> Connection::handle_frame(base::ByteView frame) {
    last_activity_ = shard_.now();
    co_await wait_for_reader();
    if (info_.is_closing) {
        co_return false;
    }
    Slot& slot = slots_.emplace_back(work_);
    ++unfinished_;
    Reply reply = co_await handler_.handle(info_, slot.memory, frame);
    if (reply.later) {
        tasks_.spawn(finish_later(std::move(*reply.later), slot));
        co_return true;
    }
    bool closes = !reply.now.close_reason.empty();
    fill_slot(slot, std::move(reply.now));
    co_return !closes;
}

// What lies behind a request of a group keeps no more memory than it needs.
void Connection::give_back_spare() {
    std::size_t needed = std::max(buffer_.unread().size(), ReadBuffer::kSmallest);
    if (needed < buffer_.capacity()) {
        buffer_.reallocate(needed);
        frames_.lower(buffer_grant_, needed);
    }
}

// Waits until no response is still being made: requests other than produce see the effect of all before them. Views of the buffer
// are not good afterwards.
Task<void> Connection::wait_for_quiet() {
    if (is_parked()) {
        give_back_spare();
    }
    while (unfinished_ > 0) {
        slot_written_.reset();
        co_await slot_written_.wait();
    }
}

// Waits while the client has too many responses left unread.
Task<void> Connection::wait_for_reader() {
    while (!info_.is_closing &&
           (slots_.size() >= limits_.responses_waiting_max || slot_bytes_ >= limits_.response_bytes_waiting_max)) {
        slot_written_.reset();
        co_await slot_written_.wait();
    }
}

Task<void> Connection::finish_later(Task<EncodedResponse> later, Slot& slot) {
    EncodedResponse response = co_await std::move(later);
    fill_slot(slot, std::move(response));
}

void Connection::fill_slot(Slot& slot, EncodedResponse response) {
    slot.response = std::move(response);
    slot.memory.hold_response(slot.response.bytes.capacity());
    slot.is_ready = true;
    slot_bytes_ += slot.response.bytes.size();
    --unfinished_;
    slot_ready_.set();
    slot_written_.set();
}

Task<void> Connection::write_responses() {
    for (;;) {
        while (slots_.empty() || !slots_.front().is_ready) {
            if (reading_ended_ && slots_.empty()) {
                shut_down("peer left");
                co_return;
            }
            slot_ready_.reset();
            co_await slot_ready_.wait();
        }
        bool written = co_await write_one_batch();
        if (!written) {
            // Nobody will read the rest; the reader must not wait for room that never comes.
            TL_REACH("connection_write_failed");
            shut_down("write failed");
        }
        slot_written_.set();
    }
}

// Writes the responses that are ready, oldest first.
Task<bool> Connection::write_one_batch() {
    std::vector<Leaving> batch;
    bool is_charged = false;
    while (!slots_.empty() && slots_.front().is_ready && batch.size() < kResponsesPerWrite) {
        Slot& slot = slots_.front();
        slot_bytes_ -= slot.response.bytes.size();
        is_charged |= slot.memory.is_charged();
        batch.push_back({std::move(slot.response), slot.memory.release()});
        slots_.pop_front();
    }
    if (info_.is_closing) {
        co_return false;
    }
    if (is_charged) {
        writing_since_ = shard_.now();
    }
    bool written = co_await write_to_stream(batch);
    writing_since_.reset();
    if (!written) {
        co_return false;
    }
    last_activity_ = shard_.now();
    for (const Leaving& each : batch) {
        if (!each.response.close_reason.empty()) {
            TL_LOG_WARN("connection_closed", {"peer", info_.peer.host}, {"port", info_.peer.port},
                        {"reason", each.response.close_reason});
            shut_down(each.response.close_reason);
        }
    }
    co_return true;
}

// With as few calls as file ranges allow.
Task<bool> Connection::write_to_stream(const std::vector<Leaving>& batch) {
    // Which response ends the write: after it the kernel must not wait for more.
    std::size_t last_sent = batch.size();
    while (last_sent > 0 && !batch[last_sent - 1].response.is_sent) {
        --last_sent;
    }
    std::vector<base::ByteView> parts;
    for (std::size_t i = 0; i < last_sent; ++i) {
        const EncodedResponse& response = batch[i].response;
        bool is_last_response = i + 1 == last_sent;
        std::size_t done = 0;
        for (const protocol::Splice& splice : response.splices) {
            parts.push_back(base::ByteView(response.bytes).subspan(done, splice.position - done));
            done = splice.position;
            auto head = co_await stream_->write(parts, true);
            parts.clear();
            if (!head) {
                co_return false;
            }
            bool more = done < response.bytes.size() || !is_last_response;
            bool sent = co_await send_records(static_cast<const FileRecords&>(*splice.body), splice.size, more);
            if (!sent) {
                co_return false;
            }
        }
        parts.push_back(base::ByteView(response.bytes).subspan(done));
    }
    if (parts.empty()) {
        co_return true;
    }
    auto written = co_await stream_->write(parts, false);
    co_return written.has_value();
}

Task<bool> Connection::send_records(const FileRecords& records, std::uint64_t size, bool more) {
    for (std::uint64_t sent = 0; sent < size;) {
        std::uint64_t stride = std::min(size - sent, kStrideBytes);
        auto done = co_await stream_->send_file(*records.file, records.position + sent, stride, more || sent + stride < size);
        if (!done) {
            TL_REACH("connection_send_file_failed");
            TL_LOG_WARN("send_file_failed", {"peer", info_.peer.host}, {"error", base::to_string(done.error())});
            co_return false;
        }
        sent += stride;
        last_activity_ = shard_.now();
    }
    co_return true;
}

}  // namespace tideline::server
