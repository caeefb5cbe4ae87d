// server/read_buffer.h: bytes of one connection between the socket and the decoder.
//
// Holds nothing while the connection is idle, a small block while requests are small, a larger one while they come in
// bulk, and one block of just the right size for a frame that is larger than those.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"

namespace tideline::server {

class ReadBuffer {
public:
    static constexpr std::size_t kSmallest = 4 * 1024;
    static constexpr std::size_t kLargest = 256 * 1024;

    bool empty() const { return begin_ == end_; }
    std::size_t capacity() const { return capacity_; }
    base::ByteView unread() const { return {data_.get() + begin_, end_ - begin_}; }
    // Room for the next read; empty when the block is full.
    base::MutableByteView free_space() { return {data_.get() + end_, capacity_ - end_}; }

    void filled(std::size_t bytes) {
        end_ += bytes;
        filled_up_ |= end_ == capacity_;
    }
    void consume(std::size_t bytes);

    // The block that the next burst deserves: grows while reads fill it, shrinks when they stop doing so.
    std::size_t wanted_capacity() const { return wanted_; }
    // Moves what is unread into a block of `capacity` bytes (at least as many as are unread). 0 frees it.
    void reallocate(std::size_t capacity);
    // Moves what is unread to the front, so that free_space() is all there is.
    void compact();

private:
    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t wanted_ = kSmallest;
    bool filled_up_ = false;  // by a read since the block was last empty
};

}  // namespace tideline::server
