// server/reply.h: what a handler gives back to its connection.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "log/partition_log.h"
#include "protocol/writer.h"
#include "runtime/task.h"

namespace tideline::server {

// Record bytes of a response that stay in their files: one range per partition, sent with sendfile.
struct FileRecords final : protocol::RecordsBody {
    std::shared_ptr<runtime::File> file;  // shared: the segment may be deleted while its bytes are on their way
    std::uint64_t position = 0;
};

// One response as it leaves: length prefix, header and body, with places where file ranges go.
struct EncodedResponse {
    base::Bytes bytes;
    std::vector<protocol::Splice> splices;
    bool is_sent = true;              // false: acks=0, nothing goes out
    std::string_view close_reason{};  // not empty: the connection ends after this response

    std::uint64_t total_bytes() const;
};

// A handler's first phase ends with a Reply. `later`, when there, is the rest of the work (waiting until records are
// durable, or until a group has rebalanced): the connection starts on its next request meanwhile, and responses still leave in request order.
struct Reply {
    EncodedResponse now;
    std::optional<runtime::Task<EncodedResponse>> later;
};

// No response can be made: the connection is closed and the reason, a literal, logged.
inline Reply close_connection(std::string_view reason) {
    return Reply{EncodedResponse{.is_sent = false, .close_reason = reason}, std::nullopt};
}

}  // namespace tideline::server
