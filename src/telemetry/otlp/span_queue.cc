#include "telemetry/otlp/span_queue.h"

#include <utility>

namespace archestra::telemetry::otlp {

SpanQueue::SpanQueue(const Resource& resource, Limits limits, SpanNames names)
    : limits_(limits), names_(names), frame_(resource) {
  frame_.begin(open_);
}

bool SpanQueue::add(const FinishedRequest& request) {
  const std::size_t spans = spans_of(request.request);
  if (queued_spans_ + spans > limits_.queued_spans_max) return false;
  if (open_spans_ > 0 && open_spans_ + spans > limits_.batch_spans_max) close_batch();
  encode_spans(request, open_, names_);
  open_spans_ += spans;
  queued_spans_ += spans;
  return true;
}

void SpanQueue::close_batch() {
  SpanBatch batch{.memory = {}, .begin = frame_.end(open_), .end = open_.size(), .spans = open_spans_};
  std::string next;
  if (!spare_.empty()) {
    next = std::move(spare_.back());
    spare_.pop_back();
  }
  batch.memory = open_.swap_memory(std::move(next));
  full_.push_back(std::move(batch));
  frame_.begin(open_);
  open_spans_ = 0;
}

bool SpanQueue::take_batch(SpanBatch& out) {
  if (full_.empty() && open_spans_ > 0) close_batch();
  if (full_.empty()) return false;
  out = std::move(full_.front());
  full_.pop_front();
  queued_spans_ -= out.spans;
  return true;
}

void SpanQueue::give_back(SpanBatch batch) {
  if (spare_.size() < kSpareMax) spare_.push_back(std::move(batch.memory));
}

}  // namespace archestra::telemetry::otlp
