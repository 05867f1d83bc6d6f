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

TEST(GzipTest, ComesBackAsItWas) {
  base::Random random(1);
  for (const std::size_t size : {0U, 1U, 100U, 70'000U, 1'000'000U}) {
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(random.next());
    EXPECT_EQ(gunzip(gzip(noise), size), noise) << size;
    const std::string plain(size, 'a');
    EXPECT_EQ(gunzip(gzip(plain), size), plain) << size;
  }
}

TEST(GzipTest, MakesRepetitionSmall) { EXPECT_LT(gzip(std::string(100'000, 'a')).size(), 1000u); }

}  // namespace
}  // namespace archestra::telemetry::otlp
