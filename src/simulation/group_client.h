// simulation/group_client.h: what members of both protocols have in common: their connection, commits, fetches of what is committed.
//
// Shard: one.
#pragma once

#include "simulation/stage.h"

namespace tideline::simulation {

class GroupClient {
public:
    GroupClient(Stage& stage, std::string group, std::uint64_t seed)
        : stage_(stage), group_(std::move(group)), random_(seed), link_(stage.shard, stage.broker, group_, stage.weather, random_.next()) {}

    // Until there is a topic that stays.
    Task<void> wait_for_topic();
    // All partitions of this topic, until each was answered; nothing may be under way. From here on the answers are what is committed.
    Task<void> settle_committed(KnownTopic topic);
    Task<void> close() { return link_.close(); }

protected:
    struct Membership {
        std::string member_id;
        std::int32_t epoch = -1;  // or generation
    };
    // Makes __consumer_offsets when it is not there. False: try again later.
    Task<bool> find_coordinator();
    // network_exception when nothing is known of the outcome.
    Task<ErrorCode> commit(Membership membership, std::int32_t partition, std::int16_t version);
    // Compares one answer with the book; nullopt: none.
    Task<std::optional<Offset>> fetch_committed(std::int32_t partition);
    // A violation unless the error is one that a member of a group may meet at any time.
    void check_expected(ErrorCode error, std::string_view what);
    // The topic may have grown.
    void look_again() { topic_ = stage_.topics.at(topic_.id); }
    Task<void> rest() { return stage_.pause(random_ms(random_, 10, 300)); }
    PartitionId id_of(std::int32_t partition) const { return {topic_.id, partition}; }

    Stage& stage_;
    std::string group_;
    runtime::Random random_;
    ClientLink link_;
    KnownTopic topic_;
};

// A member: one membership after the other, and one more when the storm is over.
class GroupMember : public GroupClient {
public:
    using GroupClient::GroupClient;
    virtual ~GroupMember() = default;
    Task<void> run();

protected:
    // From joining to a leave, or to a crash, of which the coordinator hears by silence only.
    virtual Task<void> live(bool is_last) = 0;
};

}  // namespace tideline::simulation
