// log/recovery.h: from the files of a partition's directory to a log that can be used.
//
//   tidy()          finish what was interrupted: .deleted and .cleaned go, .swap takes the place of what it replaces
//   load_segments() one Segment a .log file
//   clean stop:     believe the files, look only for the end and load the newest producer snapshot
//   otherwise:      scan from the segment that holds the recovery point: every batch is read from the disk (not from memory, which
//                   may hold what a failed sync has lost) and checked, the indexes, epochs and producers built anew, what is torn
//                   cut off, and the result synced
//
// A bad batch at or after the recovery point was never promised to anybody: the log ends before it, and later segments go.
// A bad batch before the recovery point is damage to data that was durable: it is reported and kept, the records around it
// stay readable, those in it answer corrupt_message. Running it twice gives the same log.
// Source:  the rules of Kafka 4.2's LogLoader; it truncates in both cases.
#pragma once

#include <cstdint>
#include <vector>

#include "log/batch_scanner.h"
#include "log/partition_log.h"
#include "log/segment.h"
#include "log/types.h"

namespace tideline::log {

class Recovery {
public:
    Recovery(PartitionLog& log, const OpenState& state, std::int64_t now_ms);

    Result<> run();

private:
    struct Listing;

    Result<Listing> tidy();
    Result<> finish_swap(const std::vector<std::string>& swap_names, const std::vector<std::string>& names);
    Result<> load_segments(const Listing& listing);
    void suspect_names_of_an_empty_segment();
    Result<> keep_useful_snapshots(const Listing& listing);
    Result<> load_epochs();
    Result<> check_topic_id();

    Result<> trust();    // after a clean stop
    Result<> believe();
    Result<> recover();  // after any other
    Result<bool> reaches_past_recovery_point(Segment& segment);
    struct Scanned {
        Offset next_offset = 0;
        bool was_cut = false;
    };
    Result<Scanned> recover_segment(Segment& segment, bool is_last, Offset next_base);
    Result<std::optional<FoundBatch>> check_at(FileWindow& window, const Segment& segment, std::uint64_t position, Offset expected);
    Result<> accept(Segment& segment, const FoundBatch& batch, bool after_damage);
    Result<std::uint64_t> find_next_valid(FileWindow& window, const Segment& segment, std::uint64_t position, Offset expected);
    Result<> start_over_if_behind();
    Result<> make_durable();
    Result<> leave_to_the_next_flush();

    PartitionLog& log_;
    const OpenState& state_;
    std::int64_t now_ms_;
    base::Bytes buffer_;
};

}  // namespace tideline::log
