#include "load/lanes.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace tideline::load {

Lanes::Lanes(const Options& options) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    std::int64_t connections = options.number("connections", 4);
    for (std::int64_t i = 0; i < connections; ++i) {
        lanes_.push_back({Client(static_cast<std::uint16_t>(options.number("port", 9092))), {}, false});
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, lanes_[i].client.fd(), &event) != 0) {
            die_errno("epoll");
        }
    }
}

Lanes::~Lanes() { ::close(epoll_); }

void Lanes::serve(std::int64_t until_ns, const OnAnswer& on_answer) {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
        flush(lane);
    }
    std::array<epoll_event, 64> events;
    timespec* until = nullptr;
    timespec left{};
    if (until_ns > 0) {
        left.tv_nsec = std::clamp<std::int64_t>(until_ns - monotonic_ns(), 0, 999'999'999);
        until = &left;
    }
    int count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), until, nullptr);
    for (int i = 0; i < count; ++i) {
        if ((events[static_cast<std::size_t>(i)].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
            read(events[static_cast<std::size_t>(i)].data.u64, on_answer);
        }
    }
}

void Lanes::flush(std::size_t number) {
    Lane& lane = lanes_[number];
    lane.client.send();
    if (lane.client.has_unsent() != lane.wants_out) {
        lane.wants_out = !lane.wants_out;
        epoll_event event{.events = EPOLLIN | (lane.wants_out ? static_cast<std::uint32_t>(EPOLLOUT) : 0u), .data = {.u64 = number}};
        ::epoll_ctl(epoll_, EPOLL_CTL_MOD, lane.client.fd(), &event);
    }
}

void Lanes::read(std::size_t number, const OnAnswer& on_answer) {
    Lane& lane = lanes_[number];
    std::size_t got = 0;
    if (!lane.client.receive(lane.frames.space(), got)) {
        return;
    }
    lane.frames.filled(got);
    std::int64_t now = monotonic_ns();
    for (ByteView answer = lane.frames.next(); !answer.empty(); answer = lane.frames.next()) {
        on_answer(number, answer, now);
    }
}

}  // namespace tideline::load
