// server/connection.h: one client connection: frames in, responses out, in request order.
//
// Reads into a large buffer, handles every complete frame in it, answers with one write. Requests run one after
// another, as in Apache Kafka; only the second phase of a produce (waiting until records are durable) overlaps the
// requests behind it when those are produces too, so that group commit has something to group. A join or a sync of a
// group waits for its answer in a second phase, too: it may take minutes, in which the connection holds no memory and
// sees its client leave.
// Shard:  lives on the shard that accepted it.
// Limits: a frame over `frame_bytes_max` closes the connection; memory for a frame comes out of the budget as its bytes
//         come in, what a request becomes out of another (request_memory.h); a client that does not read its responses is
//         not read either.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "base/uuid.h"
#include "cluster/partition.h"
#include "runtime/scope.h"
#include "server/memory_budget.h"
#include "server/read_buffer.h"
#include "server/request_memory.h"
#include "server/reply.h"

namespace tideline::server {

// Where a client reads, as its last fetch said: by itself, or in the session that it named. Kept as evidence for whoever asks.
struct LastFetch {
    static constexpr std::size_t kPlacesMax = 256;

    struct Place {
        base::Uuid topic_id;
        std::int32_t partition = 0;
        std::int64_t position = -1;
    };
    std::string client_id;
    std::int64_t at_ms = -1;
    std::int32_t session_id = 0;
    std::vector<Place> places;  // without a session; of a fetch with more partitions these are the first
};

// What handlers may know of the connection a request came by.
struct ConnectionInfo {
    runtime::Address peer;
    std::string listener;  // its name: "PLAINTEXT"
    std::string client_software_name;
    std::string client_software_version;
    LastFetch last_fetch;
    bool is_closing = false;
    bool peer_left = false;  // it sends no more; what was asked before is still answered
    // The fetch, or the request of a group, that is parked for this connection, to be woken when it closes.
    std::weak_ptr<cluster::DataWaiter> parked;
};

// Decides what a frame is answered with; dispatch.h implements it over the table of APIs.
class FrameHandler {
public:
    virtual ~FrameHandler() = default;
    // Whether a request whose frame starts with these bytes may start while earlier produces wait to be durable.
    virtual bool may_overlap(base::ByteView frame) const = 0;
    // `frame` is the request without its length prefix and lives until the returned task ends (not Reply::later).
    virtual runtime::Task<Reply> handle(ConnectionInfo& connection, RequestMemory& memory, base::ByteView frame) = 0;
};

struct ConnectionLimits {
    std::int64_t frame_bytes_max = 100 << 20;           // socket.request.max.bytes
    std::size_t responses_waiting_max = 64;             // responses that may queue for a slow reader
    std::uint64_t response_bytes_waiting_max = 1 << 20; // their bytes in memory (file ranges do not count)
};

class Connection {
public:
    Connection(runtime::Shard& shard, std::unique_ptr<runtime::Stream> stream, std::string listener,
               FrameHandler& handler, MemoryBudget& frames, MemoryBudget& work, const ConnectionLimits& limits);
    ~Connection();

    // Serves requests until the peer leaves, a request is beyond answering, or shut_down().
    runtime::Task<void> run();
    // Ends the connection soon; responses not yet written are lost. Idempotent.
    void shut_down(std::string_view reason);

    const ConnectionInfo& info() const { return info_; }
    runtime::Instant last_activity() const { return last_activity_; }
    // Holds memory for a request that has only come in part, or that waits behind one of a group.
    bool holds_memory_idly() const {
        bool waits_for_group = is_parked() && buffer_.capacity() > ReadBuffer::kSmallest;
        return (unfinished_ == 0 || waits_for_group) && !is_waiting_for_memory_ && !buffer_.empty();
    }
    // Since when the client has been taking responses that hold memory; nullopt while there are none.
    std::optional<runtime::Instant> writing_since() const { return writing_since_; }
    // If others wait for memory, a fetch that is parked with some is answered with what there is.
    void give_way();

private:
    struct Slot {
        explicit Slot(MemoryBudget& budget) : memory(budget) {}
        EncodedResponse response;
        RequestMemory memory;
        bool is_ready = false;
    };
    // A response on its way, with the memory that it holds.
    struct Leaving {
        EncodedResponse response;
        MemoryBudget::Grant memory;
    };

    // A join or a sync waits for its group, perhaps for minutes.
    bool is_parked() const { return unfinished_ > 0 && !info_.parked.expired(); }
    void wake_parked();
    runtime::Task<void> read_requests();
    runtime::Task<bool> fill_buffer();
    runtime::Task<bool> make_room(std::size_t frame_bytes);
    runtime::Task<bool> take_memory(std::size_t bytes);
    runtime::Task<bool> handle_frame(base::ByteView frame);
    runtime::Task<void> wait_for_quiet();
    void give_back_spare();
    runtime::Task<void> wait_for_reader();
    runtime::Task<void> finish_later(runtime::Task<EncodedResponse> later, Slot& slot);
    void fill_slot(Slot& slot, EncodedResponse response);

    runtime::Task<void> write_responses();
    runtime::Task<bool> write_one_batch();
    runtime::Task<bool> write_to_stream(const std::vector<Leaving>& batch);
    runtime::Task<bool> send_records(const FileRecords& records, std::uint64_t size, bool more);

    runtime::Shard& shard_;
    std::unique_ptr<runtime::Stream> stream_;
    ConnectionInfo info_;
    FrameHandler& handler_;
    MemoryBudget& frames_;
    MemoryBudget& work_;
    const ConnectionLimits& limits_;

    ReadBuffer buffer_;
    MemoryBudget::Grant buffer_grant_;
    bool is_waiting_for_memory_ = false;
    std::deque<Slot> slots_;  // responses not yet written, oldest first; references stay valid at both ends
    std::uint64_t slot_bytes_ = 0;
    std::size_t unfinished_ = 0;  // slots whose response is still being made
    bool reading_ended_ = false;
    runtime::Instant last_activity_;
    std::optional<runtime::Instant> writing_since_;

    runtime::TaskScope tasks_;
    runtime::Event slot_ready_;    // the writer waits for it
    runtime::Event slot_written_;  // the reader waits for it
};

}  // namespace tideline::server
