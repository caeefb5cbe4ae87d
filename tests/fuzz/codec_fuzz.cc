// Compressed bytes that no compressor wrote, and what the compressors make of any bytes. Byte 0 is the codec, bit 7 the direction; the next
// two are the budget in KiB.
#include "base/check.h"
#include "input.h"
#include "record/compress.h"

using namespace tideline;
using namespace tideline::record;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t how = input.byte();
    auto type = compression_type_from((how & 0x7f) % 5);
    const std::size_t budget = input.below(1024) << 10;
    const ByteView bytes = input.rest();
    if ((how & 0x80) != 0) {
        const Bytes packed = compress(*type, bytes, default_level(*type));
        auto back = decompress(*type, packed, bytes.size());
        TL_CHECK(back && std::ranges::equal(*back, bytes));
        TL_CHECK(check_readable_by_java(*type, packed).has_value());
        return 0;
    }
    (void)check_readable_by_java(*type, bytes);
    auto stream = make_decompressor(*type, bytes, budget);
    Bytes streamed;
    bool whole = false;
    while (true) {
        auto piece = stream->next();
        if (!piece) {
            TL_CHECK(!stream->next());
            break;
        }
        if (piece->empty()) {
            whole = true;
            break;
        }
        streamed.insert(streamed.end(), piece->begin(), piece->end());
        TL_CHECK(stream->produced() == streamed.size() && streamed.size() <= budget);
    }
    auto at_once = decompress(*type, bytes, budget);
    TL_CHECK(at_once.has_value() == whole && (!whole || *at_once == streamed));
    return 0;
}
