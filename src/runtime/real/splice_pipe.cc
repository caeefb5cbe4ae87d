#include "runtime/real/splice_pipe.h"

#include <fcntl.h>
#include <sys/sendfile.h>

namespace tideline::runtime::real {

namespace {

constexpr int kPipeBytes = 512 << 10;
constexpr std::uint64_t kSendfileStride = 64 << 10;

}  // namespace

ssize_t SplicePipe::send(int file, std::uint64_t position, int socket, std::uint64_t size, bool more) {
    auto at = static_cast<off_t>(position);
    if (size <= kSendfileStride || !open()) {
        return ::sendfile(socket, file, &at, size);
    }
    std::uint64_t sent = 0;
    while (sent < size) {
        ssize_t taken = ::splice(file, &at, in_.get(), nullptr, size - sent, SPLICE_F_NONBLOCK);
        if (taken <= 0) {
            return sent > 0 ? static_cast<ssize_t>(sent) : taken;
        }
        bool is_last = sent + static_cast<std::uint64_t>(taken) >= size;
        ssize_t given = ::splice(out_.get(), nullptr, socket, nullptr, static_cast<std::size_t>(taken), more || !is_last ? SPLICE_F_MORE : 0);
        if (given < taken) {
            int error = errno;
            drop_rest();
            errno = error;
            sent += given > 0 ? static_cast<std::uint64_t>(given) : 0;
            return sent > 0 ? static_cast<ssize_t>(sent) : given;
        }
        sent += static_cast<std::uint64_t>(given);
    }
    return static_cast<ssize_t>(sent);
}

bool SplicePipe::open() {
    if (out_.open()) {
        return true;
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    out_ = Fd(ends[0]);
    in_ = Fd(ends[1]);
    // Refused where the user has too many pages in pipes already.
    if (::fcntl(in_.get(), F_SETPIPE_SZ, kPipeBytes) < 0) {
        drop_rest();
        return false;
    }
    return true;
}

// What the socket did not take lies in the file still, and in the pipe it would go to another socket.
void SplicePipe::drop_rest() {
    out_.reset();
    in_.reset();
}

}  // namespace tideline::runtime::real
