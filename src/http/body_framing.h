// Where a message body ends (RFC 9112 section 6), and taking the transfer coding off it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "http/head.h"

namespace archestra::http {

enum class BodyKind : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

struct BodyFraming {
  BodyKind kind = BodyKind::kNone;
  std::uint64_t length = 0;  ///< content bytes, for kLength
};

/// The framing of a request. kMalformed/400 for Content-Length with Transfer-Encoding, for a length
/// that is repeated, listed, signed, no number or above 2^63 - 1, for Transfer-Encoding in HTTP/1.0, and
/// where its last coding is not chunked; kMalformed/501 for codings below that one.
base::Result<BodyFraming> request_framing(const RequestHead& head);

/// Whether the request this answers was a HEAD (its answer has no body whatever its fields say).
enum class AnswerTo : std::uint8_t { kHead, kOther };

/// The framing of a response; 1xx, 204 and 304 have no body. The same distrust, errors carry 502.
base::Result<BodyFraming> response_framing(const ResponseHead& head, AnswerTo request);

/// Takes the framing off a body, independent of how the bytes are cut. A value; no allocation.
class BodyDecoder {
 public:
  BodyDecoder() = default;
  explicit BodyDecoder(BodyFraming framing);

  struct Step {
    std::string_view content;  ///< a run of body content inside `bytes`; may be empty
    std::size_t consumed = 0;  ///< bytes used up, framing included
  };
  /// Takes the next piece off `bytes`. consumed == 0 means that more bytes are needed or that the body
  /// is done. Call it until then: one piece ends with the chunk it is from. kMalformed/400: a chunk size
  /// that is no hex number, has more than 16 digits or is above 2^63 - 1, a chunk extension over 256 bytes,
  /// with control characters or an open quote, a missing CRLF, a trailer that is no field, a trailer section
  /// over 8 KiB. Trailer fields are dropped. After an error there is nothing more to ask.
  base::Result<Step> next(std::string_view bytes);

  bool done() const { return state_ == State::kDone; }
  /// The peer closed: ends a kUntilClose body; kReset (truncated) for any other that is not done.
  base::Result<void> on_end_of_stream();
  /// Content bytes still to come for kLength; 0 otherwise.
  std::uint64_t remaining() const { return state_ == State::kLength ? left_ : 0; }

 private:
  enum class State : std::uint8_t {
    kDone,
    kLength,
    kUntilClose,
    kChunkSize,
    kChunkExtension,
    kChunkExtensionText,    // within quotes
    kChunkExtensionEscape,  // after a backslash there
    kChunkSizeLf,
    kChunkData,
    kChunkDataCr,
    kChunkDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
  };
  // Each takes one byte of framing; what is wrong with it, or null.
  const char* on_framing(char c);
  const char* on_chunk_size(char c);
  const char* on_chunk_extension(char c);
  const char* on_trailer(char c);

  State state_ = State::kDone;
  std::uint16_t skipped_ = 0;  // bytes of the current chunk size, extension or trailer section
  std::uint64_t left_ = 0;     // of the body or of the current chunk
};

}  // namespace archestra::http
