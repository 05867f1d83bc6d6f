// Message bodies: content, bytes consumed and end are the same however the bytes are cut, and content put
// into chunks comes out as it went in.

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "base/assert.h"
#include "cuts.h"
#include "http/body_framing.h"

namespace archestra::fuzz {
namespace {

using http::BodyDecoder;
using http::BodyFraming;
using http::BodyKind;

enum class End : std::uint8_t { kDone, kClosed, kCutShort, kMalformed };

struct Outcome {
  std::string content;
  std::size_t consumed = 0;
  End end = End::kDone;
};

Outcome decode(BodyFraming framing, const Pieces& pieces) {
  BodyDecoder decoder(framing);
  Outcome outcome;
  for (std::string_view rest : pieces) {
    for (;;) {
      const auto step = decoder.next(rest);
      if (!step) {
        outcome.end = End::kMalformed;
        return outcome;
      }
      ARCHESTRA_ASSERT(step->content.size() <= step->consumed && step->consumed <= rest.size(),
                       "a step is within the input");
      if (step->consumed == 0) break;
      outcome.content += step->content;
      outcome.consumed += step->consumed;
      rest.remove_prefix(step->consumed);
    }
    ARCHESTRA_ASSERT(rest.empty() || decoder.done(), "a decoder stops at the end only");
  }
  if (!decoder.done()) outcome.end = decoder.on_end_of_stream() ? End::kClosed : End::kCutShort;
  return outcome;
}

void check_cuts(BodyFraming framing, std::string_view input) {
  const Outcome expected = decode(framing, whole(input));
  for (const std::size_t size_max : {1u, 40u}) {
    const Outcome outcome = decode(framing, cut(input, size_max));
    ARCHESTRA_ASSERT(outcome.end == expected.end, "the end does not depend on the cut");
    ARCHESTRA_ASSERT(outcome.content == expected.content, "nor does the content");
    // What a step consumed before a malformed byte in it is not told.
    ARCHESTRA_ASSERT(outcome.end == End::kMalformed || outcome.consumed == expected.consumed,
                     "nor what is consumed");
  }
}

void check_round_trip(std::string_view content) {
  std::string encoded;
  for (const std::string_view chunk : cut(content, 40))
    encoded += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  encoded += "0\r\n\r\n";
  const std::size_t size = encoded.size();
  encoded += content;  // the next message
  for (const std::size_t size_max : {1u, 40u, 10'000u}) {
    const Outcome outcome = decode({BodyKind::kChunked, 0}, cut(encoded, size_max));
    ARCHESTRA_ASSERT(outcome.end == End::kDone && outcome.consumed == size, "chunks end where they end");
    ARCHESTRA_ASSERT(outcome.content == content, "content survives");
  }
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::check_cuts({http::BodyKind::kChunked, 0}, input);
  fuzz::check_cuts({http::BodyKind::kLength, size / 2}, input);
  fuzz::check_cuts({http::BodyKind::kUntilClose, 0}, input);
  fuzz::check_round_trip(input);
  return 0;
}
