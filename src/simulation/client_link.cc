#include "simulation/client_link.h"

namespace tideline::simulation {

using base::Result;

namespace {

constexpr std::size_t kPrefixBytes = 4;
// No response of a simulation comes near; a length beyond is a broken frame.
constexpr std::size_t kResponseBytesMax = 64 << 20;

std::unexpected<base::Error> cut_off(std::string_view why) { return base::fail(ErrorCode::network_exception, why); }

Task<bool> read_exactly(runtime::Stream& stream, base::MutableByteView into) {
    while (!into.empty()) {
        auto got = co_await stream.read_some(into);
        if (!got || *got == 0) {
            co_return false;
        }
        into = into.subspan(*got);
    }
    co_return true;
}

}  // namespace

ClientLink::ClientLink(runtime::Shard& shard, runtime::Address to, std::string client_id, const Weather& weather,
                       std::uint64_t seed)
    : shard_(shard),
      to_(std::move(to)),
      client_id_(std::move(client_id)),
      weather_(weather),
      random_(seed),
      connecting_(shard),
      tasks_(shard) {}

ClientLink::~ClientLink() = default;

void ClientLink::Connection::end() {
    is_over = true;
    stream->shut_down();
    for (auto& [id, each] : pending) {
        each->answered.set();
    }
    pending.clear();
}

void ClientLink::cut() {
    if (connection_ != nullptr) {
        connection_->end();
        connection_.reset();
    }
}

Task<void> ClientLink::close() {
    cut();
    co_await tasks_.join();
}

Task<Result<ClientLink::Pipeline>> ClientLink::connected() {
    runtime::Mutex::Lock lock = co_await connecting_.lock();
    if (connection_ != nullptr && !connection_->is_over) {
        co_return connection_;
    }
    TL_CO_TRY(stream, co_await shard_.network().connect(to_));
    connection_ = std::make_shared<Connection>(shard_);
    connection_->stream = std::move(stream);
    tasks_.spawn(read_answers(connection_));
    co_return connection_;
}

Task<Result<base::Bytes>> ClientLink::exchange(Request request, bool is_answered, Pipeline connection) {
    if (connection == nullptr) {
        TL_CO_TRY(found, co_await connected());
        connection = found;
    }
    if (connection->is_over) {
        co_return cut_off("the connection has ended");
    }
    Pending pending(shard_);
    if (is_answered) {
        connection->pending.emplace(request.correlation_id, &pending);
    }
    auto sent = co_await send(connection, request.frame);
    if (!sent) {
        connection->end();
        co_return std::unexpected(sent.error());
    }
    if (!is_answered) {
        co_return base::Bytes{};
    }
    bool in_time = co_await pending.answered.wait_until(shard_.now() + weather_.answer_within);
    connection->pending.erase(request.correlation_id);
    if (pending.frame) {
        co_return std::move(*pending.frame);
    }
    if (!in_time) {
        connection->end();  // as clients do: what comes later would answer nobody
        co_return base::fail(ErrorCode::request_timed_out, "no answer in time");
    }
    co_return cut_off("the connection ended before the answer");
}

Task<Result<>> ClientLink::send(Pipeline connection, base::ByteView frame) {
    bool is_cut = weather_.cut_one_in != 0 && random_.chance(weather_.cut_one_in);
    std::size_t first_part = frame.size();
    if (is_cut) {
        first_part = random_.below(frame.size() + 1);  // nothing, a part, or all of it: then only the answer is lost
    } else if (weather_.delay_one_in != 0 && random_.chance(weather_.delay_one_in)) {
        first_part = random_.below(frame.size());
    }
    runtime::Mutex::Lock lock = co_await connection->write_mutex.lock();
    if (connection->is_over) {
        co_return cut_off("the connection has ended");
    }
    base::ByteView head[] = {frame.first(first_part)};
    TL_CO_TRY_VOID(co_await connection->stream->write(head, first_part < frame.size()));
    if (is_cut) {
        co_return cut_off("the network was cut");
    }
    if (first_part < frame.size()) {
        co_await runtime::sleep_until(shard_, shard_.now() + std::chrono::milliseconds(1 + random_.below(2000)));
        if (connection->is_over) {
            co_return cut_off("the connection has ended");
        }
        base::ByteView rest[] = {frame.subspan(first_part)};
        TL_CO_TRY_VOID(co_await connection->stream->write(rest, false));
    }
    co_return Result<>{};
}

Task<void> ClientLink::read_answers(Pipeline connection) {
    for (;;) {
        std::uint8_t prefix[kPrefixBytes];
        bool has_prefix = co_await read_exactly(*connection->stream, prefix);
        if (!has_prefix) {
            break;
        }
        auto size = static_cast<std::size_t>(base::load_be<std::uint32_t>(prefix));
        TL_CHECK(size >= kPrefixBytes && size <= kResponseBytesMax);
        base::Bytes frame(size);
        bool is_whole = co_await read_exactly(*connection->stream, frame);
        if (!is_whole) {
            break;
        }
        auto found = connection->pending.find(base::load_be<std::int32_t>(frame.data()));
        if (found != connection->pending.end()) {
            found->second->frame = std::move(frame);
            found->second->answered.set();
            connection->pending.erase(found);
        }
    }
    connection->end();
}

}  // namespace tideline::simulation
