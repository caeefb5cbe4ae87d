#include "runtime/sim/stream.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/sim/world.h"

namespace tideline::runtime::sim {
namespace {

using base::as_bytes;
using Connection = std::unique_ptr<Stream>;

std::string pattern(std::size_t bytes) {
    std::string text(bytes, ' ');
    for (std::size_t i = 0; i < bytes; ++i) {
        text[i] = static_cast<char>('a' + (i * 7 + i / 256) % 26);
    }
    return text;
}

Task<Result<Connection>> accept_one(Listener& listener) {
    auto accepted = co_await listener.accept();
    co_return accepted;
}

Task<std::int64_t> send_text(Stream& stream, std::string text) {
    ByteView parts[] = {as_bytes(text).first(text.size() / 2), as_bytes(text).subspan(text.size() / 2)};
    auto sent = co_await stream.write(parts, false);
    co_return sent ? 0 : sent.error().detail;
}

// Until the peer closes.
Task<std::string> read_all(Stream& stream, std::size_t at_once, std::set<std::size_t>& sizes) {
    std::string text;
    base::Bytes buffer(at_once);
    while (true) {
        auto got = co_await stream.read_some(buffer);
        if (!got || *got == 0) {
            co_return got ? text : text + "(" + std::to_string(got.error().detail) + ")";
        }
        sizes.insert(*got);
        text += base::as_text(ByteView(buffer).first(*got));
    }
}

Task<> keep(Task<std::int64_t> task, std::optional<std::int64_t>& into) {
    std::int64_t value = co_await std::move(task);
    into = value;
}

Task<> keep_text(Task<std::string> task, std::optional<std::string>& into) {
    std::string value = co_await std::move(task);
    into = std::move(value);
}

// A connection from `client` to `server`, on two shards.
class SimStreamTest : public testing::Test {
protected:
    SimStreamTest() { connect(); }
    void connect() {
        listener = std::move(*server.network().listen({"127.0.0.1", 0}, false));
        out = std::move(*world.run(client, client.network().connect({"127.0.0.1", listener->port()})));
        in = std::move(*world.run(server, accept_one(*listener)));
    }

    SimWorld world{3};
    SimShard& client = world.add_shard();
    SimShard& server = world.add_shard();
    std::unique_ptr<Listener> listener;
    Connection out;
    Connection in;
    std::set<std::size_t> sizes;
    std::optional<std::int64_t> sent;
    std::optional<std::string> received;
};

TEST_F(SimStreamTest, BytesArriveWholeInOrderAndInPieces) {
    TaskScope writer(client);
    TaskScope reader(server);
    std::string text = pattern(500'000);
    writer.spawn(keep(send_text(*out, text), sent));
    reader.spawn(keep_text(read_all(*in, 100'000, sizes), received));
    ASSERT_TRUE(world.run_until([&] { return sent.has_value(); }));
    EXPECT_EQ(*sent, 0);
    out->shut_down();
    ASSERT_TRUE(world.run_until([&] { return received.has_value(); }));
    EXPECT_EQ(*received, text);
    EXPECT_GT(sizes.size(), 5u);
    world.run_until_idle();
}

TEST_F(SimStreamTest, AWriterWaitsWhileTheOtherSideDoesNotRead) {
    TaskScope writer(client);
    TaskScope reader(server);
    writer.spawn(keep(send_text(*out, pattern(kStreamWindowBytes + 1)), sent));
    world.advance(std::chrono::seconds(10));
    EXPECT_FALSE(sent);
    reader.spawn(keep_text(read_all(*in, 1000, sizes), received));
    world.run_until_idle();
    EXPECT_EQ(sent, 0);
    out->shut_down();
    world.run_until_idle();
    EXPECT_EQ(received, pattern(kStreamWindowBytes + 1));
}

TEST_F(SimStreamTest, BothKnowWithWhomTheySpeak) {
    EXPECT_EQ(out->peer().port, listener->port());
    EXPECT_EQ(out->peer().host, "127.0.0.1");
    EXPECT_EQ(in->peer().host, "127.0.0.1");
    EXPECT_NE(in->peer().port, listener->port());
}

TEST_F(SimStreamTest, AClosedPeerReadsAsZeroAfterItsLastBytesAndRefusesMore) {
    sent = world.run(client, send_text(*out, "bye"));
    out.reset();
    EXPECT_EQ(world.run(server, read_all(*in, 10, sizes)), "bye");
    EXPECT_EQ(world.run(server, send_text(*in, "late")), EPIPE);
}

TEST_F(SimStreamTest, APeerThatClosesFreesAWaitingWriter) {
    TaskScope writer(client);
    writer.spawn(keep(send_text(*out, pattern(2 * kStreamWindowBytes)), sent));
    world.run_until_idle();
    EXPECT_FALSE(sent);
    in.reset();
    world.run_until_idle();
    EXPECT_EQ(sent, EPIPE);
}

TEST_F(SimStreamTest, ShutDownEndsAReadAndAWriteUnderWayAndIsIdempotent) {
    TaskScope scope(client);
    scope.spawn(keep(send_text(*out, pattern(2 * kStreamWindowBytes)), sent));
    scope.spawn(keep_text(read_all(*out, 10, sizes), received));
    world.run_until_idle();
    out->shut_down();
    out->shut_down();
    world.run_until_idle();
    EXPECT_EQ(sent, ESHUTDOWN);
    EXPECT_EQ(received, "(" + std::to_string(ESHUTDOWN) + ")");
    EXPECT_EQ(world.run(client, send_text(*out, "x")), ESHUTDOWN);
}

TEST_F(SimStreamTest, ReadableReturnsForBytesAndForTheEnd) {
    auto wait = [](Stream& stream, int& times) -> Task<> {
        auto ready = co_await stream.readable();
        times += ready ? 1 : 100;
    };
    TaskScope scope(server);
    int times = 0;
    scope.spawn(wait(*in, times));
    world.run_until_idle();
    EXPECT_EQ(times, 0);
    sent = world.run(client, send_text(*out, "ab"));
    world.run_until_idle();
    EXPECT_EQ(times, 1);
    scope.spawn(wait(*in, times));  // nothing was read, so at once
    EXPECT_EQ(times, 2);
    out->shut_down();
    EXPECT_EQ(world.run(server, read_all(*in, 10, sizes)), "ab");
    scope.spawn(wait(*in, times));
    EXPECT_EQ(times, 3);
    in->shut_down();
    scope.spawn(wait(*in, times));
    EXPECT_EQ(times, 103);
}

TEST_F(SimStreamTest, SendFileSendsARangeAndRefusesWhatTheFileDoesNotHave) {
    auto send = [](Stream& stream, File& file, std::uint64_t at, std::uint64_t size) -> Task<std::int64_t> {
        auto outcome = co_await stream.send_file(file, at, size, false);
        co_return outcome ? 0 : outcome.error().detail;
    };
    std::string text = pattern(200'000);
    auto file = world.files().open("/f", OpenMode::create);
    ASSERT_TRUE((*file)->write_at(0, as_bytes(text)));
    TaskScope reader(server);
    reader.spawn(keep_text(read_all(*in, 50'000, sizes), received));
    EXPECT_EQ(world.run(client, send(*out, **file, 1000, 150'000)), 0);
    EXPECT_EQ(world.run(client, send(*out, **file, 199'999, 2)), EIO);
    out->shut_down();
    world.run_until_idle();
    EXPECT_EQ(received, text.substr(1000, 150'000) + text.substr(199'999));
}

class SimListenerTest : public testing::Test {
protected:
    std::int64_t connect_error(const Address& address) {
        auto stream = world.run(client, client.network().connect(address));
        return stream ? 0 : stream.error().detail;
    }
    SimWorld world{5};
    SimShard& client = world.add_shard();
    SimShard& first = world.add_shard();
    SimShard& second = world.add_shard();
};

TEST_F(SimListenerTest, NobodyListeningIsARefusal) {
    EXPECT_EQ(connect_error({"127.0.0.1", 9092}), ECONNREFUSED);
    auto listener = first.network().listen({"127.0.0.1", 9092}, false);
    EXPECT_EQ(connect_error({"127.0.0.1", 9092}), 0);
    EXPECT_EQ(connect_error({"10.0.0.1", 9092}), ECONNREFUSED);
    (*listener)->close();
    EXPECT_EQ(connect_error({"127.0.0.1", 9092}), ECONNREFUSED);
}

TEST_F(SimListenerTest, AWildcardListensOnEveryHost) {
    auto listener = first.network().listen({"0.0.0.0", 9092}, false);
    EXPECT_EQ(connect_error({"10.0.0.1", 9092}), 0);
    EXPECT_EQ(connect_error({"localhost", 9092}), 0);
}

TEST_F(SimListenerTest, APortIsTakenUntilItsListenerIsGone) {
    auto listener = first.network().listen({"127.0.0.1", 9092}, false);
    auto again = second.network().listen({"0.0.0.0", 9092}, true);
    EXPECT_EQ(again.error().detail, EADDRINUSE);
    EXPECT_TRUE(second.network().listen({"10.0.0.1", 9092}, false));
    listener->reset();
    EXPECT_TRUE(second.network().listen({"127.0.0.1", 9092}, false));
}

TEST_F(SimListenerTest, PortZeroPicksAFreeOneEachTime) {
    auto a = first.network().listen({"127.0.0.1", 0}, false);
    auto b = second.network().listen({"127.0.0.1", 0}, false);
    EXPECT_NE((*a)->port(), 0);
    EXPECT_NE((*a)->port(), (*b)->port());
    EXPECT_EQ(connect_error({"127.0.0.1", (*b)->port()}), 0);
}

TEST_F(SimListenerTest, ASharedPortSpreadsItsConnections) {
    auto serve = [](Listener& listener, int& count) -> Task<> {
        while (true) {
            auto stream = co_await listener.accept();
            if (!stream) {
                EXPECT_EQ(stream.error().detail, ECANCELED);
                co_return;
            }
            ++count;
        }
    };
    auto a = first.network().listen({"127.0.0.1", 9092}, true);
    auto b = second.network().listen({"127.0.0.1", 9092}, true);
    int at_a = 0;
    int at_b = 0;
    TaskScope scope_a(first);
    TaskScope scope_b(second);
    scope_a.spawn(serve(**a, at_a));
    scope_b.spawn(serve(**b, at_b));
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(connect_error({"127.0.0.1", 9092}), 0);
    }
    (*a)->close();
    world.run_until_idle();
    EXPECT_EQ(scope_a.running(), 0u);
    EXPECT_EQ(at_a + at_b, 40);
    EXPECT_GT(at_a, 5);
    EXPECT_GT(at_b, 5);
    EXPECT_EQ(connect_error({"127.0.0.1", 9092}), 0);  // the other one is still there
    (*b)->close();
    world.run_until_idle();
}

TEST_F(SimListenerTest, ConnectionsThatNobodyAcceptedEndWithTheirListener) {
    auto listener = first.network().listen({"127.0.0.1", 9092}, false);
    auto stream = world.run(client, client.network().connect({"127.0.0.1", 9092}));
    listener->reset();
    std::set<std::size_t> sizes;
    EXPECT_EQ(world.run(client, read_all(**stream, 10, sizes)), "");
}

}  // namespace
}  // namespace tideline::runtime::sim
