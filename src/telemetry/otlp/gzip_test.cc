#include "telemetry/otlp/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/ids.h"

namespace archestra::telemetry::otlp {
namespace {

// zlib's own reader of gzip members: wrapper, checksum and length are looked at.
std::string gunzip(const std::string& bytes, std::size_t size) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  std::string out(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

/// In three pieces.
std::string gzip_of(std::string_view bytes) {
  const std::size_t first = bytes.size() / 7;
  const std::array<std::string_view, 3> pieces{bytes.substr(0, first), "", bytes.substr(first)};
  return gzip(pieces);
}

TEST(GzipTest, ComesBackAsItWas) {
  base::Random random(1);
  for (const std::size_t size : {0U, 1U, 100U, 70'000U, 1'000'000U}) {
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(random.next());
    EXPECT_EQ(gunzip(gzip_of(noise), size), noise) << size;
    const std::string plain(size, 'a');
    EXPECT_EQ(gunzip(gzip_of(plain), size), plain) << size;
  }
}

TEST(GzipTest, MakesRepetitionSmall) { EXPECT_LT(gzip_of(std::string(100'000, 'a')).size(), 1000u); }

}  // namespace
}  // namespace archestra::telemetry::otlp
