#include "record/compress.h"

#include <lz4frame.h>
#include <snappy-c.h>
#include <sys/resource.h>
#include <zstd.h>

#include "record/test_support.h"
#include "record/xerial.h"

namespace tideline::record {
namespace {

constexpr CompressionType kCodecs[] = {CompressionType::gzip, CompressionType::snappy, CompressionType::lz4, CompressionType::zstd};

Bytes repetitive(std::size_t count) {
    Bytes out(count);
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<std::uint8_t>('a' + i / 7 % 11);
    }
    return out;
}

Bytes raw_snappy(ByteView input) {
    std::size_t size = snappy_max_compressed_length(input.size());
    Bytes out(size);
    snappy_compress(reinterpret_cast<const char*>(input.data()), input.size(), reinterpret_cast<char*>(out.data()), &size);
    out.resize(size);
    return out;
}

Bytes lz4_frame(ByteView input, const LZ4F_preferences_t& preferences) {
    Bytes out(LZ4F_compressFrameBound(input.size(), &preferences));
    out.resize(LZ4F_compressFrame(out.data(), out.size(), input.data(), input.size(), &preferences));
    return out;
}

ErrorCode error_of(CompressionType type, ByteView input, std::size_t budget = kPlenty) {
    auto result = decompress(type, input, budget);
    return result ? ErrorCode::none : result.error().code;
}

TEST(Codec, EveryLevelAndSizeComesBackAsItWas) {
    for (CompressionType type : kCodecs) {
        for (std::int32_t level : {row_of(type).level_min, default_level(type), row_of(type).level_max}) {
            for (std::size_t size : {0, 1, 100, 32767, 32768, 32769, 65536, 65537, 300000}) {
                for (const Bytes& input : {repetitive(size), noise(size)}) {
                    auto output = decompress(type, compress(type, input, level), size);
                    ASSERT_TRUE(output) << name_of(type) << ' ' << level << ' ' << size << ' ' << to_string(output.error());
                    ASSERT_EQ(*output, input) << name_of(type) << ' ' << level << ' ' << size;
                }
            }
        }
    }
}

TEST(Codec, WritingInPiecesGivesAStreamOfTheWhole) {
    Bytes input = noise(1000);
    Bytes pattern = repetitive(200'000);
    input.insert(input.end(), pattern.begin(), pattern.end());
    for (CompressionType type : kCodecs) {
        Bytes out{1, 2, 3};  // what stands there already stays
        auto writer = make_compressor(type, default_level(type), out);
        for (std::size_t at = 0, step = 1; at < input.size(); at += step, step = step * 3 + 1) {
            step = std::min(step, input.size() - at);
            writer->write(ByteView(input).subspan(at, step));
        }
        writer->finish();
        EXPECT_EQ(decompress(type, ByteView(out).subspan(3), kPlenty), input) << name_of(type);
    }
}

TEST(Codec, EveryStrictPrefixIsRefused) {
    Bytes input = repetitive(3000);
    for (CompressionType type : kCodecs) {
        Bytes whole = compress(type, input, default_level(type));
        for (std::size_t size = 0; size < whole.size(); ++size) {
            // A snappy frame of no blocks is whole, and says that there is nothing.
            bool only_frame_header = type == CompressionType::snappy && size == kXerialHeaderBytes;
            EXPECT_EQ(error_of(type, ByteView(whole).first(size)), only_frame_header ? ErrorCode::none : ErrorCode::corrupt_message)
                << name_of(type) << ' ' << size;
        }
    }
}

TEST(Codec, BytesBehindTheEndAreRefused) {
    Bytes input = repetitive(3000);
    for (CompressionType type : kCodecs) {
        Bytes whole = compress(type, input, default_level(type));
        whole.insert(whole.end(), {9, 9, 9, 9, 9});
        EXPECT_EQ(error_of(type, whole), ErrorCode::corrupt_message) << name_of(type);
    }
}

TEST(Codec, AnErrorStays) {
    Bytes garbage = noise(100);
    for (CompressionType type : kCodecs) {
        auto reader = make_decompressor(type, garbage, kPlenty);
        auto first = reader->next();
        ASSERT_FALSE(first) << name_of(type);
        EXPECT_EQ(reader->next().error(), first.error());
    }
}

TEST(Codec, OneByteOverTheBudgetIsTooLarge) {
    Bytes input = repetitive(100'000);
    for (CompressionType type : {CompressionType::none, CompressionType::gzip, CompressionType::snappy, CompressionType::lz4, CompressionType::zstd}) {
        Bytes packed = compress(type, input, default_level(type));
        EXPECT_EQ(error_of(type, packed, input.size()), ErrorCode::none) << name_of(type);
        EXPECT_EQ(error_of(type, packed, input.size() - 1), ErrorCode::message_too_large) << name_of(type);
    }
}

std::size_t peak_rss_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

TEST(Bomb, CostsAWindowAndNotWhatItClaims) {
    constexpr std::size_t kBombBytes = std::size_t{96} << 20;
    constexpr std::size_t kAllowedBytes = std::size_t{24} << 20;  // codec windows, and the compressed bomb itself
    for (CompressionType type : kCodecs) {
        Bytes bomb;
        auto writer = make_compressor(type, type == CompressionType::gzip ? 1 : default_level(type), bomb);
        Bytes zeros(std::size_t{1} << 20);
        for (std::size_t written = 0; written < kBombBytes; written += zeros.size()) {
            writer->write(zeros);
        }
        writer->finish();
        std::size_t before = peak_rss_bytes();
        auto reader = make_decompressor(type, bomb, kBombBytes);
        while (true) {
            auto piece = reader->next();
            ASSERT_TRUE(piece) << name_of(type);
            if (piece->empty()) {
                break;
            }
        }
        EXPECT_EQ(reader->produced(), kBombBytes);
        EXPECT_LT(peak_rss_bytes() - before, kAllowedBytes) << name_of(type);
    }
}

TEST(Gzip, MembersOneAfterTheOtherAreOneStream) {
    Bytes one = compress(CompressionType::gzip, base::as_bytes("one"), -1);
    Bytes two = compress(CompressionType::gzip, base::as_bytes("two"), 9);
    one.insert(one.end(), two.begin(), two.end());
    auto output = decompress(CompressionType::gzip, one, kPlenty);
    ASSERT_TRUE(output);
    EXPECT_EQ(base::as_text(*output), "onetwo");
}

TEST(Snappy, RawBlocksAreReadToo) {
    // As librdkafka and others write it.
    Bytes input = repetitive(200'000);
    EXPECT_EQ(decompress(CompressionType::snappy, raw_snappy(input), kPlenty), input);
}

TEST(Snappy, WritesTheFrameOfSnappyJava) {
    Bytes packed = compress(CompressionType::snappy, repetitive(40'000), 0);
    ASSERT_TRUE(has_xerial_magic(packed));
    auto first_length = static_cast<std::size_t>(base::load_be<std::int32_t>(packed.data() + kXerialHeaderBytes));
    const char* first = reinterpret_cast<const char*>(packed.data() + kXerialHeaderBytes + 4);
    std::size_t uncompressed = 0;
    ASSERT_EQ(snappy_uncompressed_length(first, first_length, &uncompressed), SNAPPY_OK);
    EXPECT_EQ(uncompressed, kXerialBlockBytes);
}

TEST(Snappy, FramesOneAfterTheOtherAreOneStream) {
    Bytes one = compress(CompressionType::snappy, base::as_bytes("one"), 0);
    Bytes two = compress(CompressionType::snappy, base::as_bytes("two"), 0);
    one.insert(one.end(), two.begin(), two.end());
    auto output = decompress(CompressionType::snappy, one, kPlenty);
    ASSERT_TRUE(output);
    EXPECT_EQ(base::as_text(*output), "onetwo");
}

TEST(Snappy, BlockLengthsAreCheckedBeforeAnythingIsAllocated) {
    for (std::int32_t length : {-1, 0, 2, std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()}) {
        Bytes packed(kXerialHeader.begin(), kXerialHeader.end());
        packed.resize(packed.size() + 4);
        base::store_be(packed.data() + kXerialHeaderBytes, length);
        packed.push_back(0);
        EXPECT_EQ(error_of(CompressionType::snappy, packed, std::size_t{1} << 40), ErrorCode::corrupt_message) << length;
    }
}

TEST(Snappy, AClaimedLengthThatTheBlockCannotHoldIsRefused) {
    // A varint of 4 GiB - 1, then a literal of one byte.
    Bytes packed{0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 'x'};
    EXPECT_EQ(error_of(CompressionType::snappy, packed, std::size_t{1} << 40), ErrorCode::corrupt_message);
}

TEST(Snappy, TheDensestBlockIsStillTaken) {
    Bytes zeros(1'000'000);
    EXPECT_EQ(decompress(CompressionType::snappy, raw_snappy(zeros), kPlenty), zeros);
}

TEST(Lz4, EveryLegalFrameIsRead) {
    Bytes input = repetitive(5'000'000);
    for (auto block : {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max1MB, LZ4F_max4MB}) {
        for (auto mode : {LZ4F_blockIndependent, LZ4F_blockLinked}) {
            LZ4F_preferences_t preferences{};
            preferences.frameInfo.blockSizeID = block;
            preferences.frameInfo.blockMode = mode;
            preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
            preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
            preferences.frameInfo.contentSize = input.size();
            Bytes packed = lz4_frame(input, preferences);
            EXPECT_EQ(decompress(CompressionType::lz4, packed, kPlenty), input);
            EXPECT_EQ(check_readable_by_java(CompressionType::lz4, packed).has_value(), mode == LZ4F_blockIndependent);
        }
    }
}

TEST(Lz4, AWrongContentChecksumIsSeen) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    Bytes packed = lz4_frame(repetitive(1000), preferences);
    packed.back() ^= 1;
    EXPECT_EQ(error_of(CompressionType::lz4, packed), ErrorCode::corrupt_message);
}

Bytes zstd_with_window(int window_log) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    Bytes input = repetitive(1000);
    Bytes out(10'000);
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    ZSTD_compressStream2(context, &to, &in, ZSTD_e_flush);  // before the size is known
    ZSTD_compressStream2(context, &to, &in, ZSTD_e_end);
    ZSTD_freeCCtx(context);
    out.resize(to.pos);
    return out;
}

TEST(Zstd, AWindowOver128MiBIsRefused) {
    EXPECT_EQ(error_of(CompressionType::zstd, zstd_with_window(27)), ErrorCode::none);
    EXPECT_EQ(error_of(CompressionType::zstd, zstd_with_window(28)), ErrorCode::corrupt_message);
}

TEST(Zstd, FramesOneAfterTheOtherAreOneStream) {
    Bytes one = compress(CompressionType::zstd, base::as_bytes("one"), 3);
    Bytes two = compress(CompressionType::zstd, base::as_bytes("two"), 1);
    one.insert(one.end(), two.begin(), two.end());
    auto output = decompress(CompressionType::zstd, one, kPlenty);
    ASSERT_TRUE(output);
    EXPECT_EQ(base::as_text(*output), "onetwo");
}

TEST(CompressionType, NamesNumbersAndLevelsAreKafkas) {
    EXPECT_EQ(compression_type_from(4), CompressionType::zstd);
    EXPECT_EQ(compression_type_from(5), std::nullopt);
    EXPECT_EQ(compression_type_named("lz4"), CompressionType::lz4);
    EXPECT_EQ(compression_type_named("brotli"), std::nullopt);
    EXPECT_TRUE(is_legal_level(CompressionType::gzip, -1));
    EXPECT_FALSE(is_legal_level(CompressionType::gzip, 0));
    EXPECT_TRUE(is_legal_level(CompressionType::zstd, -131072));
    EXPECT_FALSE(is_legal_level(CompressionType::lz4, 18));
}

}  // namespace
}  // namespace tideline::record
