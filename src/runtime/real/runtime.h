// runtime/real/runtime.h: the operating system behind runtime/: shards on threads, an I/O pool, files, sockets, signals.
//
//   real::RealRuntime runtime(real::Options{.shards = 2});
//   return runtime.run([&](Shard& first) { return serve(runtime, first); });
// Only the program's entry (and tests of runtime/) may link this.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/real/clock.h"
#include "runtime/real/real_network.h"
#include "runtime/shard.h"

namespace tideline::runtime::real {

struct Options {
    unsigned shards = 0;  // 0: one for each core that the calling thread may use
    unsigned io_threads = 4;
    SocketOptions sockets = {};
};

class RealRuntime {
public:
    // Raises the limit of open files as far as allowed and ignores SIGPIPE, both for the whole process.
    explicit RealRuntime(Options options = {});
    ~RealRuntime();
    RealRuntime(const RealRuntime&) = delete;
    RealRuntime& operator=(const RealRuntime&) = delete;

    unsigned shard_count() const;
    Shard& shard(unsigned index);
    FileSystem& files();
    std::uint64_t open_files_max() const;

    // From now on SIGTERM and SIGINT call `handler` on shard 0 instead of ending the process. Call it before run(), or
    // from the main task; once.
    void on_signal(std::function<void(int)> handler);

    // Runs `main` on shard 0, on the calling thread, the other shards on threads of their own. Returns what main returned
    // when it has ended and all loops have stopped; what main started it must have joined. Once per runtime.
    int run(std::function<Task<int>(Shard&)> main);

private:
    class Signals;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tideline::runtime::real
