// The records of a Produce request as bytes of any kind: headers that lie, several batches, cut ones. Byte 0 says how they are judged and
// whether the first batch's CRC is made right.
#include "base/check.h"
#include "input.h"
#include "record/print.h"
#include "record/record.h"
#include "record/validate.h"

using namespace tideline;
using namespace tideline::record;

namespace {

void make_crc_right(Bytes& bytes) {
    if (bytes.size() < kBatchHeaderBytes) {
        return;
    }
    auto length = base::load_be<std::int32_t>(bytes.data() + position::length);
    if (length >= static_cast<std::int64_t>(kBatchHeaderBytes - kLogOverheadBytes) && kLogOverheadBytes + static_cast<std::size_t>(length) <= bytes.size()) {
        update_crc(base::MutableByteView(bytes).first(kLogOverheadBytes + static_cast<std::size_t>(length)));
    }
}

void walk(ByteView bytes) {
    BatchCursor cursor(bytes);
    while (true) {
        auto batch = cursor.next();
        if (!batch || !*batch) {
            return;
        }
        batch_text((*batch)->header);
        batch_json((*batch)->header);
        (void)check_stored_batch((*batch)->header);
        if (auto list = read_all_records(**batch, 1 << 20)) {
            for (const Record& record : list->records) {
                record_text((*batch)->header, record);
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t how = input.byte();
    const ByteView rest = input.rest();
    Bytes bytes(rest.begin(), rest.end());
    if ((how & 1) != 0) {
        make_crc_right(bytes);
    }
    ValidationRules rules{.origin = (how & 2) != 0 ? AppendOrigin::coordinator : AppendOrigin::client,
                          .produce_version = static_cast<std::int16_t>((how & 4) != 0 ? 3 : 13),
                          .compacted = (how & 8) != 0};
    if ((how & 16) != 0) {
        rules.compression = CompressionType::lz4;
    }
    constexpr std::int64_t kNow = 1'700'000'000'000;
    if (auto validated = validate_batch(bytes, rules, kNow)) {
        const ByteView whole = validated->bytes(bytes);
        Bytes stored(whole.begin(), whole.end());
        assign(stored, *validated, 42, 3);
        auto batch = read_batch(stored);
        TL_CHECK(batch && batch->crc_is_valid() && batch->header.base_offset == 42);
        // A coordinator's counts are trusted here; the log looks at them.
        TL_CHECK(rules.origin == AppendOrigin::coordinator || check_stored_batch(batch->header));
    }
    walk(bytes);
    return 0;
}
