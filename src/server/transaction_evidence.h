// server/transaction_evidence.h: who writes in the transactions that are open on one shard, for `tideline txn`.
//
// Kafka's messages name the producer id that holds a partition back, not the client behind it, nor how much it wrote. The
// broker saw both. Evidence is not state: it is in memory only, begins with the broker and decides nothing
// (docs/decisions/0010-transaction-evidence.md). A shard has that of its own partitions, and of the producers that its connections
// initialised; handlers/31002_transaction_evidence.cc puts the shards together.
// Shard:  one.
// Limits: kWritersMax open transactions of a partition, of which the newest are not remembered when there are more: the old ones
//         are asked about. kOwnersMax transactional ids, of which the least recent are forgotten. Texts are cut at kTextMax bytes.
// Cost:   a hash lookup and four numbers for a transactional batch, nothing for any other.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/uuid.h"

namespace tideline::server {

struct TransactionalWrite {
    base::Uuid topic_id;
    std::int32_t partition = -1;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int64_t first_offset = -1;  // where it stands, if that is known
    std::int64_t records = 0;
    std::int64_t bytes = 0;
};

class TransactionEvidence {
public:
    static constexpr std::size_t kWritersMax = 10'000;
    static constexpr std::size_t kOwnersMax = 10'000;
    static constexpr std::size_t kTextMax = 256;

    // Who sent a request; views of it.
    struct Client {
        std::string_view transactional_id;
        std::string_view id;
        std::string_view host;
        std::int32_t port = -1;
        std::string_view software;
    };
    // The same, kept.
    struct Identity {
        std::string transactional_id;
        std::string client_id;
        std::string host;
        std::int32_t port = -1;
        std::string software;
    };
    struct Key {
        base::Uuid topic_id;
        std::int32_t partition = -1;
        std::int64_t producer_id = -1;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct Writer {
        Identity who;  // of the last write
        std::int16_t producer_epoch = -1;
        std::int64_t opened_ms = -1;
        std::int64_t last_write_ms = -1;
        std::int64_t first_offset = -1;  // of the first write
        std::int64_t records = 0;
        std::int64_t bytes = 0;
    };
    struct Owner {
        Identity who;
        std::int64_t producer_id = -1;
        std::int16_t producer_epoch = -1;
        std::int64_t at_ms = -1;
    };
    // Whether a transaction that is remembered is still open: partitions go without a marker, too.
    using IsOpen = std::function<bool(const Key&, const Writer&)>;

    explicit TransactionEvidence(std::int64_t since_ms, IsOpen is_open, std::size_t writers_max = kWritersMax,
                                 std::size_t owners_max = kOwnersMax)
        : since_ms_(since_ms), is_open_(std::move(is_open)), writers_max_(writers_max), owners_max_(owners_max) {}

    // A batch, or offsets, were appended in a transaction.
    void written(const TransactionalWrite& write, const Client& client, std::int64_t now_ms);
    // Its marker was.
    void ended(const base::Uuid& topic_id, std::int32_t partition, std::int64_t producer_id);
    // A producer took a transactional id over.
    void initialized(std::int64_t producer_id, std::int16_t producer_epoch, const Client& client, std::int64_t now_ms);

    std::int64_t since_ms() const { return since_ms_; }
    std::size_t writer_count() const { return writers_.size(); }

    template <class Visit>
    void for_each_writer(Visit visit) const {
        for (const auto& [key, writer] : writers_) {
            if (is_open_(key, writer)) {
                visit(key, writer);
            }
        }
    }
    template <class Visit>
    void for_each_owner(Visit visit) const {
        for (const Owner& owner : owners_) {
            visit(owner);
        }
    }

private:
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<base::Uuid>()(key.topic_id) ^ static_cast<std::size_t>(key.partition) * 0x9e3779b97f4a7c15ull ^
                   static_cast<std::size_t>(key.producer_id) * 0xc2b2ae3d27d4eb4full;
        }
    };
    bool has_room();

    std::int64_t since_ms_;
    IsOpen is_open_;
    std::size_t writers_max_;
    std::size_t owners_max_;
    std::unordered_map<Key, Writer, KeyHash> writers_;
    std::size_t refused_ = 0;  // since the last search for what is not open any more
    std::list<Owner> owners_;  // least recent first
    std::unordered_map<std::string_view, std::list<Owner>::iterator> owners_by_id_;  // ids lie in the owners
};

struct RequestContext;
// Who sent this request; lives as long as the request does.
TransactionEvidence::Client evidence_client_of(const RequestContext& context, const std::optional<std::string>& transactional_id);

}  // namespace tideline::server
