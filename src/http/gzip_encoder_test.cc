#include "http/gzip_encoder.h"

#include <gtest/gtest.h>

#include "base/buffer_pool.h"
#include "base/ids.h"
#include "http/content_decoder.h"

namespace archestra::http {
namespace {

std::string decoded(std::string_view bytes) {
  base::BufferPool pool;
  ContentDecoder decoder(ContentCoding::kGzip, {.ratio_max = 10'000}, pool, std::size_t{1} << 30);
  decoder.feed(bytes);
  std::string out;
  for (auto piece = decoder.next(); piece && !piece->empty(); piece = decoder.next()) out += *piece;
  EXPECT_TRUE(decoder.finish());
  EXPECT_TRUE(decoder.used_up());
  return out;
}

TEST(GzipEncoder, ComesBackAsItWasHoweverItCame) {
  base::Random random(1);
  std::string noise(300'000, '\0');
  for (char& c : noise) c = static_cast<char>(random.next());
  for (const std::string& text : {std::string(), std::string("a"), noise, std::string(2'000'000, 'a')}) {
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{65'536}, std::size_t{3'000'000}}) {
      GzipEncoder encoder(1);
      std::string out;
      for (std::size_t at = 0; at < text.size(); at += piece) encoder.encode(text.substr(at, piece), out);
      encoder.finish(out);
      EXPECT_EQ(decoded(out), text) << text.size() << " bytes, " << piece << " at a time";
      if (text.size() == 2'000'000) EXPECT_LT(out.size(), 20'000u);
    }
  }
}

}  // namespace
}  // namespace archestra::http
