// The rules of network.h, held against the simulated and the real network alike.
#include "runtime/scope.h"
#include "runtime/test_runtimes.h"

namespace tideline::runtime {
namespace {

using namespace std::chrono_literals;
using base::as_bytes;
using base::Bytes;

template <class Runtime>
class Streams : public OnBothRuntimes<Runtime> {};
TYPED_TEST_SUITE(Streams, BothRuntimes);

struct Pair {
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;
};

Task<void> connect_to(Shard& shard, std::uint16_t port, std::unique_ptr<Stream>& result) {
    Address address{.host = "127.0.0.1", .port = port};
    auto stream = co_await shard.network().connect(address);
    EXPECT_TRUE(stream) << base::to_string(stream.error());
    result = std::move(*stream);
}

// Both ends on one shard.
Task<Pair> connected_pair(Shard& shard) {
    Pair pair;
    pair.listener = std::move(*shard.network().listen({.host = "127.0.0.1", .port = 0}, false));
    TaskScope scope(shard);
    scope.spawn(connect_to(shard, pair.listener->port(), pair.client));
    auto accepted = co_await pair.listener->accept();
    pair.server = std::move(*accepted);
    co_await scope.join();
    co_return pair;
}

Task<std::string> read_exactly(Stream& stream, std::size_t size) {
    std::string text(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        MutableByteView into(reinterpret_cast<std::uint8_t*>(text.data()) + have, size - have);
        auto got = co_await stream.read_some(into);
        if (!got || *got == 0) {
            text.resize(have);
            break;
        }
        have += *got;
    }
    co_return text;
}

Task<Result<>> write_text(Stream& stream, std::string_view text) {
    std::array<ByteView, 1> parts{as_bytes(text)};
    co_return co_await stream.write(parts, false);
}

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>(i * 31 + i / 253);
    }
    return text;
}

Task<void> writes_parts(Shard& shard, Shard&) {
    Pair pair = co_await connected_pair(shard);
    EXPECT_EQ(pair.client->peer().host, "127.0.0.1");
    EXPECT_EQ(pair.client->peer().port, pair.listener->port());
    EXPECT_EQ(pair.server->peer().host, "127.0.0.1");
    std::array<ByteView, 4> parts{as_bytes(""), as_bytes("one "), as_bytes(""), as_bytes("two ")};
    auto first = co_await pair.client->write(parts, true);
    EXPECT_TRUE(first);
    auto second = co_await write_text(*pair.client, "three");
    EXPECT_TRUE(second);
    auto text = co_await read_exactly(*pair.server, 13);
    EXPECT_EQ(text, "one two three");
}
TYPED_TEST(Streams, CarryAllPartsInOrder) { this->run(writes_parts); }

Task<void> write_and_note(Stream& stream, std::string_view text, bool& done) {
    auto written = co_await write_text(stream, text);
    EXPECT_TRUE(written);
    done = true;
}
Task<void> pushes_back(Shard& shard, Shard&) {
    Pair pair = co_await connected_pair(shard);
    std::string sent = pattern(24 << 20);  // more than any socket buffer
    bool done = false;
    TaskScope scope(shard);
    scope.spawn(write_and_note(*pair.client, sent, done));
    for (int i = 0; i < 50; ++i) {
        co_await yield_now(shard);
    }
    EXPECT_FALSE(done);  // nobody reads
    auto got = co_await read_exactly(*pair.server, sent.size());
    EXPECT_TRUE(got == sent);
    co_await scope.join();
    EXPECT_TRUE(done);
}
TYPED_TEST(Streams, MakeAWriterWaitForTheReader) { this->run(pushes_back); }

Task<void> peer_closes(Shard& shard, Shard&) {
    Pair pair = co_await connected_pair(shard);
    auto written = co_await write_text(*pair.client, "bye");
    EXPECT_TRUE(written);
    pair.client.reset();
    auto ready = co_await pair.server->readable();
    EXPECT_TRUE(ready);
    auto text = co_await read_exactly(*pair.server, 100);
    EXPECT_EQ(text, "bye");
    std::array<std::uint8_t, 8> buffer;
    auto end = co_await pair.server->read_some(buffer);
    EXPECT_TRUE(end && *end == 0);
}
TYPED_TEST(Streams, EndAfterTheLastByteWhenThePeerCloses) { this->run(peer_closes); }

Task<void> write_until_it_fails(Shard& shard, Shard&) {
    Pair pair = co_await connected_pair(shard);
    pair.client.reset();
    std::string block = pattern(64 << 10);
    bool failed = false;
    for (int i = 0; i < 1000 && !failed; ++i) {
        auto written = co_await write_text(*pair.server, block);
        if (!written) {
            failed = true;
            EXPECT_EQ(written.error().code, ErrorCode::network_exception);
        }
        co_await yield_now(shard);
    }
    EXPECT_TRUE(failed);
}
TYPED_TEST(Streams, RefuseWritesOnceThePeerIsGone) { this->run(write_until_it_fails); }

Task<void> read_and_note(Stream& stream, std::string& outcome) {
    std::array<std::uint8_t, 8> buffer;
    auto got = co_await stream.read_some(buffer);
    outcome = got ? std::to_string(*got) : std::string(name_of(got.error().code));
}
Task<void> write_note_error(Stream& stream, std::string_view text, std::string& outcome) {
    auto written = co_await write_text(stream, text);
    outcome = written ? "written" : std::string(name_of(written.error().code));
}
Task<void> shuts_down(Shard& shard, Shard&) {
    Pair pair = co_await connected_pair(shard);
    std::string reader = "waits";
    std::string writer = "waits";
    std::string other = "waits";
    std::string much = pattern(24 << 20);
    TaskScope scope(shard);
    scope.spawn(read_and_note(*pair.server, reader));
    scope.spawn(write_note_error(*pair.server, much, writer));
    for (int i = 0; i < 20; ++i) {
        co_await yield_now(shard);
    }
    EXPECT_EQ(reader, "waits");
    EXPECT_EQ(writer, "waits");
    pair.server->shut_down();
    pair.server->shut_down();  // again: fine
    co_await scope.join();
    EXPECT_EQ(reader, "NETWORK_EXCEPTION");
    EXPECT_EQ(writer, "NETWORK_EXCEPTION");
    auto ready = co_await pair.server->readable();
    EXPECT_FALSE(ready);
}
TYPED_TEST(Streams, ShutDownEndsAReadAndAWriteUnderWay) { this->run(shuts_down); }

Task<void> await_readable(Stream& stream, bool& ready) {
    auto result = co_await stream.readable();
    EXPECT_TRUE(result);
    ready = true;
}
Task<void> becomes_readable(Shard& shard, Shard&) {
    Pair pair = co_await connected_pair(shard);
    bool ready = false;
    TaskScope scope(shard);
    scope.spawn(await_readable(*pair.server, ready));
    for (int i = 0; i < 20; ++i) {
        co_await yield_now(shard);
    }
    EXPECT_FALSE(ready);
    auto written = co_await write_text(*pair.client, "abcdef");
    EXPECT_TRUE(written);
    co_await scope.join();
    EXPECT_TRUE(ready);
    auto text = co_await read_exactly(*pair.server, 3);  // a read that leaves something
    EXPECT_EQ(text, "abc");
    auto again = co_await pair.server->readable();
    EXPECT_TRUE(again);
    text = co_await read_exactly(*pair.server, 3);
    EXPECT_EQ(text, "def");
}
TYPED_TEST(Streams, BecomeReadableWithTheFirstByteAndStaySoWhileOneIsLeft) { this->run(becomes_readable); }

// Where the test may write; set by the fixture, since a test body is a plain function.
std::string* g_path = nullptr;

Task<void> send_range(Stream& stream, File& file, std::uint64_t position, std::uint64_t size, bool& sent) {
    std::array<ByteView, 1> head{as_bytes("head")};
    auto header = co_await stream.write(head, true);
    EXPECT_TRUE(header);
    auto result = co_await stream.send_file(file, position, size, false);
    EXPECT_TRUE(result) << base::to_string(result.error());
    sent = true;
}
Task<void> sends_file(Shard& shard, Shard&) {
    std::string content = pattern(5 << 20);
    auto file = shard.files().open(*g_path, OpenMode::create);
    EXPECT_TRUE((*file)->write_at(0, as_bytes(content)));
    Pair pair = co_await connected_pair(shard);
    constexpr std::size_t kFrom = 12'345;
    constexpr std::size_t kSize = 4 << 20;
    bool sent = false;
    TaskScope scope(shard);
    scope.spawn(send_range(*pair.server, **file, kFrom, kSize, sent));
    auto head = co_await read_exactly(*pair.client, 4);
    EXPECT_EQ(head, "head");
    auto body = co_await read_exactly(*pair.client, kSize);
    EXPECT_TRUE(body == content.substr(kFrom, kSize));
    co_await scope.join();
    EXPECT_TRUE(sent);
    auto nothing = co_await pair.server->send_file(**file, 0, 0, false);
    EXPECT_TRUE(nothing);
    auto beyond = co_await pair.server->send_file(**file, content.size() - 10, 20, false);
    EXPECT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, ErrorCode::network_exception);
}
TYPED_TEST(Streams, SendARangeOfAFileAndRefuseWhatLiesBeyondItsEnd) {
    std::string path = this->path("sent");
    g_path = &path;
    this->run(sends_file);
}

Task<void> accept_and_note(Listener& listener, std::string& outcome) {
    auto stream = co_await listener.accept();
    outcome = stream ? "accepted" : std::string(name_of(stream.error().code));
}
Task<void> closes_listener(Shard& shard, Shard&) {
    auto listener = shard.network().listen({.host = "127.0.0.1", .port = 0}, false);
    std::string outcome = "waits";
    TaskScope scope(shard);
    scope.spawn(accept_and_note(**listener, outcome));
    co_await yield_now(shard);
    EXPECT_EQ(outcome, "waits");
    std::uint16_t port = (*listener)->port();
    (*listener)->close();
    co_await scope.join();
    EXPECT_EQ(outcome, "NETWORK_EXCEPTION");
    auto again = co_await (*listener)->accept();
    EXPECT_FALSE(again);
    Address address{.host = "127.0.0.1", .port = port};
    auto refused = co_await shard.network().connect(address);
    EXPECT_FALSE(refused);
    auto reopened = shard.network().listen(address, false);
    EXPECT_TRUE(reopened);
}
TYPED_TEST(Streams, ClosingAListenerEndsAWaitingAccept) { this->run(closes_listener); }

Task<void> one_listener_only(Shard& first, Shard& second) {
    auto listener = first.network().listen({.host = "127.0.0.1", .port = 0}, false);
    auto same = first.network().listen({.host = "127.0.0.1", .port = (*listener)->port()}, false);
    EXPECT_FALSE(same);
    auto shared = first.network().listen({.host = "127.0.0.1", .port = 0}, true);
    Address address{.host = "127.0.0.1", .port = (*shared)->port()};
    auto other = first.network().listen(address, true);
    EXPECT_TRUE(other);
    EXPECT_EQ((*other)->port(), address.port);
    co_return;
}
TYPED_TEST(Streams, APortHasOneListenerUnlessAllShareIt) { this->run(one_listener_only); }

// Echoes until the peer closes.
Task<void> echo(std::unique_ptr<Stream> stream) {
    Bytes buffer(16 << 10);
    while (true) {
        auto got = co_await stream->read_some(buffer);
        if (!got || *got == 0) {
            co_return;
        }
        std::array<ByteView, 1> parts{ByteView(buffer).first(*got)};
        auto written = co_await stream->write(parts, false);
        if (!written) {
            co_return;
        }
    }
}
Task<void> accept_and_echo(Listener& listener, TaskScope& scope) {
    while (true) {
        auto stream = co_await listener.accept();
        if (!stream) {
            co_return;
        }
        scope.spawn(echo(std::move(*stream)));
    }
}
Task<void> ask_echo(Shard& shard, std::uint16_t port, std::string text) {
    std::unique_ptr<Stream> stream;
    co_await connect_to(shard, port, stream);
    TaskScope scope(shard);
    bool written = false;
    scope.spawn(write_and_note(*stream, text, written));
    auto answer = co_await read_exactly(*stream, text.size());
    EXPECT_TRUE(answer == text);
    co_await scope.join();
}
Task<void> ask_many(Shard& shard, std::uint16_t port) {
    TaskScope scope(shard);
    for (std::size_t i = 1; i <= 20; ++i) {
        scope.spawn(ask_echo(shard, port, pattern(i * 10'000)));
    }
    co_await scope.join();
}
Task<void> serves_other_shard(Shard& here, Shard& there) {
    auto listener = here.network().listen({.host = "127.0.0.1", .port = 0}, false);
    std::uint16_t port = (*listener)->port();
    TaskScope scope(here);
    scope.spawn(accept_and_echo(**listener, scope));
    co_await call_on(here, there, [&there, port] { return ask_many(there, port); });
    (*listener)->close();
    co_await scope.join();
}
TYPED_TEST(Streams, OfAnotherShardAreServedManyAtATime) { this->run(serves_other_shard); }

}  // namespace
}  // namespace tideline::runtime
