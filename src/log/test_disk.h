// log/test_disk.h: a simulated disk with a data directory on it.
#pragma once

#include <memory>
#include <string>

#include "runtime/sim/files.h"

namespace tideline::log {

class TestDisk {
public:
    TestDisk() { wipe(); }

    runtime::sim::SimFileSystem& files() { return *files_; }
    void wipe() {
        files_ = std::make_unique<runtime::sim::SimFileSystem>();
        (void)files_->make_directories("/data");
        files_->sync_all();
    }
    // From here on; what came before is dropped.
    void record() {
        (void)files_->take_transcript();
        files_->record_transcript(true);
    }
    // The transcript, its paths shortened: "/data/orders-3/00000000000000000042.log" → "orders-3/42.log".
    std::string transcript() {
        std::string text;
        for (std::string line : files_->take_transcript()) {
            for (std::size_t at; (at = line.find("/data/")) != std::string::npos;) {
                line.erase(at, 6);
            }
            for (std::size_t at = 0; (at = line.find('/', at)) != std::string::npos; ++at) {
                while (line.compare(at + 1, 1, "0") == 0 && line.compare(at + 2, 1, ".") != 0) {
                    line.erase(at + 1, 1);
                }
            }
            text += line + "\n";
        }
        return text;
    }

private:
    std::unique_ptr<runtime::sim::SimFileSystem> files_;
};

}  // namespace tideline::log
