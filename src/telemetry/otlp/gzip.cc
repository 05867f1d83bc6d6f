#include "telemetry/otlp/gzip.h"

#include <zlib.h>

#include "base/assert.h"

namespace archestra::telemetry::otlp {
namespace {

constexpr int kGzipWrapper = 16;  // added to the window bits; see zlib's deflateInit2
constexpr int kMemoryLevel = 8;   // zlib's default

}  // namespace

std::string gzip(std::span<const std::string_view> pieces) {
  z_stream stream{};
  const int begun = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipWrapper,
                                 kMemoryLevel, Z_DEFAULT_STRATEGY);
  ARCHESTRA_ASSERT(begun == Z_OK, "zlib has memory for a compressor");
  std::size_t bytes = 0;
  for (const std::string_view piece : pieces) bytes += piece.size();
  // With room for the worst case, no call ends for the want of it.
  std::string out(deflateBound(&stream, bytes), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  for (const std::string_view piece : pieces) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream.avail_in = static_cast<uInt>(piece.size());
    deflate(&stream, Z_NO_FLUSH);
  }
  const int ended = deflate(&stream, Z_FINISH);
  ARCHESTRA_ASSERT(ended == Z_STREAM_END, "a compressor with enough room ends at once");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace archestra::telemetry::otlp
