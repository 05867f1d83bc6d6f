#include "http/gzip_encoder.h"

#include <zlib.h>

#include "base/assert.h"

namespace archestra::http {
namespace {

constexpr int kGzipWrapper = 16;  // added to the window bits; see zlib's deflateInit2
constexpr int kMemoryLevel = 8;   // zlib's default
constexpr std::size_t kRoomBytes = 16 << 10;

}  // namespace

struct GzipEncoder::Stream : z_stream {};

GzipEncoder::GzipEncoder(int level) : stream_(std::make_unique<Stream>()) {
  const int begun = deflateInit2(stream_.get(), level, Z_DEFLATED, MAX_WBITS + kGzipWrapper, kMemoryLevel,
                                 Z_DEFAULT_STRATEGY);
  ARCHESTRA_ASSERT(begun == Z_OK, "zlib has memory for a compressor");
}

GzipEncoder::~GzipEncoder() { deflateEnd(stream_.get()); }

void GzipEncoder::encode(std::string_view bytes, std::string& out) { run(bytes, false, out); }

void GzipEncoder::finish(std::string& out) { run({}, true, out); }

void GzipEncoder::run(std::string_view bytes, bool is_last, std::string& out) {
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream_->avail_in = static_cast<uInt>(bytes.size());
  do {
    const std::size_t begin = out.size();
    out.resize(begin + kRoomBytes);
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + begin);
    stream_->avail_out = static_cast<uInt>(kRoomBytes);
    deflate(stream_.get(), is_last ? Z_FINISH : Z_NO_FLUSH);
    out.resize(begin + kRoomBytes - stream_->avail_out);
  } while (stream_->avail_out == 0);
}

}  // namespace archestra::http
