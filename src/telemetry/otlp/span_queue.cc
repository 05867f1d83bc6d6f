#include "telemetry/otlp/span_queue.h"

#include <utility>

namespace archestra::telemetry::otlp {

bool SpanQueue::add(const FinishedRequest& request) {
  const std::size_t spans = spans_of(request.request);
  if (queued_spans_ + spans > limits_.queued_spans_max) return false;
  if (open_spans_ > 0 && open_spans_ + spans > limits_.batch_spans_max) close_batch();
  encode_spans(request, open_);
  open_spans_ += spans;
  queued_spans_ += spans;
  return true;
}

void SpanQueue::close_batch() {
  full_.push_back({std::string(open_.bytes()), open_spans_});
  open_.clear();
  open_spans_ = 0;
}

bool SpanQueue::take_batch(SpanBatch& out) {
  if (full_.empty() && open_spans_ > 0) close_batch();
  if (full_.empty()) return false;
  Batch batch = std::move(full_.front());
  full_.pop_front();
  queued_spans_ -= batch.spans;
  out.body = frame_.request_with(batch.spans_bytes);
  out.spans = batch.spans;
  return true;
}

}  // namespace archestra::telemetry::otlp
