// cli/outcome_reader.h: reads ranges of partitions and says of each record what became of its transaction.
//
// librdkafka tells neither producer ids nor markers, so the batches are fetched and read here. Below the last stable offset
// everything is decided. What is beyond it is read twice, if it is wanted: first for its markers, then for its records; the
// outcome is the one at the time of reading.
// Thread:  one.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cli/partition_fetcher.h"
#include "cli/position.h"
#include "cli/record_source.h"
#include "cli/transaction_outcomes.h"
#include "record/record.h"

namespace tideline::cli {

class OutcomeReader final : public RecordSource {
public:
    // Sentences for people about offsets that are not there go to `warnings`.
    static Outcome<std::unique_ptr<OutcomeReader>> open(const ConsumeOptions& options, std::vector<std::string>& warnings);

    Outcome<Step> next(int wait_ms) override;
    const RecordView& record() const override { return view_; }

private:
    struct Partition {
        ReadRange range;
        std::int64_t at = 0;
        LaterMarkers markers = {};
        std::int64_t markers_end = 0;  // those before it are known
    };
    // Batches of one partition that are being read.
    struct Chunk {
        Partition& partition;
        FetchedBatches fetched;
        record::BatchCursor cursor;
        std::optional<DecidedOutcomes> decided;  // none: markers decide
        std::int64_t end;                        // offsets from here on are fetched again
        record::BatchHeader header = {};
        RecordOutcome outcome = RecordOutcome::unasked;
        std::optional<record::RecordReader> records = {};
    };

    OutcomeReader(std::unique_ptr<KafkaClient> client, PartitionFetcher fetcher, const ConsumeOptions& options);
    Outcome<std::unique_ptr<Chunk>> fetch_chunk(Partition& partition);
    Outcome<> learn_markers(Partition& partition, std::int64_t end);
    Outcome<> wait(int wait_ms);
    Outcome<bool> next_record();
    Outcome<bool> next_batch();
    bool is_wanted(const record::Record& record) const;
    void show(const record::Record& record);

    std::unique_ptr<KafkaClient> client_;
    PartitionFetcher fetcher_;
    const std::string topic_;
    const Isolation isolation_;
    const bool follow_;
    std::vector<std::unique_ptr<Partition>> partitions_;  // those with something left to read
    std::size_t turn_ = 0;
    std::unique_ptr<Chunk> chunk_;
    RecordView view_;
};

}  // namespace tideline::cli
