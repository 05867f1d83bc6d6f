// The page of /metrics from a snapshot, in the formats there are, piece by piece: a page has tens of
// megabytes where there are many label sets, a piece some ten kilobytes. One thread.
#pragma once

#include <cstddef>
#include <memory>

#include "telemetry/byte_buffer.h"
#include "telemetry/metrics/exposition_format.h"
#include "telemetry/metrics/scrape.h"

namespace archestra::telemetry {

/// How a format writes. For each family begin(), its samples, and end().
class FamilyWriter {
 public:
  virtual ~FamilyWriter() = default;
  /// What describes a family, also where it has no sample. The family outlives its end().
  virtual void begin(ByteBuffer& out, const FamilySnapshot& family) = 0;
  virtual void write(ByteBuffer& out, const Sample& sample) = 0;
  virtual void end(ByteBuffer& /*out*/) {}
  virtual void end_page(ByteBuffer& /*out*/) {}
};

std::unique_ptr<FamilyWriter> make_text_writer();
std::unique_ptr<FamilyWriter> make_open_metrics_writer();
/// One message for each family, behind its length in bytes. Histograms have a bucket for +Inf only
/// where it has an exemplar: it is their count. Each sample is encoded twice, because the length of all
/// stands in front of them.
std::unique_ptr<FamilyWriter> make_protobuf_writer();

class Exposition {
 public:
  /// A piece ends with the first sample that reaches this size.
  static constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

  Exposition(ExpositionFormat format, Snapshot snapshot);

  /// Appends the next piece, never an empty one. False where the page is at its end.
  bool append_piece(ByteBuffer& out);

 private:
  const Snapshot snapshot_;
  const std::unique_ptr<FamilyWriter> writer_;
  std::size_t family_ = 0;  // the next one's place, and the next sample's in it
  std::size_t sample_ = 0;
  bool is_begun_ = false;  // that family
};

}  // namespace archestra::telemetry
