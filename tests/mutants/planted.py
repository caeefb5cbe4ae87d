"""The bugs that scripts/mutants plants, one at a time, and the test that must notice each.

`text` stands exactly once in `file`; tests/layout/test_mutants.py holds that fast. A test is a unit
test (program, filter) or an end-to-end one (file, -k expression).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    program: str
    filter: str


@dataclass(frozen=True)
class EndToEnd:
    file: str
    expression: str


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    text: str
    replacement: str
    test: Unit | EndToEnd


MUTANTS = [
    Mutant("acknowledged before it is synced", "src/cluster/partition.cc",
           "durability_ == Durability::fsync ? log_->durable_offset() : log_->next_offset()", "log_->next_offset()",
           EndToEnd("tests/e2e/test_disk_trouble.py", "failed_fsync")),
    Mutant("responses in another order than requests", "src/server/connection.cc",
           "batch.push_back(std::move(slots_.front().response));", "batch.insert(batch.begin(), std::move(slots_.front().response));",
           EndToEnd("tests/e2e/test_bad_frames.py", "pipelined_produces")),
    Mutant("no window of remembered batches", "src/log/producer_state.cc",
           "if (batch.producer_epoch != producer_epoch) {\n        return nullptr;",
           "if (batch.producer_epoch >= 0) {\n        return nullptr;",
           Unit("tl_log_test", "Producers.TheLastFiveBatchesAreRecognisedWhenTheyComeAgain")),
    Mutant("an old producer epoch is not fenced", "src/log/producer_state.cc",
           "if (!is_old || origin == AppendOrigin::replication) {", "if (true || is_old || origin == AppendOrigin::replication) {",
           Unit("tl_log_test", "Producers.AnEarlierEpochIsFenced")),
    Mutant("indexes are believed after a crash", "src/log/recovery.cc",
           "    TL_TRY_VOID(segment.reset_indexes());\n", "",
           Unit("tl_log_test", "Recovering.IndexesFromTheRecoveryPointOnAreNotBelieved")),
    Mutant("a stored batch's checksum is not looked at", "src/log/batch_scanner.cc",
           "if (crc != batch.header.crc) {", "if (crc != batch.header.crc && batch.header.length < 0) {",
           Unit("tl_log_test", "Recovering.CutsAtTheFirstBatchThatFailsItsChecksum")),
    Mutant("a client's checksum is not looked at", "src/record/validate.cc",
           "if (!batch.crc_is_valid()) {", "if (header.length < 0) {",
           Unit("tl_record_test", "Validate.EveryFlippedBitIsRefusedOrOutsideTheRecords")),
    Mutant("truncation takes the whole segment", "src/log/segment.cc",
           "TL_TRY_VOID(truncate_bytes(cut));", "TL_TRY_VOID(truncate_bytes(cut = 0));",
           Unit("tl_log_test", "PartitionLogTruncate.DropsEverythingFromTheOffsetOn")),
    Mutant("a damaged end takes durable records with it", "src/log/recovery.cc",
           "if (scanned.next_offset >= state_.recovery_point) {", "if (scanned.next_offset >= 0) {",
           Unit("tl_log_test", "Recovering.DamageBeforeTheRecoveryPointIsFencedOffNotCut")),
    Mutant("an array's count is believed", "src/protocol/reader.cc",
           "if (*count > in_.remaining() / min_size) {", "if (*count > in_.remaining() * min_size + (1u << 31)) {",
           Unit("tl_protocol_test", "Reader.*Count*")),
    Mutant("a flush syncs no data", "src/log/partition_log_flush.cc",
           "TL_TRY_VOID(file->sync_data());", "(void)file;",
           Unit("tl_log_test", "PartitionLogFlush.ALaterFlushIsOneSync")),
]
