// tl_load first-ack: knocks until a broker has acknowledged one record, and prints the instant of that (CLOCK_MONOTONIC).
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>

#include "load/commands.h"

namespace tideline::load {

namespace {

constexpr std::int16_t kTopicAlreadyExists = 36;

void pause() {
    timespec half_a_millisecond{.tv_sec = 0, .tv_nsec = 500'000};
    ::nanosleep(&half_a_millisecond, nullptr);
}

// One request and its answer; nullopt when the connection did not last.
std::optional<Bytes> ask(int fd, std::int16_t api, std::int16_t version, ByteView rest) {
    Prefix front = prefix(api, version, 1, rest.size());
    Bytes frame(front.bytes.begin(), front.bytes.end());
    frame.insert(frame.end(), rest.begin(), rest.end());
    if (::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size())) {
        return std::nullopt;
    }
    Frames frames;
    while (true) {
        pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
        ::poll(&readable, 1, -1);
        base::MutableByteView space = frames.space();
        ssize_t got = ::recv(fd, space.data(), space.size(), 0);
        if (got <= 0) {
            return std::nullopt;
        }
        frames.filled(static_cast<std::size_t>(got));
        if (ByteView answer = frames.next(); !answer.empty()) {
            return Bytes(answer.begin(), answer.end());
        }
    }
}

// Makes the topic. False when the connection did not last.
bool create_topic(int fd, ByteView create) {
    while (true) {
        auto answer = ask(fd, kCreateTopics, kCreateTopicsVersion, create);
        if (!answer) {
            return false;
        }
        std::int16_t error = create_topic_error(*answer);
        if (error == 0 || error == kTopicAlreadyExists) {
            return true;
        }
        pause();
    }
}

// Whether the record was acknowledged; goes on asking this connection as long as it lasts.
bool produce_until_acknowledged(int fd, ByteView produce) {
    while (true) {
        auto answer = ask(fd, kProduce, kProduceVersion, produce);
        if (!answer) {
            return false;
        }
        if (partition_error(*answer) == 0) {
            return true;
        }
        pause();
    }
}

}  // namespace

void run_first_ack(const Options& options) {
    auto port = static_cast<std::uint16_t>(options.number("port", 9092));
    std::string topic = options.text("topic", "load");
    Bytes create = options.number("create", 0) > 0 ? create_topic_rest(topic, 1) : Bytes();
    auto partition = static_cast<std::int32_t>(options.number("partition", 0));
    Bytes produce = produce_rest(topic, partition, -1, make_batch(1, 1024, 0));
    while (true) {
        int fd = connect_to(port);
        bool acknowledged = fd >= 0 && (create.empty() || create_topic(fd, create)) && produce_until_acknowledged(fd, produce);
        std::int64_t now = monotonic_ns();
        if (fd >= 0) {
            ::close(fd);
        }
        if (acknowledged) {
            std::printf("{\"acknowledged_ns\": %lld}\n", static_cast<long long>(now));
            return;
        }
        pause();
    }
}

}  // namespace tideline::load
