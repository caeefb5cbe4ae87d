#include "server/request_memory.h"

namespace tideline::server {

runtime::Task<bool> RequestMemory::take(std::size_t bytes) {
    if (bytes_ + bytes > most()) {
        is_over_ = true;
        co_return false;
    }
    if (has_ended_ || take_now(bytes)) {
        co_return !has_ended_;
    }
    bool admitted = co_await budget_.raise(grant_, bytes_ + bytes);
    bytes_ += admitted ? bytes : 0;
    co_return admitted && !has_ended_;
}

runtime::Task<bool> RequestMemory::take_up_to(std::size_t bytes) { return take(std::min(bytes, most() - std::min(bytes_, most()))); }

bool RequestMemory::take_now(std::size_t bytes) {
    std::size_t wanted = bytes_ + bytes;
    if (wanted > most() || (wanted > kRequestBytesFree && !budget_.raise_now(grant_, wanted))) {
        return false;
    }
    bytes_ = wanted;
    return true;
}

void RequestMemory::keep(std::size_t bytes) {
    bytes_ = std::min(bytes_, bytes);
    std::size_t charged = bytes_ > kRequestBytesFree ? bytes_ : 0;
    if (grant_.bytes() > charged) {
        budget_.lower(grant_, charged);
    }
}

void RequestMemory::hold_response(std::size_t bytes) {
    keep(bytes);
    if (bytes > std::max<std::size_t>(grant_.bytes(), kRequestBytesFree)) {
        budget_.count(grant_, bytes);
        bytes_ = bytes;
    }
}

void RequestMemory::end() {
    has_ended_ = true;
    budget_.cancel(grant_);
}

}  // namespace tideline::server
