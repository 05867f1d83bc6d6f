// Who wants to know what happens to calls. proxy/ calls it, telemetry/ and store/ implement it, app/
// joins them: proxy knows neither. One observer object per shard; every method runs on that shard's
// thread, must not block, and cannot fail.
#pragma once

#include "call/call_record.h"

namespace archestra::call {

class CallObserver {
 public:
  virtual ~CallObserver() = default;

  /// Whether a trace that starts here is recorded. An incoming traceparent decides for itself.
  virtual bool should_sample(const base::TraceId&) { return true; }
  /// A call begins: its route is known, `agent` may be null. Followed by exactly one
  /// on_request_finished whose record has a call with the same route and agent.
  virtual void on_call_started(const Route&, const model::AgentRef&) {}
  /// Exactly once per request.
  virtual void on_request_finished(const RequestRecord&) {}
};

}  // namespace archestra::call
