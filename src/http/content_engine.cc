#include "http/content_engine.h"

#include <brotli/decode.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY  // for the choice of its memory; we do link it statically
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/assert.h"

namespace archestra::http {

void* EngineMemory::allocate(std::size_t bytes) {
  if (pool_.bytes_in_use() + bytes > bytes_max_) return nullptr;
  base::Buffer block = pool_.try_take(bytes);
  return block ? blocks_.emplace_back(std::move(block)).data() : nullptr;
}

void EngineMemory::free(void* address) {
  std::erase_if(blocks_, [address](const base::Buffer& block) { return block.data() == address; });
}

namespace {

using base::ErrorCode;
using Step = ContentEngine::Step;

constexpr base::Error kNoMemory{ErrorCode::kOverload, "no memory to decode a body"};

// --- gzip and deflate -------------------------------------------------------------------------------------

constexpr int kGzipWrapper = 16;  // added to the window bits; see zlib's inflateInit2

void* zlib_allocate(void* memory, uInt items, uInt size) {
  return static_cast<EngineMemory*>(memory)->allocate(std::size_t{items} * size);
}

void zlib_free(void* memory, void* address) { static_cast<EngineMemory*>(memory)->free(address); }

class ZlibEngine final : public ContentEngine {
 public:
  ZlibEngine(ContentCoding coding, EngineMemory memory) : coding_(coding), memory_(std::move(memory)) {
    stream_.zalloc = zlib_allocate;
    stream_.zfree = zlib_free;
    stream_.opaque = &memory_;
  }
  ZlibEngine(const ZlibEngine&) = delete;
  ~ZlibEngine() override {
    if (is_begun_) inflateEnd(&stream_);
  }

  Step step(std::string_view in, std::span<char> room) override {
    if (!is_begun_) {
      const int begun = inflateInit2(&stream_, window_bits(in.front()));
      if (begun != Z_OK) return {.fault = kNoMemory};
      is_begun_ = true;
    } else if (is_ended_) {
      if (coding_ != ContentCoding::kGzip)
        return {.fault = base::Error{ErrorCode::kMalformed, "bytes behind the end of a deflated body"}};
      inflateReset(&stream_);  // the next member
      is_ended_ = false;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    is_ended_ = result == Z_STREAM_END;
    Step step{.consumed = in.size() - stream_.avail_in,
              .written = room.size() - stream_.avail_out,
              .at_boundary = is_ended_};
    if (result == Z_MEM_ERROR)
      step.fault = kNoMemory;
    else if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)  // that: nothing left to do
      step.fault = {ErrorCode::kMalformed, "a body that zlib cannot decode"};
    return step;
  }

 private:
  // The first byte of zlib's format is 8, the method, with the size of the window above it. In a bare deflate
  // stream it would begin a stored block whose padding is not zero, which nobody writes.
  int window_bits(char first) const {
    if (coding_ == ContentCoding::kGzip) return MAX_WBITS + kGzipWrapper;
    const auto byte = static_cast<unsigned char>(first);
    return (byte & 0x0F) == Z_DEFLATED && byte >> 4 <= 7 ? MAX_WBITS : -MAX_WBITS;
  }

  const ContentCoding coding_;
  EngineMemory memory_;
  z_stream stream_{};
  bool is_begun_ = false;
  bool is_ended_ = false;
};

// --- br
// -------------------------------------------------------------------------------------------------------

void* allocate_from(void* memory, std::size_t bytes) {
  return static_cast<EngineMemory*>(memory)->allocate(bytes);
}

void free_to(void* memory, void* address) { static_cast<EngineMemory*>(memory)->free(address); }

class BrotliEngine final : public ContentEngine {
 public:
  explicit BrotliEngine(EngineMemory memory)
      : memory_(std::move(memory)), state_(BrotliDecoderCreateInstance(allocate_from, free_to, &memory_)) {}
  BrotliEngine(const BrotliEngine&) = delete;
  ~BrotliEngine() override {
    if (state_ != nullptr) BrotliDecoderDestroyInstance(state_);
  }

  Step step(std::string_view in, std::span<char> room) override {
    if (state_ == nullptr) return {.fault = kNoMemory};
    if (is_ended_)
      return {.fault = base::Error{ErrorCode::kMalformed, "bytes behind the end of a brotli stream"}};
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    std::size_t in_left = in.size();
    auto* next_out = reinterpret_cast<std::uint8_t*>(room.data());
    std::size_t room_left = room.size();
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_, &in_left, &next_in, &room_left, &next_out, nullptr);
    is_ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    Step step{.consumed = in.size() - in_left, .written = room.size() - room_left, .at_boundary = is_ended_};
    if (result == BROTLI_DECODER_RESULT_ERROR) step.fault = fault();
    return step;
  }

 private:
  base::Error fault() const {
    const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state_);
    if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
        code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES)
      return kNoMemory;
    return {ErrorCode::kMalformed, "a body that is no brotli stream"};
  }

  EngineMemory memory_;
  BrotliDecoderState* const state_;
  bool is_ended_ = false;
};

// --- zstd
// -----------------------------------------------------------------------------------------------------

constexpr int kZstdWindowLogMax = 23;  // RFC 9659 section 3: no content coding has a larger window

class ZstdEngine final : public ContentEngine {
 public:
  explicit ZstdEngine(EngineMemory memory)
      : memory_(std::move(memory)), context_(ZSTD_createDCtx_advanced({allocate_from, free_to, &memory_})) {
    if (context_ != nullptr) ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }
  ZstdEngine(const ZstdEngine&) = delete;
  ~ZstdEngine() override { ZSTD_freeDCtx(context_); }

  Step step(std::string_view in, std::span<char> room) override {
    if (context_ == nullptr) return {.fault = kNoMemory};
    if (!may_begin_frame(in)) return {.fault = kNoZstd};
    // By itself: libzstd decodes a frame that it has the whole of in another way, which looks at other
    // things.
    if (magic_seen_ < kFrameMagic.size()) in = in.substr(0, kFrameMagic.size() - magic_seen_);
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_, &to, &from);
    Step step{.consumed = from.pos, .written = to.pos, .at_boundary = result == 0};
    magic_seen_ = step.at_boundary ? 0 : std::min(magic_seen_ + from.pos, kFrameMagic.size());
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
      step.fault = kNoMemory;
    else if (ZSTD_isError(result) != 0U)
      step.fault = kNoZstd;
    return step;
  }

 private:
  // RFC 8878 sections 3.1.1 and 3.1.2. libzstd may know older formats too, which are no content coding, and
  // of which its reading depends on how they are cut.
  static constexpr std::string_view kFrameMagic = "\x28\xB5\x2F\xFD";
  static constexpr std::string_view kSkippableMagic = "\x50\x2A\x4D\x18";  // and fifteen more: 51 to 5F
  static constexpr base::Error kNoZstd{ErrorCode::kMalformed, "a body that is no zstd stream"};

  bool may_begin_frame(std::string_view in) {
    for (std::size_t at = magic_seen_; at < kFrameMagic.size() && !in.empty(); ++at, in.remove_prefix(1)) {
      const auto byte = static_cast<unsigned char>(in.front());
      const bool is_skippable = (byte & 0xF0U) == 0x50;
      if (at == 0) magic_ = is_skippable ? kSkippableMagic : kFrameMagic;
      if (at == 0 && is_skippable) continue;
      if (byte != static_cast<unsigned char>(magic_[at])) return false;
    }
    return true;
  }

  std::string_view magic_ = kFrameMagic;  // of the frame that is being read
  std::size_t magic_seen_ = 0;            // bytes of it
  EngineMemory memory_;
  ZSTD_DCtx* const context_;
};

}  // namespace

std::unique_ptr<ContentEngine> make_content_engine(ContentCoding coding, base::BufferPool& pool,
                                                   std::size_t memory_bytes_max) {
  EngineMemory memory(pool, memory_bytes_max);
  switch (coding) {
    case ContentCoding::kGzip:
    case ContentCoding::kDeflate:
      return std::make_unique<ZlibEngine>(coding, std::move(memory));
    case ContentCoding::kBrotli:
      return std::make_unique<BrotliEngine>(std::move(memory));
    case ContentCoding::kZstd:
      return std::make_unique<ZstdEngine>(std::move(memory));
    case ContentCoding::kIdentity:
    case ContentCoding::kUnknown:
      break;
  }
  ARCHESTRA_ASSERT(false, "only what is encoded needs an engine");
}

}  // namespace archestra::http
