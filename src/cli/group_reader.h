// cli/group_reader.h: reads a topic as a member of a consumer group, at least once.
//
// A record's offset is committed only after note_printed() has covered it: every second, when partitions go to another
// member, and by finish(). Who joins and leaves is told on stderr.
// Thread:  one.
// Source:  librdkafka's balanced consumer, with the classic protocol.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "cli/console.h"
#include "cli/kafka_client.h"
#include "cli/record_source.h"

namespace tideline::cli {

class GroupReader : public RecordSource, private MemberListener {
public:
    // Subscribes; the group's answer comes with next(). `console` outlives the reader.
    static Outcome<std::unique_ptr<GroupReader>> join(const ConsumeOptions& options, Console& console);
    ~GroupReader() override;
    GroupReader(const GroupReader&) = delete;
    GroupReader& operator=(const GroupReader&) = delete;

    // Done, unless following, when every partition of this member has been read to its end.
    Outcome<Step> next(int wait_ms) override;
    const RecordView& record() const override { return view_; }
    void note_printed() override;
    // Commits and leaves the group, for as long as the client's timeout at most.
    Outcome<> finish() override;

private:
    GroupReader(const ConsumeOptions& options, Console& console);
    void on_rebalance(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) override;
    void on_commit_failed(rd_kafka_resp_err_t error) override;
    void hand_over(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions);
    Outcome<Step> take(rd_kafka_message_t* message);
    bool at_every_end() const;
    void tell(Paint paint, const std::string& what);

    std::string group_;
    std::string topic_;
    bool follow_;
    Console& console_;
    std::unique_ptr<KafkaClient> client_;
    rd_kafka_message_t* message_ = nullptr;     // what view_ points into
    std::map<std::int32_t, std::int64_t> read_;  // by partition: where to go on, of what was given and is not yet stored
    std::set<std::int32_t> assigned_;
    std::set<std::int32_t> at_end_;
    bool finished_ = false;
    RecordView view_;
};

}  // namespace tideline::cli
