// Content codings (RFC 9110 section 8.4.1) taken off a body as it arrives: gzip and deflate by zlib, br by
// Google's decoder, zstd by its own; all of them stay in content_engine.cc. The result does not depend on how
// the bytes were cut, memory is the pool's, and what a body may grow to is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "base/buffer_pool.h"
#include "base/result.h"
#include "http/head.h"

namespace archestra::http {

class ContentEngine;

enum class ContentCoding : std::uint8_t {
  kIdentity,
  kGzip,     ///< members of RFC 1952, one behind the other
  kDeflate,  ///< zlib's format (RFC 1950), or none around it (RFC 1951), which some servers mean by the name
  kBrotli,   ///< RFC 7932
  kZstd,     ///< frames of RFC 8878 with windows of up to 8 MiB (RFC 9659)
  kUnknown,  ///< any other, or several one on top of the other
};

/// What the Content-Encoding fields name. Names compare without case; `identity` among others means nothing.
ContentCoding content_coding(const Fields& fields);

/// The name as it stands in the field, for logs.
std::string_view name_of(ContentCoding coding);

/// Beyond what a decoded body is given up. A body of a few kilobytes may stand for gigabytes.
struct ExpansionLimits {
  std::uint64_t bytes_max = std::numeric_limits<std::uint64_t>::max();  ///< decoded, in all
  std::uint64_t free_bytes = std::uint64_t{4} << 20;                    ///< that any body may become
  std::uint64_t ratio_max = 100;  ///< beyond those, decoded bytes for each encoded one
};

/// Decodes one body:
///
///   decoder.feed(bytes);
///   while (...piece = decoder.next(), piece && !piece->empty()) ...   // a piece is valid until the next
///   call decoder.finish();                                                 // when the body has ended
///
/// feed() may be called again only when all is used_up(). The bytes that were fed have to stay where they are
/// until then. With kIdentity what is fed comes out again, uncopied; kUnknown is the caller's to deal with.
class ContentDecoder {
 public:
  /// `memory_bytes_max`: of all buffers of the pool, beyond which a decoder gets none.
  ContentDecoder(ContentCoding coding, ExpansionLimits limits, base::BufferPool& pool,
                 std::size_t memory_bytes_max);
  ContentDecoder(const ContentDecoder&) = delete;
  ~ContentDecoder();

  void feed(std::string_view encoded);
  /// Decoded bytes in a pooled buffer, at most kPieceBytes (with kIdentity: the bytes fed); "" where all is
  /// used up. kMalformed: not what the coding says. kTooLarge: beyond a limit. kOverload: no memory. After an
  /// error there is nothing more to ask but the same error. Whether there is one does not depend on the cut,
  /// how much comes out before it does.
  base::Result<std::string_view> next();
  /// Whether next() has nothing more to give before the next feed().
  bool used_up() const { return fed_.empty() && !has_more_; }
  /// The body has ended: kReset where the coding has not. A body without any bytes is fine.
  base::Result<void> finish() const;

  /// Whether pieces are copies that the next one overwrites.
  bool decodes() const { return coding_ != ContentCoding::kIdentity; }

  static constexpr std::size_t kPieceBytes = base::BufferPool::kSmallest;

 private:
  base::Result<std::string_view> give_up(base::Error error);
  base::Result<void> within_limits() const;

  const ContentCoding coding_;
  const ExpansionLimits limits_;
  base::BufferPool& pool_;
  std::unique_ptr<ContentEngine> engine_;  // null for kIdentity, and after an error
  base::Buffer piece_;                     // held only while there is something to decode
  std::string_view fed_;                   // what has not been decoded
  std::uint64_t encoded_bytes_ = 0;        // that have been decoded
  std::uint64_t decoded_bytes_ = 0;
  bool has_more_ = false;    // the last piece was full: its input may have more in it; or a fault follows
  bool at_boundary_ = true;  // nothing has come, or something that may be all of it
  std::optional<base::Error> fault_;  // it may come behind the piece that was given out last
};

}  // namespace archestra::http
