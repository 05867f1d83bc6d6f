// Encoded spans that wait for the exporter, in batches ready to be framed. Bounded in spans: beyond it
// new spans are refused and the caller counts them. The export thread alone.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "telemetry/otlp/proto_writer.h"
#include "telemetry/otlp/span_encoder.h"

namespace archestra::telemetry::otlp {

struct SpanBatch {
  std::string body;  ///< an ExportTraceServiceRequest, ready to be posted
  std::size_t spans = 0;
};

class SpanQueue {
 public:
  struct Limits {
    std::size_t queued_spans_max = 2048;
    std::size_t batch_spans_max = 512;
  };
  SpanQueue(const Resource& resource, Limits limits) : limits_(limits), frame_(resource) {}

  /// Encodes the spans of a request. False, and nothing is kept, where the queue is full.
  bool add(const FinishedRequest& request);
  /// Takes the oldest batch. The spans of one request stay together, so that a batch may be smaller
  /// than its limit, and larger where one request alone is. False where there is none.
  bool take_batch(SpanBatch& out);

  std::size_t spans() const { return queued_spans_; }
  /// Whether a whole batch waits: time to export before the delay has passed.
  bool has_full_batch() const { return !full_.empty() || open_spans_ >= limits_.batch_spans_max; }

 private:
  struct Batch {
    std::string spans_bytes;
    std::size_t spans;
  };
  void close_batch();

  const Limits limits_;
  const RequestFrame frame_;
  std::deque<Batch> full_;  // oldest first
  ProtoWriter open_;        // the batch that is being filled
  std::size_t open_spans_ = 0;
  std::size_t queued_spans_ = 0;
};

}  // namespace archestra::telemetry::otlp
