// server/row_memory.h: memory for the rows of a response that tell of more than the request named: members, settings, offsets.
#pragma once

#include "protocol/writer.h"
#include "server/context.h"

namespace tideline::server {

// Takes what a row needs, here and in the encoded response, and again for each time that a request names the same thing. False when
// there is no answer.
template <class Row>
runtime::Task<bool> take_for_row(RequestContext& context, const Row& row) {
    // A string or an array of the row may be four times as large as its few bytes on the wire.
    constexpr std::size_t kRowBytesPerEncoded = 4;
    protocol::Writer encoded;
    row.write(encoded, context.version());
    std::size_t bytes = kRowBytesPerEncoded * encoded.size();
    co_return co_await context.memory.take(bytes);
}

}  // namespace tideline::server
