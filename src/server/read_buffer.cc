#include "server/read_buffer.h"

#include "base/check.h"

namespace tideline::server {

void ReadBuffer::consume(std::size_t bytes) {
    TL_CHECK(bytes <= end_ - begin_);
    begin_ += bytes;
    if (begin_ != end_) {
        return;
    }
    if (filled_up_ && wanted_ < kLargest) {
        wanted_ *= 4;
    } else if (end_ < wanted_ / 16 && wanted_ > kSmallest) {
        wanted_ /= 4;
    }
    wanted_ = std::min(wanted_, kLargest);
    begin_ = end_ = 0;
    filled_up_ = false;
}

void ReadBuffer::reallocate(std::size_t capacity) {
    std::size_t size = end_ - begin_;
    TL_CHECK(size <= capacity);
    std::unique_ptr<std::uint8_t[]> block;
    if (capacity > 0) {
        block = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    }
    if (size > 0) {
        std::memcpy(block.get(), data_.get() + begin_, size);
    }
    data_ = std::move(block);
    capacity_ = capacity;
    begin_ = 0;
    end_ = size;
}

void ReadBuffer::compact() {
    if (begin_ == 0) {
        return;
    }
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
}

}  // namespace tideline::server
