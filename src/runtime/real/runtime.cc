#include "runtime/real/runtime.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <thread>

#include "runtime/real/real_files.h"
#include "runtime/real/real_shard.h"

namespace tideline::runtime::real {

namespace {

std::uint64_t raise_open_files_limit() {
    rlimit limit{};
    TL_CHECK(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlimit wanted = limit;
    wanted.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur : limit.rlim_cur;
}

// The cores that taskset, a cpuset or a container left us: a second loop on the same core would only cost hops.
unsigned usable_cores() {
    cpu_set_t usable;
    if (::sched_getaffinity(0, sizeof usable, &usable) == 0) {
        return static_cast<unsigned>(CPU_COUNT(&usable));
    }
    return std::max(1u, std::thread::hardware_concurrency());  // more cores than the set has bits
}

unsigned shards_or_cores(unsigned shards) { return shards > 0 ? shards : usable_cores(); }

}  // namespace

// SIGTERM and SIGINT as readable bytes on shard 0.
class RealRuntime::Signals final : public EventSource {
public:
    Signals(RealShard& shard, std::function<void(int)> handler) : shard_(shard), handler_(std::move(handler)) {
        sigset_t wanted;
        sigemptyset(&wanted);
        sigaddset(&wanted, SIGTERM);
        sigaddset(&wanted, SIGINT);
        TL_CHECK(pthread_sigmask(SIG_BLOCK, &wanted, nullptr) == 0);
        fd_ = Fd(::signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC));
        TL_CHECK(fd_.open());
        TL_CHECK(shard_.watch(fd_.get(), *this));
    }

    void on_events(std::uint32_t) override {
        signalfd_siginfo info{};
        while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
            handler_(static_cast<int>(info.ssi_signo));
        }
    }

private:
    RealShard& shard_;
    std::function<void(int)> handler_;
    Fd fd_;
};

struct RealRuntime::State {
    explicit State(const Options& options) : open_files_max(raise_open_files_limit()), pool(options.io_threads) {
        RealShard::Shared shared{.files = files, .pool = pool, .ports = ports, .sockets = options.sockets};
        for (unsigned i = 0; i < shards_or_cores(options.shards); ++i) {
            shards.push_back(std::make_unique<RealShard>(i, shared));
        }
    }

    std::uint64_t open_files_max;
    RealFileSystem files;
    SharedPorts ports;
    std::vector<std::unique_ptr<RealShard>> shards;
    std::unique_ptr<Signals> signals;
    IoPool pool;  // after the shards: its threads end first
};

RealRuntime::RealRuntime(Options options) {
    ::signal(SIGPIPE, SIG_IGN);  // sendfile has no flag against it
    state_ = std::make_unique<State>(options);
}

RealRuntime::~RealRuntime() = default;

unsigned RealRuntime::shard_count() const { return static_cast<unsigned>(state_->shards.size()); }
Shard& RealRuntime::shard(unsigned index) { return *state_->shards.at(index); }
FileSystem& RealRuntime::files() { return state_->files; }
std::uint64_t RealRuntime::open_files_max() const { return state_->open_files_max; }

void RealRuntime::on_signal(std::function<void(int)> handler) {
    TL_CHECK(!state_->signals);
    state_->signals = std::make_unique<Signals>(*state_->shards[0], std::move(handler));
}

int RealRuntime::run(std::function<Task<int>(Shard&)> main) {
    std::vector<std::jthread> threads;
    {
        SignalsBlocked blocked;
        for (unsigned i = 1; i < shard_count(); ++i) {
            RealShard& shard = *state_->shards[i];
            threads.emplace_back([&shard] { shard.loop(); });
            pthread_setname_np(threads.back().native_handle(), ("tideline-" + std::to_string(i)).c_str());
        }
    }
    RealShard& first = *state_->shards[0];
    int result = 0;
    first.run_here([&] {
        detail::start(main(first), [&](int code) {
            result = code;
            for (auto& shard : state_->shards) {
                shard->stop();
            }
        });
    });
    first.loop();
    return result;
}

}  // namespace tideline::runtime::real
