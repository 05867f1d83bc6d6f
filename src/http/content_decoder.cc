#include "http/content_decoder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "base/text.h"
#include "http/content_engine.h"

namespace archestra::http {
namespace {

using base::ErrorCode;

// The ratio is looked at once for each block of so many encoded bytes, counted from the body's beginning: so
// a body is within its bound or not, however it was cut.
constexpr std::uint64_t kRatioBlock = 1024;

struct Name {
  std::string_view text;
  ContentCoding coding;
};
constexpr std::array kNames = {
    Name{"identity", ContentCoding::kIdentity}, Name{"gzip", ContentCoding::kGzip},
    Name{"x-gzip", ContentCoding::kGzip},  // an older name, RFC 9110 section 8.4.1.3
    Name{"deflate", ContentCoding::kDeflate},   Name{"br", ContentCoding::kBrotli},
    Name{"zstd", ContentCoding::kZstd},
};

ContentCoding coding_named(std::string_view text) {
  for (const Name& name : kNames)
    if (equals_ignoring_case(name.text, text)) return name.coding;
  return ContentCoding::kUnknown;
}

}  // namespace

ContentCoding content_coding(const Fields& fields) {
  ContentCoding found = ContentCoding::kIdentity;
  if (!fields.has(HeaderId::kContentEncoding)) return found;
  for (const Field& field : fields) {
    if (field.id != HeaderId::kContentEncoding) continue;
    const bool is_one = base::for_each_item(field.value, [&](std::string_view name) {
      const ContentCoding coding = coding_named(name);
      if (coding == ContentCoding::kIdentity) return true;
      return std::exchange(found, coding) == ContentCoding::kIdentity;
    });
    if (!is_one) return ContentCoding::kUnknown;
  }
  return found;
}

std::string_view name_of(ContentCoding coding) {
  for (const Name& name : kNames)
    if (name.coding == coding) return name.text;
  return "unknown";
}

ContentDecoder::ContentDecoder(ContentCoding coding, ExpansionLimits limits, base::BufferPool& pool,
                               std::size_t memory_bytes_max)
    : coding_(coding), limits_(limits), pool_(pool) {
  ARCHESTRA_ASSERT(coding != ContentCoding::kUnknown, "nobody decodes what is not known");
  if (decodes()) engine_ = make_content_engine(coding, pool, memory_bytes_max);
}

ContentDecoder::~ContentDecoder() = default;

void ContentDecoder::feed(std::string_view encoded) {
  ARCHESTRA_ASSERT(used_up(), "what was fed before has been decoded");
  if (!fault_) fed_ = encoded;
}

base::Result<std::string_view> ContentDecoder::next() {
  if (fault_) return give_up(*fault_);
  if (!decodes()) return std::exchange(fed_, {});
  while (!used_up()) {
    if (!piece_) piece_ = pool_.take(kPieceBytes);
    const std::uint64_t block_left = kRatioBlock - encoded_bytes_ % kRatioBlock;
    const std::string_view in = fed_.substr(0, block_left);
    const ContentEngine::Step step = engine_->step(in, {piece_.data(), kPieceBytes});
    fed_.remove_prefix(step.consumed);
    encoded_bytes_ += step.consumed;
    decoded_bytes_ += step.written;
    fault_ = step.fault;
    has_more_ = fault_ || (step.written == kPieceBytes && !step.at_boundary);
    if (step.consumed > 0 || step.at_boundary) at_boundary_ = step.at_boundary;
    if (const auto fine = within_limits(); !fine) return give_up(fine.error());
    if (step.written > 0) return std::string_view(piece_.data(), step.written);
    if (fault_) return give_up(*fault_);
    if (!has_more_ && !step.at_boundary && step.consumed == 0 && !in.empty())
      return give_up({ErrorCode::kMalformed, "bytes that mean nothing in their content coding"});
  }
  piece_.release();
  return std::string_view();
}

base::Result<void> ContentDecoder::within_limits() const {
  if (decoded_bytes_ > limits_.bytes_max)
    return base::fail(ErrorCode::kTooLarge, "a body that is too large when it is decoded");
  if (decoded_bytes_ <= limits_.free_bytes) return {};
  const std::uint64_t blocks = (encoded_bytes_ + kRatioBlock - 1) / kRatioBlock;
  if (decoded_bytes_ - limits_.free_bytes > blocks * kRatioBlock * limits_.ratio_max)
    return base::fail(ErrorCode::kTooLarge, "a body that grows too much when it is decoded");
  return {};
}

base::Result<void> ContentDecoder::finish() const {
  if (fault_) return base::fail(*fault_);
  if (!at_boundary_) return base::fail(ErrorCode::kReset, "the body ended before its content coding did");
  return {};
}

base::Result<std::string_view> ContentDecoder::give_up(base::Error error) {
  fault_ = error;
  fed_ = {};
  has_more_ = false;
  engine_.reset();
  piece_.release();
  return base::fail(error);
}

}  // namespace archestra::http
