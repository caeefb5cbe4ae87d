#include "runtime/real/splice_pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <string>

namespace tideline::runtime::real {
namespace {

// A file in memory whose bytes say where they stand, differently for each seed.
struct Source {
    explicit Source(std::size_t size, unsigned seed = 1) : fd(::memfd_create("source", MFD_CLOEXEC)), content(size, '\0') {
        std::uint32_t state = seed;
        for (char& byte : content) {
            state = state * 1664525u + 1013904223u;
            byte = static_cast<char>(state >> 24);
        }
        EXPECT_EQ(::write(fd.get(), content.data(), size), static_cast<ssize_t>(size));
    }
    Fd fd;
    std::string content;
};

struct Sockets {
    Sockets() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        near = Fd(ends[0]);
        far = Fd(ends[1]);
    }
    // What has come.
    std::string read() const {
        std::string all;
        char block[4096];
        for (ssize_t got; (got = ::recv(far.get(), block, sizeof block, 0)) > 0;) {
            all.append(block, static_cast<std::size_t>(got));
        }
        return all;
    }
    Fd near;
    Fd far;
};

TEST(SplicePipe, RangesOfEverySizeArriveWhole) {
    constexpr std::size_t kFileBytes = 3 << 20;
    Source source(kFileBytes);
    SplicePipe pipe;
    for (std::size_t from : {std::size_t{0}, std::size_t{4095}, std::size_t{4096}, std::size_t{100'001}}) {
        for (std::size_t size : {std::size_t{1}, std::size_t{64} << 10, (std::size_t{64} << 10) + 1, std::size_t{512} << 10, (std::size_t{512} << 10) + 1,
                                 std::size_t{1} << 20, (std::size_t{2} << 20) + 77}) {
            Sockets sockets;
            std::string received;
            std::size_t sent = 0;
            while (sent < size) {
                ssize_t step = pipe.send(source.fd.get(), from + sent, sockets.near.get(), size - sent, false);
                ASSERT_TRUE(step > 0 || (step < 0 && errno == EAGAIN)) << step;
                sent += step > 0 ? static_cast<std::size_t>(step) : 0;
                received += sockets.read();
            }
            EXPECT_TRUE(received == source.content.substr(from, size)) << from << ' ' << size;
        }
    }
}

TEST(SplicePipe, WhatOneSocketDoesNotTakeGoesToNoOther) {
    constexpr std::size_t kFileBytes = 4 << 20;
    Source first(kFileBytes, 1);
    Source second(kFileBytes, 2);
    Sockets slow;
    Sockets other;
    SplicePipe pipe;
    ssize_t taken = pipe.send(first.fd.get(), 0, slow.near.get(), kFileBytes, false);
    ASSERT_GT(taken, 0);
    ASSERT_LT(taken, static_cast<ssize_t>(kFileBytes));
    ssize_t of_second = pipe.send(second.fd.get(), 0, other.near.get(), kFileBytes, false);
    ASSERT_GT(of_second, 0);
    EXPECT_TRUE(other.read() == second.content.substr(0, static_cast<std::size_t>(of_second)));
    EXPECT_TRUE(slow.read() == first.content.substr(0, static_cast<std::size_t>(taken)));
}

TEST(SplicePipe, AFullSocketIsEagainAndAnEndedOneAnError) {
    constexpr std::size_t kFileBytes = 8 << 20;
    Source source(kFileBytes);
    Sockets sockets;
    SplicePipe pipe;
    ASSERT_GT(pipe.send(source.fd.get(), 0, sockets.near.get(), kFileBytes, false), 0);
    EXPECT_EQ(pipe.send(source.fd.get(), 0, sockets.near.get(), kFileBytes, false), -1);
    EXPECT_EQ(errno, EAGAIN);
    sockets.far.reset();
    ::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe.send(source.fd.get(), 0, sockets.near.get(), kFileBytes, false), -1);
    EXPECT_EQ(errno, EPIPE);
}

TEST(SplicePipe, TheEndOfTheFileIsToldLikeSendfile) {
    constexpr std::size_t kFileBytes = 100'000;
    Source source(kFileBytes);
    Sockets sockets;
    SplicePipe pipe;
    EXPECT_EQ(pipe.send(source.fd.get(), 10, sockets.near.get(), kFileBytes, false), static_cast<ssize_t>(kFileBytes - 10));
    EXPECT_TRUE(sockets.read() == source.content.substr(10));
    EXPECT_EQ(pipe.send(source.fd.get(), kFileBytes, sockets.near.get(), kFileBytes, false), 0);
}

}  // namespace
}  // namespace tideline::runtime::real
