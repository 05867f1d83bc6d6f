// Content codings: whether a body can be decoded, and to what, does not depend on how it was cut; nothing
// comes out beyond the limits; memory is the pool's and goes back. The first byte of the input says which
// coding.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "base/assert.h"
#include "base/buffer_pool.h"
#include "cuts.h"
#include "http/content_decoder.h"

namespace archestra::fuzz {
namespace {

using http::ContentCoding;
using http::ContentDecoder;
using http::ExpansionLimits;

struct Outcome {
  std::string text;
  bool failed = false;
};

Outcome decode(ContentCoding coding, const Pieces& pieces, ExpansionLimits limits, base::BufferPool& pool) {
  ContentDecoder decoder(coding, limits, pool, std::size_t{64} << 20);
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    decoder.feed(piece);
    while (true) {
      const auto decoded = decoder.next();
      outcome.failed = !decoded.has_value();
      if (outcome.failed || decoded->empty()) break;
      ARCHESTRA_ASSERT(decoded->size() <= ContentDecoder::kPieceBytes, "a piece is within its bound");
      outcome.text += *decoded;
    }
    ARCHESTRA_ASSERT(decoder.used_up(), "in the end all is used up");
    if (outcome.failed) break;
  }
  const bool ended = decoder.finish().has_value();
  ARCHESTRA_ASSERT(!ended || !outcome.failed, "a fault does not heal");
  outcome.failed = !ended;
  return outcome;
}

void check(ContentCoding coding, std::string_view input, ExpansionLimits limits) {
  base::BufferPool pool;
  const Outcome expected = decode(coding, whole(input), limits, pool);
  ARCHESTRA_ASSERT(expected.text.size() <= limits.bytes_max, "nothing comes out beyond the bound");
  const std::uint64_t blocks = input.size() / 1024 + 1;
  ARCHESTRA_ASSERT(expected.text.size() <= limits.free_bytes + blocks * 1024 * limits.ratio_max,
                   "nor beyond the ratio");
  for (const std::size_t size_max : {1u, 3u, 40u, 2000u}) {
    const Outcome outcome = decode(coding, cut(input, size_max), limits, pool);
    ARCHESTRA_ASSERT(outcome.failed == expected.failed, "the cut does not matter");
    // Of a broken block libzstd gives what it happened to find, which depends on its buffers.
    if (coding == ContentCoding::kZstd && outcome.failed) continue;
    const std::size_t common = std::min(outcome.text.size(), expected.text.size());
    ARCHESTRA_ASSERT(outcome.text.compare(0, common, expected.text, 0, common) == 0, "nor to the bytes");
    ARCHESTRA_ASSERT(outcome.failed || outcome.text.size() == expected.text.size(), "nor to their number");
  }
  ARCHESTRA_ASSERT(pool.bytes_in_use() == 0, "every buffer goes back");
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  constexpr http::ContentCoding kCodings[] = {http::ContentCoding::kGzip, http::ContentCoding::kDeflate,
                                              http::ContentCoding::kBrotli, http::ContentCoding::kZstd};
  if (size == 0) return 0;
  const http::ContentCoding coding = kCodings[data[0] % 4];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  fuzz::check(coding, input, {.bytes_max = std::uint64_t{1} << 20, .free_bytes = std::uint64_t{1} << 20});
  fuzz::check(coding, input, {.free_bytes = 100, .ratio_max = 3});
  return 0;
}
