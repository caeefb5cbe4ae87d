// runtime/real/fd.h: a file descriptor that somebody owns, and errors made from errno.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/result.h"

namespace tideline::runtime::real {

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~Fd() { reset(); }

    int get() const { return fd_; }
    bool open() const { return fd_ >= 0; }
    void reset() {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

private:
    int fd_ = -1;
};

inline std::unexpected<base::Error> storage_error(std::string_view note, int error = errno) {
    return base::fail(ErrorCode::kafka_storage_error, note, error);
}
inline std::unexpected<base::Error> network_error(std::string_view note, int error = errno) {
    return base::fail(ErrorCode::network_exception, note, error);
}

}  // namespace tideline::runtime::real
