#include "cli/dump/input_file.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tideline::cli {
namespace {

// Small views are served from pieces of this size.
constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::uint64_t kWholeFileBytesMax = 256u << 20;

std::unexpected<Failure> cannot_read(const std::string& path, int error) {
    return usage_failure(fmt::format("cannot read '{}': {}", path, std::strerror(error)));
}

}  // namespace

Outcome<InputFile> InputFile::open(const std::string& path) {
    int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return cannot_read(path, errno);
    }
    struct stat about {};
    ::fstat(descriptor, &about);
    if (!S_ISREG(about.st_mode)) {
        ::close(descriptor);
        return usage_failure(fmt::format("'{}' is not a file", path), "Name the files in it, e.g. its *.log");
    }
    return InputFile(path, descriptor, static_cast<std::uint64_t>(about.st_size));
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      buffer_(std::move(other.buffer_)),
      buffer_at_(other.buffer_at_) {}

InputFile::~InputFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Outcome<base::ByteView> InputFile::view(std::uint64_t position, std::size_t wanted) {
    wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, size_ - std::min(position, size_)));
    bool there = position >= buffer_at_ && position + wanted <= buffer_at_ + buffer_.size();
    if (!there) {
        buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(std::max(wanted, kPieceBytes), size_ - position)));
        buffer_at_ = position;
        std::size_t filled = 0;
        while (filled < buffer_.size()) {
            ssize_t got = ::pread(descriptor_, buffer_.data() + filled, buffer_.size() - filled,
                                  static_cast<off_t>(position + filled));
            if (got < 0 && errno != EINTR) {
                return cannot_read(path_, errno);
            }
            if (got == 0) {
                break;  // it was cut while we read
            }
            filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
        }
        buffer_.resize(filled);
    }
    base::ByteView buffered = buffer_;
    std::size_t skip = std::min(static_cast<std::size_t>(position - buffer_at_), buffered.size());
    return buffered.subspan(skip, std::min(wanted, buffered.size() - skip));
}

Outcome<base::ByteView> InputFile::all() {
    if (size_ > kWholeFileBytesMax) {
        return usage_failure(fmt::format("'{}' has {} bytes: no file of this kind is so large", path_, size_));
    }
    return view(0, static_cast<std::size_t>(size_));
}

}  // namespace tideline::cli
