#include "telemetry/metrics/exposition.h"

#include <utility>

#include "base/assert.h"

namespace archestra::telemetry {
namespace {

std::unique_ptr<FamilyWriter> make_writer(ExpositionFormat format) {
  switch (format) {
    case ExpositionFormat::kText:
      return make_text_writer();
    case ExpositionFormat::kOpenMetrics:
      return make_open_metrics_writer();
    case ExpositionFormat::kProtobuf:
      return make_protobuf_writer();
  }
  ARCHESTRA_ASSERT(false, "a format of the enumeration");
}

}  // namespace

Exposition::Exposition(ExpositionFormat format, Snapshot snapshot)
    : snapshot_(std::move(snapshot)), writer_(make_writer(format)) {}

bool Exposition::append_piece(ByteBuffer& out) {
  const std::size_t begin = out.size();
  const auto is_full = [&] { return out.size() - begin >= kPieceBytes; };
  for (; family_ < snapshot_.families.size() && !is_full(); ++family_) {
    const FamilySnapshot& family = snapshot_.families[family_];
    if (!std::exchange(is_begun_, true)) writer_->begin(out, family);
    while (sample_ < family.samples.size() && !is_full()) writer_->write(out, family.samples[sample_++]);
    if (sample_ < family.samples.size()) return true;
    writer_->end(out);
    is_begun_ = false;
    sample_ = 0;
    if (family_ + 1 == snapshot_.families.size()) writer_->end_page(out);
  }
  return out.size() > begin;
}

}  // namespace archestra::telemetry
