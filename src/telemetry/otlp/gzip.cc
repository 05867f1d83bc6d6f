#include "telemetry/otlp/gzip.h"

#include <zlib.h>

#include "base/assert.h"

namespace archestra::telemetry::otlp {
namespace {

constexpr int kGzipWrapper = 16;  // added to the window bits; see zlib's deflateInit2
constexpr int kMemoryLevel = 8;   // zlib's default

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  const int begun = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipWrapper,
                                 kMemoryLevel, Z_DEFAULT_STRATEGY);
  ARCHESTRA_ASSERT(begun == Z_OK, "zlib has memory for a compressor");
  // With room for the worst case, one call does all of it.
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  ARCHESTRA_ASSERT(ended == Z_STREAM_END, "a compressor with enough room ends in one call");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace archestra::telemetry::otlp
