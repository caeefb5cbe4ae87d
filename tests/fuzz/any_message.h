// tests/fuzz/any_message.h: what holds for every message that can be decoded from bytes nobody vouches for.
#pragma once

#include "base/check.h"
#include "heap.h"
#include "protocol/message_schema.h"
#include "protocol/reader.h"

namespace tideline::fuzz {

// Decodes the rest of `bytes` and checks that it took no more memory than allowed, and that what was read can be written, read
// again and shown.
inline void decode_and_check(const protocol::MessageSchema& schema, std::int16_t version, base::ByteView bytes) {
    constexpr std::size_t kBudget = std::size_t{256} << 10;
    // The message itself and what a container allocates beyond its elements.
    constexpr std::size_t kBesides = std::size_t{64} << 10;
    HeapPeak heap;
    protocol::Reader in(bytes, kBudget);
    auto message = schema.decode(in, version);
    TL_CHECK(heap.bytes() <= 2 * kBudget + kBesides);
    if (!message) {
        TL_CHECK(!protocol::message_to_json(schema, version, bytes).empty());
        return;
    }
    protocol::Writer out;
    (*message)->encode(out, version);
    const base::Bytes first = out.take();
    protocol::Reader in_again(first, 4 * kBudget);
    auto twin = schema.decode(in_again, version);
    TL_CHECK(twin && in_again.at_end());
    protocol::Writer out_again;
    (*twin)->encode(out_again, version);
    TL_CHECK(out_again.take() == first);
    TL_CHECK(!(*message)->to_json(version).empty());
}

}  // namespace tideline::fuzz
