// load/lanes.h: several connections that one thread serves.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "load/client.h"
#include "load/options.h"

namespace tideline::load {

class Lanes {
public:
    // As many as --connections says, to --port.
    explicit Lanes(const Options& options);
    Lanes(const Lanes&) = delete;
    Lanes& operator=(const Lanes&) = delete;
    ~Lanes();

    std::size_t size() const { return lanes_.size(); }
    // Queues a frame; `rest` must live until the answer to it came.
    void queue(std::size_t lane, const Prefix& prefix, ByteView rest) { lanes_[lane].client.queue(prefix, rest); }
    // Sends what is queued, waits until something came in or `until_ns` (0: for as long as it takes), and hands over every answer, in the
    // order of each lane, with the instant at which it was there.
    using OnAnswer = std::function<void(std::size_t lane, ByteView answer, std::int64_t now_ns)>;
    void serve(std::int64_t until_ns, const OnAnswer& on_answer);

private:
    struct Lane {
        Client client;
        Frames frames;
        bool wants_out = false;
    };
    void flush(std::size_t lane);
    void read(std::size_t lane, const OnAnswer& on_answer);

    std::vector<Lane> lanes_;
    int epoll_;
};

}  // namespace tideline::load
