// runtime/test_runtimes.h: for tests: the same rules held against the simulated and the real runtime.
//
//   Task<void> two_wait(Shard& first, Shard& second) { ... EXPECT_EQ(...); }
//   TYPED_TEST(Events, WakeAllWaiters) { this->run(two_wait); }
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "runtime/real/runtime.h"
#include "runtime/sim/world.h"

namespace tideline::runtime {

using RuntimeTest = Task<void> (*)(Shard& first, Shard& second);

// Two shards of a world; files below "/test".
class SimulatedRuntime {
public:
    SimulatedRuntime() {
        world_.add_shard();
        world_.add_shard();
        TL_CHECK(world_.files().make_directories("/test"));
    }
    void run(RuntimeTest body) { world_.run(world_.shard(0), body(world_.shard(0), world_.shard(1))); }
    FileSystem& files() { return world_.files(); }
    std::string directory() const { return "/test"; }

private:
    sim::SimWorld world_{1};
};

// Two threads; files in a new directory that goes with it.
class OperatingSystem {
public:
    OperatingSystem() : runtime_(real::Options{.shards = 2, .io_threads = 2}) {
        std::string pattern = (std::filesystem::temp_directory_path() / "tideline-XXXXXX").string();
        TL_CHECK(::mkdtemp(pattern.data()) != nullptr);
        directory_ = pattern;
    }
    ~OperatingSystem() { std::filesystem::remove_all(directory_); }

    void run(RuntimeTest body) {
        runtime_.run([this, body](Shard& first) { return run_both(body, first, runtime_.shard(1)); });
    }
    FileSystem& files() { return runtime_.files(); }
    std::string directory() const { return directory_; }

private:
    static Task<int> run_both(RuntimeTest body, Shard& first, Shard& second) {
        co_await body(first, second);
        co_return 0;
    }

    real::RealRuntime runtime_;
    std::string directory_;
};

using BothRuntimes = testing::Types<SimulatedRuntime, OperatingSystem>;

template <class Runtime>
class OnBothRuntimes : public testing::Test {
protected:
    void run(RuntimeTest body) { runtime_.run(body); }
    FileSystem& files() { return runtime_.files(); }
    std::string path(std::string_view name) { return runtime_.directory() + "/" + std::string(name); }

private:
    Runtime runtime_;
};

}  // namespace tideline::runtime
