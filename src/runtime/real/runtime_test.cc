#include "runtime/real/runtime.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "runtime/real/real_files.h"
#include "runtime/real/real_stream.h"
#include "runtime/scope.h"

namespace tideline::runtime::real {
namespace {

class Directory {
public:
    Directory() {
        path_ = (std::filesystem::temp_directory_path() / "tideline-XXXXXX").string();
        TL_CHECK(::mkdtemp(path_.data()) != nullptr);
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    std::string path_;
};

Task<int> return_code(int code) { co_return code; }

TEST(RealRuntime, ReturnsWhatMainReturned) {
    RealRuntime runtime({.shards = 3, .io_threads = 1});
    EXPECT_EQ(runtime.shard_count(), 3u);
    EXPECT_EQ(runtime.run([](Shard&) { return return_code(42); }), 42);
}

TEST(RealRuntime, StartsAShardForEachCoreThatItMayUse) {
    cpu_set_t usable;
    ASSERT_EQ(::sched_getaffinity(0, sizeof usable, &usable), 0);
    std::thread pinned([&usable] {
        int first = 0;
        while (!CPU_ISSET(first, &usable)) {
            ++first;
        }
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(first, &one);
        ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
        RealRuntime runtime({.shards = 0, .io_threads = 1});
        EXPECT_EQ(runtime.shard_count(), 1u);
    });
    pinned.join();
    RealRuntime runtime({.shards = 0, .io_threads = 1});
    EXPECT_EQ(runtime.shard_count(), static_cast<unsigned>(CPU_COUNT(&usable)));
}

TEST(RealRuntime, RaisesTheLimitOfOpenFiles) {
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
    EXPECT_EQ(runtime.open_files_max(), limit.rlim_cur);
}

Task<int> wait_for_signals(RealRuntime& runtime, Shard& shard, int count) {
    int seen = 0;
    int sum = 0;
    Event all(shard);
    runtime.on_signal([&](int number) {
        sum += number;
        if (++seen == count) {
            all.set();
        }
    });
    ::kill(::getpid(), SIGTERM);
    ::kill(::getpid(), SIGINT);
    co_await all.wait();
    co_return sum;
}
TEST(RealRuntime, TellsTheHandlerOfSigtermAndSigint) {
    RealRuntime runtime({.shards = 2, .io_threads = 2});
    int sum = runtime.run([&](Shard& shard) { return wait_for_signals(runtime, shard, 2); });
    EXPECT_EQ(sum, SIGTERM + SIGINT);
}

Task<int> count_jobs(Shard& shard, int threads, int each) {
    std::vector<int> last(static_cast<std::size_t>(threads), -1);
    int seen = 0;
    Event all(shard);
    std::vector<std::jthread> senders;
    for (int thread = 0; thread < threads; ++thread) {
        senders.emplace_back([&, thread] {
            for (int i = 0; i < each; ++i) {
                shard.run_here([&, thread, i] {
                    EXPECT_EQ(last[static_cast<std::size_t>(thread)] + 1, i);
                    last[static_cast<std::size_t>(thread)] = i;
                    if (++seen == threads * each) {
                        all.set();
                    }
                });
            }
        });
    }
    co_await all.wait();
    co_return seen;
}
TEST(RealShard, RunsJobsOfAnyThreadInTheOrderOfThatThread) {
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    EXPECT_EQ(runtime.run([](Shard& shard) { return count_jobs(shard, 4, 5000); }), 20'000);
}

Task<int> read_clocks(Shard& shard) {
    Instant first = shard.now();
    EXPECT_EQ(shard.now(), first);  // one turn, one time
    co_await sleep_until(shard, first + std::chrono::milliseconds(1));
    EXPECT_GE(shard.now(), first + std::chrono::milliseconds(1));
    EXPECT_NEAR(static_cast<double>(shard.wall_ms()), static_cast<double>(wall_clock_ms()), 60'000);
    EXPECT_NE(shard.random(), shard.random());
    co_return 0;
}
TEST(RealShard, ReadsTheClockOnceATurn) {
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    runtime.run(read_clocks);
}

Task<int> use_from_elsewhere(Shard& shard, void (*use)(Shard&)) {
    std::thread([&shard, use] { use(shard); }).join();
    co_return 0;
}
void expect_death_elsewhere(void (*use)(Shard&)) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    auto main = [use](Shard& shard) { return use_from_elsewhere(shard, use); };
    EXPECT_DEATH(RealRuntime({.shards = 1, .io_threads = 1}).run(main), "on_own_thread");
}
TEST(RealShardDeathTest, EndsTheProcessWhenAnotherThreadUsesItsQueues) {
    expect_death_elsewhere([](Shard& shard) { shard.add_timer(Instant{}, [] {}); });
}
TEST(RealShardDeathTest, EndsTheProcessWhenAnotherThreadAsksItsWallClock) {
    expect_death_elsewhere([](Shard& shard) { (void)shard.wall_ms(); });
}
TEST(RealShardDeathTest, EndsTheProcessWhenAnotherThreadAsksForItsRandomness) {
    expect_death_elsewhere([](Shard& shard) { (void)shard.random(); });
}

Task<int> listen_twice(RealRuntime& other, Shard& shard) {
    auto mine = shard.network().listen({.host = "127.0.0.1", .port = 0}, true);
    EXPECT_TRUE(mine);
    Address same{.host = "127.0.0.1", .port = (*mine)->port()};
    EXPECT_TRUE(shard.network().listen(same, true));
    auto theirs = other.shard(0).network().listen(same, true);  // as another process would
    EXPECT_FALSE(theirs);
    EXPECT_EQ(theirs.error().detail, EADDRINUSE);
    co_return 0;
}
TEST(RealNetwork, DoesNotShareAPortWithAnotherBroker) {
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    RealRuntime other({.shards = 1, .io_threads = 1});
    runtime.run([&](Shard& shard) { return listen_twice(other, shard); });
}

Task<void> connect_by_name(Shard& shard, Address address, std::string& peer) {
    auto stream = co_await shard.network().connect(address);
    peer = stream ? (*stream)->peer().host : base::to_string(stream.error());
}
Task<int> use_names(Shard& shard) {
    auto listener = shard.network().listen({.host = "localhost", .port = 0}, false);
    EXPECT_TRUE(listener);
    std::string peer;
    TaskScope scope(shard);
    scope.spawn(connect_by_name(shard, {.host = "localhost", .port = (*listener)->port()}, peer));
    auto accepted = co_await (*listener)->accept();
    EXPECT_TRUE(accepted);
    co_await scope.join();
    EXPECT_EQ(peer, "127.0.0.1");
    Address unknown{.host = "no-such-host.invalid", .port = 1};
    auto none = co_await shard.network().connect(unknown);
    EXPECT_FALSE(none);
    EXPECT_FALSE(shard.network().listen(unknown, false));
    co_return 0;
}
TEST(RealNetwork, ResolvesNamesAndPrefersIpv4) {
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    runtime.run(use_names);
}

Task<int> use_wildcard(Shard& shard) {
    auto listener = shard.network().listen({.host = "", .port = 0}, false);
    EXPECT_TRUE(listener);
    std::string peer;
    TaskScope scope(shard);
    scope.spawn(connect_by_name(shard, {.host = "127.0.0.1", .port = (*listener)->port()}, peer));
    auto accepted = co_await (*listener)->accept();
    EXPECT_EQ((*accepted)->peer().host, "127.0.0.1");  // not "::ffff:127.0.0.1"
    co_await scope.join();
    co_return 0;
}
TEST(RealNetwork, ServesIpv4OnTheWildcardAndShowsPlainAddresses) {
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    runtime.run(use_wildcard);
}

Task<int> run_out_of_descriptors(Shard& shard) {
    auto listener = shard.network().listen({.host = "127.0.0.1", .port = 0}, false);
    std::unique_ptr<Stream> client;
    std::string peer;
    TaskScope scope(shard);
    scope.spawn(connect_by_name(shard, {.host = "127.0.0.1", .port = (*listener)->port()}, peer));
    co_await scope.join();
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
    auto refused = co_await (*listener)->accept();
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, EMFILE);
    auto later = co_await (*listener)->accept();  // the connection waited
    EXPECT_TRUE(later);
    co_return 0;
}
TEST(RealNetwork, SaysThatDescriptorsRanOutAndGoesOnLater) {
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    runtime.run(run_out_of_descriptors);
}

// What another process sees of a lock: 0 when it got it, else errno.
int lock_from_another_process(const std::string& path) {
    pid_t child = ::fork();
    if (child == 0) {
        int fd = ::open(path.c_str(), O_RDWR);
        struct flock whole {};
        whole.l_type = F_WRLCK;
        whole.l_whence = SEEK_SET;
        ::_exit(::fcntl(fd, F_SETLK, &whole) == 0 ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}
TEST(RealFileSystem, LocksAgainstOtherProcessesAlsoAfterARefusedSecondLock) {
    Directory directory;
    RealFileSystem files;
    std::string path = directory.path(".lock");
    {
        auto lock = files.lock(path);
        ASSERT_TRUE(lock);
        EXPECT_EQ(lock_from_another_process(path), EAGAIN);
        RealFileSystem other;
        EXPECT_FALSE(other.lock(path));
        EXPECT_EQ(lock_from_another_process(path), EAGAIN);
    }
    EXPECT_EQ(lock_from_another_process(path), 0);
}

// Drops everything the page cache holds of the file.
void make_cold(const std::string& path) {
    int fd = ::open(path.c_str(), O_RDONLY);
    ::fdatasync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
}
Task<void> send_all_of(Stream& stream, File& file, std::uint64_t size) {
    auto sent = co_await stream.send_file(file, 0, size, false);
    EXPECT_TRUE(sent);
    stream.shut_down();
}
Task<int> send_cold_file(Shard& shard, const std::string& path) {
    base::Bytes content(3 << 20, 0x5a);
    auto file = shard.files().open(path, OpenMode::create);
    EXPECT_TRUE((*file)->write_at(0, content));
    make_cold(path);
    auto listener = shard.network().listen({.host = "127.0.0.1", .port = 0}, false);
    Address address{.host = "127.0.0.1", .port = (*listener)->port()};
    auto client = co_await shard.network().connect(address);
    auto server = co_await (*listener)->accept();
    TaskScope scope(shard);
    scope.spawn(send_all_of(**server, **file, content.size()));
    base::Bytes buffer(1 << 20);
    std::size_t received = 0;
    while (true) {
        auto got = co_await (*client)->read_some(buffer);
        if (!got || *got == 0) {
            break;
        }
        EXPECT_EQ(buffer[*got - 1], 0x5a);
        received += *got;
    }
    co_await scope.join();
    EXPECT_EQ(received, content.size());
    co_return 0;
}
TEST(RealStream, SendsAFileThatIsNotCached) {
    Directory directory;
    std::string path = directory.path("cold");
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    runtime.run([&](Shard& shard) { return send_cold_file(shard, path); });
}

Task<void> pump(Stream& from, bool& stop) {
    base::Bytes block(64 << 10);
    std::array<ByteView, 1> parts{block};
    while (!stop) {
        auto written = co_await from.write(parts, false);
        if (!written) {
            co_return;
        }
    }
}
Task<void> drain(Stream& to, std::uint64_t& bytes) {
    base::Bytes buffer(1 << 10);
    while (true) {
        auto got = co_await to.read_some(buffer);
        if (!got || *got == 0) {
            co_return;
        }
        bytes += *got;
    }
}
Task<int> stay_fair(Shard& shard) {
    auto listener = shard.network().listen({.host = "127.0.0.1", .port = 0}, false);
    Address address{.host = "127.0.0.1", .port = (*listener)->port()};
    auto client = co_await shard.network().connect(address);
    auto server = co_await (*listener)->accept();
    std::uint64_t bytes = 0;
    bool stop = false;
    TaskScope scope(shard);
    scope.spawn(pump(**client, stop));
    scope.spawn(drain(**server, bytes));
    // A reader that always finds bytes must not keep timers from running.
    co_await sleep_until(shard, shard.now() + std::chrono::milliseconds(5));
    stop = true;
    (*client)->shut_down();
    co_await scope.join();
    EXPECT_GT(bytes, 0u);
    co_return 0;
}
TEST(RealStream, LeavesTheOthersTheirTurnWhenItsPeerNeverPauses) {
    RealRuntime runtime({.shards = 1, .io_threads = 1});
    runtime.run(stay_fair);
}

}  // namespace
}  // namespace tideline::runtime::real
