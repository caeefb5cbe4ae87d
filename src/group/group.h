// group/group.h: what a coordinator asks of a group without knowing its protocol.
//
// ClassicGroup and ConsumerGroup are the two kinds. Checks answer with the error that the client is told.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"
#include "group/effects.h"

namespace tideline::group {

enum class GroupType : std::uint8_t { classic, consumer };
std::string_view name_of(GroupType type);  // "classic"

// In whose name offsets are committed.
struct CommitClaim {
    std::string_view member_id;
    const std::optional<std::string>& instance_id;
    std::int32_t generation_or_epoch = -1;
    bool is_transactional = false;
    std::int16_t api_version = 0;
};

// Since when the offsets of a group grow old: `since_ms`, or each since it was committed.
struct OffsetClock {
    std::optional<std::int64_t> since_ms;
};

class Group {
public:
    explicit Group(std::string id) : id_(std::move(id)) {}
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;
    virtual ~Group() = default;

    const std::string& id() const { return id_; }
    virtual GroupType type() const = 0;
    virtual std::string_view state_name() const = 0;     // "Stable"
    virtual std::string_view protocol_type() const = 0;  // "consumer"; "" of a group that only commits
    virtual bool is_empty() const = 0;
    virtual std::size_t member_count() const = 0;
    // What its members take in memory, about, as far as that is counted (member_memory.h).
    virtual std::size_t member_bytes() const { return 0; }
    virtual bool is_subscribed_to(std::string_view topic) const = 0;

    virtual base::Result<> check_commit(const CommitClaim& claim) const = 0;
    // Asked for each partition after check_commit(); an error is the whole request's.
    virtual base::Result<> check_commit_partition(const CommitClaim&, std::string_view /*topic*/, const base::Uuid& /*topic_id*/,
                                                  std::int32_t /*partition*/) const {
        return {};
    }
    virtual base::Result<> check_fetch(const std::optional<std::string>& member_id, std::int32_t member_epoch) const = 0;
    virtual base::Result<> check_delete_offsets() const = 0;
    virtual base::Result<> check_delete() const = 0;
    // The records that take the group out of the log; its offsets are not its own.
    virtual void add_tombstones(Effects& out) const = 0;
    // nullopt while no offset of the group may expire.
    virtual std::optional<OffsetClock> offset_clock() const = 0;

    // The earliest timer; kNever if none runs. May name an instant at which nothing is due after all.
    virtual Instant next_deadline() const = 0;
    // What a rebuild from the records must bring back, one line or more; nothing for what is only in memory.
    virtual void print_durable(std::string& out) const = 0;

private:
    friend class GroupTable;
    const std::string id_;
    std::uint64_t serial_ = 0;
    Instant scheduled_ = kNever;
    std::size_t counted_bytes_ = 0;
};

}  // namespace tideline::group
