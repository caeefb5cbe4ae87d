// RecordScanner::next_whole() is a shortcut of next(): whatever the records are, both must lead to the same.
#include "record/whole_record.h"

#include <random>

#include "record/test_support.h"

namespace tideline::record {
namespace {

constexpr CompressionType kCodecs[] = {CompressionType::none, CompressionType::gzip, CompressionType::snappy, CompressionType::lz4, CompressionType::zstd};

// Takes no notice; but under a tap every record is read field by field.
class Unmoved final : public RecordTap {
    Result<> on_record(const RecordFacts&, std::size_t) override { return {}; }
    Result<> on_rest(ByteView) override { return {}; }
};

struct Outcome {
    std::vector<RecordFacts> records;
    std::optional<Error> error;
    std::size_t bytes = 0;
    std::size_t read_whole = 0;  // how many of the records by the shortcut
};

Outcome scan(ByteView bytes, RecordTap* tap) {
    Outcome outcome;
    auto scanner = RecordScanner::open(*read_batch(bytes), kPlenty, tap);
    if (!scanner) {
        outcome.error = scanner.error();
        return outcome;
    }
    for (RecordFacts facts;;) {
        if (scanner->next_whole(facts)) {
            outcome.records.push_back(facts);
            ++outcome.read_whole;
            continue;
        }
        auto record = scanner->next();
        if (!record) {
            outcome.error = record.error();
            return outcome;
        }
        if (!*record) {
            outcome.bytes = scanner->uncompressed_bytes();
            return outcome;
        }
        outcome.records.push_back(**record);
    }
}

// Returns how many records were read whole.
std::size_t expect_the_same_both_ways(ByteView bytes) {
    Unmoved tap;
    Outcome fields = scan(bytes, &tap);
    Outcome whole = scan(bytes, nullptr);
    EXPECT_EQ(fields.read_whole, 0u);
    EXPECT_EQ(whole.records, fields.records);
    EXPECT_EQ(whole.bytes, fields.bytes);
    EXPECT_EQ(whole.error.has_value(), fields.error.has_value());
    if (whole.error && fields.error) {
        EXPECT_EQ(whole.error->code, fields.error->code);
        EXPECT_EQ(whole.error->note, fields.error->note);
        EXPECT_EQ(whole.error->detail, fields.error->detail);
    }
    return whole.read_whole;
}

// `count` records that are these bytes, whatever they are.
Bytes batch_of(ByteView records, std::int32_t count) {
    Bytes bytes = produced_batch(1);
    bytes.resize(kBatchHeaderBytes);
    bytes.insert(bytes.end(), records.begin(), records.end());
    base::store_be(bytes.data() + position::length, static_cast<std::int32_t>(bytes.size() - kLogOverheadBytes));
    base::store_be(bytes.data() + position::record_count, count);
    update_crc(bytes);
    return bytes;
}

using Random = std::mt19937;

std::uint32_t any_bits(Random& random) { return static_cast<std::uint32_t>(random()); }

std::size_t pick(Random& random, std::initializer_list<std::size_t> from) { return from.begin()[random() % from.size()]; }

std::int64_t any_number(Random& random) {
    std::uint64_t wide = std::uint64_t{random()} << 32 | random();
    return static_cast<std::int64_t>(wide >> random() % 64) * (random() % 2 == 0 ? 1 : -1);
}

// A number as it is written, now and then with bytes more than it needs, which readers take as long as their number fits.
void write_number(base::ByteWriter& out, std::int64_t value, Random& random) {
    base::ByteWriter written;
    written.write_varlong(value);
    Bytes bytes = written.take();
    if (random() % 16 == 0) {
        bytes.back() |= 0x80;
        bytes.push_back(0);
    }
    out.write_bytes(bytes);
}

void write_field(base::ByteWriter& out, Random& random) {
    if (random() % 4 == 0) {
        out.write_varint(-1 - static_cast<std::int32_t>(random() % 2));
        return;
    }
    // Around the lengths whose own length changes.
    std::size_t size = pick(random, {0, 1, 62, 63, 64, 65, 200, 8191, 8192});
    write_number(out, static_cast<std::int64_t>(size), random);
    out.write_bytes(noise(size, any_bits(random)));
}

Bytes any_record(Random& random) {
    base::ByteWriter body;
    body.write_int8(static_cast<std::int8_t>(random()));
    write_number(body, any_number(random), random);
    write_number(body, static_cast<std::int32_t>(any_number(random)), random);
    write_field(body, random);
    write_field(body, random);
    std::size_t headers = pick(random, {0, 0, 0, 1, 3, 70});
    body.write_varint(static_cast<std::int32_t>(headers));
    for (std::size_t i = 0; i < headers; ++i) {
        body.write_varint(2);
        body.write_bytes(noise(2, any_bits(random)));
        write_field(body, random);
    }
    base::ByteWriter record;
    write_number(record, static_cast<std::int64_t>(body.size()), random);
    record.write_bytes(body.view());
    return record.take();
}

TEST(WholeRecord, RecordsOfAnOrdinaryBatchAreReadWhole) {
    // Not the first, for which the codec has to be asked, nor the last, behind which the end has to be seen.
    EXPECT_EQ(expect_the_same_both_ways(produced_batch(100)), 98u);
    EXPECT_EQ(expect_the_same_both_ways(produced_batch(2)), 0u);
    for (CompressionType codec : kCodecs) {
        EXPECT_GT(expect_the_same_both_ways(produced_batch(5000, {.compression = codec})), 4800u) << name_of(codec);
    }
}

TEST(WholeRecord, GeneratedRecordsAreWhatTheyAreFieldByField) {
    Random random(20);
    std::size_t read_whole = 0;
    for (int round = 0; round < 400; ++round) {
        base::ByteWriter records;
        auto count = static_cast<std::int32_t>(1 + random() % 12);
        for (std::int32_t i = 0; i < count; ++i) {
            records.write_bytes(any_record(random));
        }
        read_whole += expect_the_same_both_ways(batch_of(records.view(), count));
        // As if there were more, or fewer.
        expect_the_same_both_ways(batch_of(records.view(), count + 1));
        expect_the_same_both_ways(batch_of(records.view(), count - 1));
    }
    EXPECT_GT(read_whole, 1000u);
}

TEST(WholeRecord, DamagedRecordsAreRefusedForTheSameReason) {
    Random random(21);
    for (int round = 0; round < 3000; ++round) {
        base::ByteWriter records;
        constexpr std::int32_t kCount = 4;
        for (std::int32_t i = 0; i < kCount; ++i) {
            records.write_bytes(any_record(random));
        }
        Bytes damaged = records.take();
        for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
            // Near the front, where the numbers are that say what comes.
            std::size_t at = random() % std::min<std::size_t>(damaged.size(), random() % 2 == 0 ? 24 : damaged.size());
            damaged[at] = static_cast<std::uint8_t>(pick(random, {0x00, 0x01, 0x7f, 0x80, 0xff, random() % 256}));
        }
        if (random() % 4 == 0) {
            damaged.resize(random() % damaged.size());
        }
        expect_the_same_both_ways(batch_of(damaged, kCount));
    }
}

TEST(WholeRecord, EveryFlippedBitAndEveryCutLeadsToTheSame) {
    Bytes batch = produced_batch(6);
    ByteView records = ByteView(batch).subspan(kBatchHeaderBytes);
    for (std::size_t bit = 0; bit < records.size() * 8; ++bit) {
        Bytes flipped(records.begin(), records.end());
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        expect_the_same_both_ways(batch_of(flipped, 6));
    }
    for (std::size_t size = 0; size < records.size(); ++size) {
        expect_the_same_both_ways(batch_of(records.first(size), 6));
    }
}

TEST(WholeRecord, NumbersThatDoNotFitAreLeftToTheCarefulReading) {
    const Bytes too_long[] = {
        {0x80, 0x80, 0x80, 0x80, 0x80, 0x00},  // six bytes
        {0xff, 0xff, 0xff, 0xff, 0x1f},        // 33 bits
        {0x80},                                // goes on behind the end
    };
    for (const Bytes& number : too_long) {
        RecordFacts facts;
        EXPECT_EQ(read_whole_record(number, facts), 0u);
    }
    RecordFacts facts;
    EXPECT_EQ(read_whole_record({}, facts), 0u);
}

}  // namespace
}  // namespace tideline::record
