// protocol/records.h: record batches inside a request or a response, without copying them.
//
// Decoded:  `bytes` is a view into the frame and lives as long as that; `size` is its length.
// To send:  set `bytes` (copied into the response), or `body` and `size`: then only the length prefix is written, and
//           the Writer remembers a Splice for whoever sends the response, e.g. with sendfile.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace tideline::protocol {

// Bytes that lie elsewhere, a range of a file above all. The room that makes one and the one that sends it know the
// real type; protocol/ only carries it. Shared because a response may outlive the answer of the log that made it.
struct RecordsBody {
    virtual ~RecordsBody() = default;
};

struct Records {
    bool is_null = true;
    std::uint64_t size = 0;  // of what is on the wire, body or bytes
    base::ByteView bytes;
    std::shared_ptr<const RecordsBody> body;

    static Records null() { return {}; }
    static Records of(base::ByteView view) { return {.is_null = false, .size = view.size(), .bytes = view, .body = {}}; }
    static Records of(std::shared_ptr<const RecordsBody> elsewhere, std::uint64_t bytes_there) {
        return {.is_null = false, .size = bytes_there, .bytes = {}, .body = std::move(elsewhere)};
    }

    friend bool operator==(const Records& a, const Records& b) {
        return a.is_null == b.is_null && a.size == b.size && a.body == b.body && std::ranges::equal(a.bytes, b.bytes);
    }
};

}  // namespace tideline::protocol
