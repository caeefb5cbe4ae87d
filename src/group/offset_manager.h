// group/offset_manager.h: commits, fetches, deletion and expiry of offsets.
#pragma once

#include "group/classic_protocol.h"
#include "group/environment.h"
#include "group/offset_store.h"
#include "protocol/messages/offset_commit_record.h"
#include "protocol/messages/txn_offset_commit.h"

namespace tideline::group {

class OffsetManager {
public:
    OffsetManager(Environment& environment, ClassicProtocol& classic) : environment_(environment), classic_(classic) {}

    void commit(Ticket, const ClientInfo&, const protocol::OffsetCommitRequest&, const Now&, Effects&);
    void commit_in_transaction(Ticket, const ClientInfo&, const protocol::TxnOffsetCommitRequest&, std::uint64_t guard, const Now&,
                               Effects&);
    void fetch(Ticket, const protocol::OffsetFetchRequest::OffsetFetchRequestGroup&, bool require_stable, Effects&) const;
    void delete_offsets(Ticket, const protocol::OffsetDeleteRequest&, Effects&);

    // Tombstones for all offsets of a group that is being deleted.
    void delete_all(const std::string& group_id, Effects& out);
    // Tombstones for what has grown too old. True when nothing is left that would keep the group.
    bool expire(const Group& group, const Now&, Effects& out);
    std::optional<std::int64_t> first_expiry_ms(const Group& group) const;
    void topics_deleted(const std::vector<std::string>& names, Effects& out);
    // The same for topics that went while nobody could be told: those of offsets that were loaded.
    void drop_deleted(Effects& out);

    void replay(const protocol::OffsetCommitKey& key, const std::optional<protocol::OffsetCommitValue>& value,
                std::int64_t producer_id, const Now&);
    void end_transaction(std::int64_t producer_id, bool committed) { store_.end_transaction(producer_id, committed); }

    const OffsetStore& store() const { return store_; }
    void print_durable(std::string& out) const;

private:
    ErrorCode check_commit(const ClientInfo&, const protocol::OffsetCommitRequest&, const Group* group) const;
    ErrorCode why_gone(const ClientInfo&, const base::Uuid& topic_id) const;
    ErrorCode check_transactional(const ClientInfo&, const protocol::TxnOffsetCommitRequest&) const;
    bool is_too_large(const std::optional<std::string>& metadata) const;
    // Whether the record of such a commit would be larger than a batch may be.
    bool fills_a_batch(std::string_view group_id, std::string_view topic, const std::optional<std::string>& metadata) const;
    Record record_of(const OffsetPlace& place, const CommittedOffset& offset);
    // Returns by how many records that moves the group on.
    std::int64_t write(const OffsetPlace& place, CommittedOffset offset, Effects& out);
    void erase(const OffsetPlace& place, Effects& out);

    Environment& environment_;
    ClassicProtocol& classic_;
    OffsetStore store_;
    // Reused, so that a commit allocates nothing for names that fit.
    protocol::OffsetCommitKey key_;
    protocol::OffsetCommitValue value_;
};

}  // namespace tideline::group
