// Encoded spans that wait for the exporter, in batches ready to be posted. Bounded in spans: beyond it
// new spans are refused and the caller counts them. The export thread alone.
//
// A batch is made in the memory in which it leaves: no byte of it is copied, and memory that comes back
// is used again, because fresh pages for hundreds of kilobytes cost more than filling them.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/otlp/span_encoder.h"
#include "telemetry/proto_writer.h"

namespace archestra::telemetry::otlp {

struct SpanBatch {
  std::string memory;
  std::size_t begin = 0;  ///< of the body in it
  std::size_t end = 0;
  std::size_t spans = 0;

  /// An ExportTraceServiceRequest.
  std::string_view body() const { return std::string_view(memory).substr(begin, end - begin); }
};

class SpanQueue {
 public:
  struct Limits {
    std::size_t queued_spans_max = 2048;
    std::size_t batch_spans_max = 512;
  };
  SpanQueue(const Resource& resource, Limits limits, SpanNames names = SpanNames::kProvider);

  /// Encodes the spans of a request. False, and nothing is kept, where the queue is full.
  bool add(const FinishedRequest& request);
  /// Takes the oldest batch. The spans of one request stay together, so that a batch may be smaller
  /// than its limit, and larger where one request alone is. False where there is none.
  bool take_batch(SpanBatch& out);
  /// Gives the memory of a batch back that is of no more use.
  void give_back(SpanBatch batch);

  std::size_t spans() const { return queued_spans_; }
  /// Whether a whole batch waits: time to export before the delay has passed.
  bool has_full_batch() const { return !full_.empty() || open_spans_ >= limits_.batch_spans_max; }

 private:
  static constexpr std::size_t kSpareMax = 2;
  void close_batch();

  const Limits limits_;
  const SpanNames names_;
  const RequestFrame frame_;
  std::deque<SpanBatch> full_;  // oldest first
  std::vector<std::string> spare_;
  ProtoWriter open_;  // the batch that is being filled
  std::size_t open_spans_ = 0;
  std::size_t queued_spans_ = 0;
};

}  // namespace archestra::telemetry::otlp
