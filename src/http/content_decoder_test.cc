#include "http/content_decoder.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "http/test_splits.h"

namespace archestra::http {
namespace {

using base::ErrorCode;

// --- Encoders: the libraries' own -------------------------------------------------------------------------

constexpr int kZlibFormat = MAX_WBITS;
constexpr int kGzipFormat = MAX_WBITS + 16;
constexpr int kNoFormat = -MAX_WBITS;

// Each part can be decoded when its bytes have come. The positions where they end go to `ends`.
std::string deflated(const std::vector<std::string>& parts, int format, std::vector<std::size_t>* ends = {}) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string room(parts[i].size() + 1000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(parts[i].data()));
    stream.avail_in = static_cast<uInt>(parts[i].size());
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    deflate(&stream, i + 1 == parts.size() ? Z_FINISH : Z_SYNC_FLUSH);
    EXPECT_GT(stream.avail_out, 0u);
    out.append(room, 0, room.size() - stream.avail_out);
    if (ends != nullptr) ends->push_back(out.size());
  }
  deflateEnd(&stream);
  return out;
}

std::string brotli(const std::vector<std::string>& parts, std::vector<std::size_t>* ends = {}) {
  BrotliEncoderState* const state = BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
  BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, 5);
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string room(parts[i].size() + 1000, '\0');
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(parts[i].data());
    std::size_t in_left = parts[i].size();
    auto* next_out = reinterpret_cast<std::uint8_t*>(room.data());
    std::size_t room_left = room.size();
    const auto operation = i + 1 == parts.size() ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
    EXPECT_TRUE(
        BrotliEncoderCompressStream(state, operation, &in_left, &next_in, &room_left, &next_out, nullptr));
    EXPECT_FALSE(BrotliEncoderHasMoreOutput(state));
    out.append(room, 0, room.size() - room_left);
    if (ends != nullptr) ends->push_back(out.size());
  }
  BrotliEncoderDestroyInstance(state);
  return out;
}

std::string zstd(const std::vector<std::string>& parts, std::vector<std::size_t>* ends = {},
                 int window_log = 0) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (window_log != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string room(parts[i].size() + 1000, '\0');
    ZSTD_inBuffer from{parts[i].data(), parts[i].size(), 0};
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const auto left =
        ZSTD_compressStream2(context, &to, &from, i + 1 == parts.size() ? ZSTD_e_end : ZSTD_e_flush);
    EXPECT_EQ(left, 0u);
    out.append(room, 0, to.pos);
    if (ends != nullptr) ends->push_back(out.size());
  }
  ZSTD_freeCCtx(context);
  return out;
}

struct Format {
  const char* name;
  ContentCoding coding;
  std::string (*encode)(const std::vector<std::string>& parts, std::vector<std::size_t>* ends);
};

const Format kFormats[] = {
    {"gzip", ContentCoding::kGzip,
     [](const auto& parts, auto* ends) { return deflated(parts, kGzipFormat, ends); }},
    {"deflate, in zlib's format", ContentCoding::kDeflate,
     [](const auto& parts, auto* ends) { return deflated(parts, kZlibFormat, ends); }},
    {"deflate, bare", ContentCoding::kDeflate,
     [](const auto& parts, auto* ends) { return deflated(parts, kNoFormat, ends); }},
    {"br", ContentCoding::kBrotli, [](const auto& parts, auto* ends) { return brotli(parts, ends); }},
    {"zstd", ContentCoding::kZstd, [](const auto& parts, auto* ends) { return zstd(parts, ends); }},
};

const Format& kGzip = kFormats[0];
const Format& kZstd = kFormats[4];

std::string encode(const Format& format, const std::string& text) { return format.encode({text}, nullptr); }

// --- Texts ------------------------------------------------------------------------------------------------

std::string noise(std::size_t bytes, std::uint64_t seed) {
  base::Random random(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

std::vector<std::string> events(int count) {
  std::vector<std::string> parts;
  parts.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    parts.push_back(R"(data: {"id":"x","choices":[{"index":0,"delta":{"content":"word )" +
                    std::to_string(i * 7919) + "\"}}]}\n\n");
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

Pieces cut_at_random(std::string_view bytes, std::uint64_t seed, std::uint64_t size_max) {
  base::Random random(seed);
  Pieces pieces;
  while (!bytes.empty()) {
    pieces.push_back(bytes.substr(0, 1 + random.below(size_max)));
    bytes.remove_prefix(pieces.back().size());
  }
  return pieces;
}

// --- Decoding ---------------------------------------------------------------------------------------------

struct Decoded {
  std::string text;
  std::optional<ErrorCode> error;
};

class ContentDecoderTest : public testing::Test {
 protected:
  Decoded decode(ContentCoding coding, const Pieces& pieces) {
    Decoded decoded;
    {
      ContentDecoder decoder(coding, limits, pool, memory_bytes_max);
      for (const std::string_view piece : pieces) {
        const ExactCopy copy(piece);
        decoder.feed(copy.view());
        if (!take_all(decoder, decoded)) break;
        EXPECT_TRUE(decoder.used_up());
      }
      const auto ended = decoder.finish();
      if (!ended) decoded.error = ended.error().code;
    }
    EXPECT_EQ(pool.bytes_in_use(), 0u);
    return decoded;
  }

  static bool take_all(ContentDecoder& decoder, Decoded& decoded) {
    while (true) {
      const auto piece = decoder.next();
      if (!piece) {
        EXPECT_FALSE(decoder.next());
        return false;
      }
      if (piece->empty()) return true;
      EXPECT_LE(piece->size(), ContentDecoder::kPieceBytes);
      decoded.text += *piece;
    }
  }

  void expect_text(ContentCoding coding, const Pieces& pieces, const std::string& text) {
    const Decoded decoded = decode(coding, pieces);
    ASSERT_FALSE(decoded.error) << base::name_of(*decoded.error) << ", " << pieces.size() << " pieces";
    ASSERT_TRUE(decoded.text == text) << decoded.text.size() << " bytes for " << text.size();
  }

  void expect_error(ContentCoding coding, const Pieces& pieces, ErrorCode error) {
    const Decoded decoded = decode(coding, pieces);
    ASSERT_TRUE(decoded.error) << pieces.size() << " pieces gave " << decoded.text.size() << " bytes";
    ASSERT_EQ(base::name_of(*decoded.error), base::name_of(error));
  }

  base::BufferPool pool;
  ExpansionLimits limits;
  std::size_t memory_bytes_max = std::size_t{64} << 20;
};

TEST(ContentCodingTest, IsWhatTheFieldsName) {
  struct Case {
    std::vector<std::string_view> fields;
    ContentCoding coding;
  };
  const Case kCases[] = {
      {{}, ContentCoding::kIdentity},
      {{""}, ContentCoding::kIdentity},
      {{"identity"}, ContentCoding::kIdentity},
      {{"gzip"}, ContentCoding::kGzip},
      {{"GZip"}, ContentCoding::kGzip},
      {{"x-gzip"}, ContentCoding::kGzip},
      {{"deflate"}, ContentCoding::kDeflate},
      {{"br"}, ContentCoding::kBrotli},
      {{"zstd"}, ContentCoding::kZstd},
      {{" ,identity ,\tbr , "}, ContentCoding::kBrotli},
      {{"identity", "zstd"}, ContentCoding::kZstd},
      {{"gzip, br"}, ContentCoding::kUnknown},
      {{"gzip", "gzip"}, ContentCoding::kUnknown},
      {{"compress"}, ContentCoding::kUnknown},
      {{"dcb"}, ContentCoding::kUnknown},
      {{"gzip;q=1"}, ContentCoding::kUnknown},
      {{"gzi"}, ContentCoding::kUnknown},
      {{"\"gzip\""}, ContentCoding::kUnknown},
  };
  for (const Case& c : kCases) {
    Fields fields;
    for (const std::string_view value : c.fields)
      fields.try_add({"Content-Encoding", value, HeaderId::kContentEncoding});
    fields.try_add({"Content-Type", "br", HeaderId::kContentType});
    EXPECT_EQ(content_coding(fields), c.coding) << (c.fields.empty() ? "" : c.fields[0]);
  }
  EXPECT_EQ(name_of(ContentCoding::kGzip), "gzip");
  EXPECT_EQ(name_of(ContentCoding::kUnknown), "unknown");
}

TEST_F(ContentDecoderTest, PassesWhatIsNotEncodedUncopied) {
  ContentDecoder decoder(ContentCoding::kIdentity, {.bytes_max = 1, .free_bytes = 1}, pool, 0);
  const std::string text = noise(100'000, 1);
  for (int i = 0; i < 2; ++i) {
    decoder.feed(text);
    EXPECT_FALSE(decoder.used_up());
    const auto piece = decoder.next();
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece->data(), text.data());
    EXPECT_EQ(piece->size(), text.size());
    EXPECT_TRUE(decoder.used_up());
    EXPECT_TRUE(decoder.next()->empty());
  }
  EXPECT_TRUE(decoder.finish());
  EXPECT_FALSE(decoder.decodes());
}

TEST_F(ContentDecoderTest, DecodesEachCodingHoweverItIsCut) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    for (const std::string& text : {std::string(), std::string("x"), joined(events(40)), noise(300, 2)}) {
      const std::string encoded = encode(format, text);
      for_each_split(encoded, [&](const Pieces& pieces) { expect_text(format.coding, pieces, text); });
    }
  }
}

TEST_F(ContentDecoderTest, DecodesLargeBodiesHoweverTheyAreCut) {
  // Exactly as large as a piece, some bytes around it, and many pieces; from almost no input, and from more.
  std::vector<std::string> texts = {noise(300'000, 3), joined(events(5000)), std::string(1'000'000, 'x')};
  for (const std::size_t times : {1u, 2u})
    for (const int more : {-1, 0, 1})
      texts.emplace_back(ContentDecoder::kPieceBytes * times + static_cast<std::size_t>(more), 'y');
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    for (const std::string& text : texts) {
      const std::string encoded = encode(format, text);
      expect_text(format.coding, {encoded}, text);
      for (const std::uint64_t size_max : {1u, 3u, 100u, 5000u})
        expect_text(format.coding, cut_at_random(encoded, 4, size_max), text);
    }
  }
}

// An event can be read as soon as its bytes are there.
TEST_F(ContentDecoderTest, GivesOutAllThatHasCome) {
  const std::vector<std::string> parts = events(50);
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    std::vector<std::size_t> ends;
    const std::string encoded = format.encode(parts, &ends);
    ContentDecoder decoder(format.coding, limits, pool, memory_bytes_max);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      decoder.feed(std::string_view(encoded).substr(begin, ends[i] - begin));
      begin = ends[i];
      Decoded decoded;
      ASSERT_TRUE(take_all(decoder, decoded));
      ASSERT_EQ(decoded.text, parts[i]);
      ASSERT_EQ(decoder.finish().has_value(), i + 1 == parts.size());
    }
  }
}

TEST_F(ContentDecoderTest, ABodyWithoutBytesIsEmptyInEveryCoding) {
  for (const Format& format : kFormats) {
    expect_text(format.coding, {}, "");
    expect_text(format.coding, {""}, "");
  }
}

TEST_F(ContentDecoderTest, DecodesOneMemberOrFrameBehindTheOther) {
  for (const Format& format : {kGzip, kZstd}) {
    SCOPED_TRACE(format.name);
    const std::string text = joined(events(3));
    std::string encoded = encode(format, text) + encode(format, "") + encode(format, "more");
    // A frame that means nothing (RFC 8878 section 3.1.2).
    if (format.coding == ContentCoding::kZstd) encoded += std::string("\x50\x2A\x4D\x18\x03\0\0\0abc", 11);
    for_each_split(encoded, [&](const Pieces& pieces) { expect_text(format.coding, pieces, text + "more"); });
    const std::string full(ContentDecoder::kPieceBytes, 'f');
    const std::string twice = encode(format, full) + encode(format, full);
    for_each_split(twice, [&](const Pieces& pieces) { expect_text(format.coding, pieces, full + full); });
  }
}

TEST_F(ContentDecoderTest, TellsABodyThatIsNotWhole) {
  const std::string text = joined(events(10));
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string encoded = encode(format, text);
    for (std::size_t size = 1; size < encoded.size(); ++size) {
      const std::string_view part = std::string_view(encoded).substr(0, size);
      for (const Pieces& pieces : {Pieces{part}, cut_at_random(part, size, 5)}) {
        const Decoded decoded = decode(format.coding, pieces);
        ASSERT_EQ(decoded.error, ErrorCode::kReset) << size;
        ASSERT_TRUE(text.starts_with(decoded.text));
      }
    }
  }
}

TEST_F(ContentDecoderTest, RefusesBytesBehindTheEnd) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    for (const std::string_view behind : {std::string_view("garbage"), std::string_view("\0\0\0\0", 4)}) {
      const std::string encoded = encode(format, "text") + std::string(behind);
      for_each_split(
          encoded, [&](const Pieces& pieces) { expect_error(format.coding, pieces, ErrorCode::kMalformed); });
    }
  }
}

TEST_F(ContentDecoderTest, RefusesWhatIsNotTheCoding) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string plain = R"({"error":{"message":"not encoded at all"}})";
    ASSERT_TRUE(decode(format.coding, {plain}).error);
    for (std::uint64_t seed = 1; seed < 50; ++seed) {
      const std::string bytes = noise(2000, seed);
      const Decoded whole = decode(format.coding, {bytes});
      ASSERT_TRUE(whole.error) << "seed " << seed;
      ASSERT_EQ(decode(format.coding, cut_at_random(bytes, seed, 3)).error, whole.error) << "seed " << seed;
    }
  }
}

// Where the coding has a checksum, no broken body is taken for a good one.
TEST_F(ContentDecoderTest, FindsEachChangedByte) {
  const std::string text = joined(events(10));
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string encoded = encode(format, text);
    const bool has_checksum =
        std::string_view(format.name) != "deflate, bare" && format.coding != ContentCoding::kBrotli;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      std::string broken = encoded;
      broken[i] = static_cast<char>(broken[i] ^ 0x10);
      const Decoded whole = decode(format.coding, {broken});
      const Decoded cut = decode(format.coding, cut_at_random(broken, i + 1, 7));
      ASSERT_EQ(whole.error.has_value(), cut.error.has_value()) << i;
      if (!whole.error) ASSERT_EQ(whole.text, cut.text) << i;
      if (has_checksum && !whole.error) ASSERT_EQ(whole.text, text) << i;
    }
  }
}

TEST_F(ContentDecoderTest, GivesUpBombs) {
  const std::string text(3'000'000, 'x');
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string encoded = encode(format, text);
    const Pieces cuts[] = {{encoded}, cut_at_random(encoded, 5, 1), cut_at_random(encoded, 6, 700)};
    for (const Pieces& pieces : cuts) {
      limits = {.bytes_max = text.size(), .free_bytes = text.size(), .ratio_max = 1};
      expect_text(format.coding, pieces, text);
      limits.bytes_max = text.size() - 1;
      expect_error(format.coding, pieces, ErrorCode::kTooLarge);
      limits = {.free_bytes = text.size() / 2, .ratio_max = 10};
      expect_error(format.coding, pieces, ErrorCode::kTooLarge);
      limits = {.free_bytes = 0, .ratio_max = 10'000};
      expect_text(format.coding, pieces, text);
    }
    // Not much more than the bound comes out before it is noticed.
    limits = {.bytes_max = 1000};
    EXPECT_LE(decode(format.coding, {encoded}).text.size(), 1000u);
  }
}

// What is too much in the beginning is not mended by what follows, and the other way round.
TEST_F(ContentDecoderTest, LooksAtTheRatioAlike) {
  const std::string low = encode(kGzip, noise(20'000, 7));
  const std::string high = encode(kGzip, std::string(1'000'000, 'x'));
  for (const bool is_late : {false, true}) {
    const std::string encoded = is_late ? low + high : high + low;
    for (std::uint64_t ratio = 1; ratio < 2000; ratio = ratio * 3 / 2 + 1) {
      limits = {.free_bytes = 10'000, .ratio_max = ratio};
      const Decoded whole = decode(ContentCoding::kGzip, {encoded});
      for (const std::uint64_t size_max : {1u, 50u, 3000u})
        ASSERT_EQ(decode(ContentCoding::kGzip, cut_at_random(encoded, ratio, size_max)).error, whole.error)
            << ratio;
    }
  }
}

TEST_F(ContentDecoderTest, TakesItsMemoryFromThePool) {
  const std::string text = joined(events(1000));
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string encoded = encode(format, text);
    std::size_t refused = 0;
    for (memory_bytes_max = 0; decode(format.coding, {encoded}).error; memory_bytes_max += 16 * 1024) {
      expect_error(format.coding, cut_at_random(encoded, 8, 100), ErrorCode::kOverload);
      ++refused;
    }
    EXPECT_GT(refused, 1u);
    EXPECT_LT(memory_bytes_max, std::size_t{16} << 20);
    expect_text(format.coding, {encoded}, text);
  }
}

// While nothing is there to decode a decoder holds what its library keeps, and no buffer of its own.
TEST_F(ContentDecoderTest, HoldsNoBufferWhileItWaits) {
  const std::string encoded = encode(kGzip, joined(events(100)));
  ContentDecoder decoder(ContentCoding::kGzip, limits, pool, memory_bytes_max);
  decoder.feed(std::string_view(encoded).substr(0, 200));
  Decoded decoded;
  const auto first = decoder.next();
  ASSERT_TRUE(first && !first->empty());
  const std::size_t with_piece = pool.bytes_in_use();
  ASSERT_TRUE(take_all(decoder, decoded));
  EXPECT_EQ(pool.bytes_in_use(), with_piece - ContentDecoder::kPieceBytes);
}

TEST_F(ContentDecoderTest, RefusesFormatsFromBeforeZstdWasOne) {
  const std::string text = joined(events(3));
  for (char version = '\x1E'; version <= '\x27'; ++version) {
    const std::string old = version + std::string("\xB5\x2F\xFD\x01\0\0\0", 7);
    for (const std::string& before :
         {std::string(), encode(kZstd, text), std::string("\x5F\x2A\x4D\x18\0\0\0\0", 8)})
      for_each_split(before + old, [&](const Pieces& pieces) {
        expect_error(ContentCoding::kZstd, pieces, ErrorCode::kMalformed);
      });
  }
}

TEST_F(ContentDecoderTest, JudgesAFrameOfZstdAlikeHoweverItIsCut) {
  // It says that it holds three bytes, and has an empty block.
  const std::string odd("\x28\xB5\x2F\xFD\x20\x03\x01\0\0", 9);
  const bool is_fault = decode(ContentCoding::kZstd, {odd}).error.has_value();
  for_each_split(odd, [&](const Pieces& pieces) {
    EXPECT_EQ(decode(ContentCoding::kZstd, pieces).error.has_value(), is_fault);
  });
}

TEST_F(ContentDecoderTest, RefusesWindowsThatNoContentCodingHas) {
  const std::vector<std::string> parts = events(2);  // flushed, so that the size is not known beforehand
  expect_text(ContentCoding::kZstd, {zstd(parts, nullptr, 23)}, joined(parts));
  expect_error(ContentCoding::kZstd, {zstd(parts, nullptr, 24)}, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace archestra::http
