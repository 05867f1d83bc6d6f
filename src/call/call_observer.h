// Who wants to know what happens to calls. proxy/ calls it, telemetry/ and store/ implement it, app/
// joins them: proxy knows neither. One observer object per shard; every method runs on that shard's
// thread, must not block, and cannot fail.
#pragma once

#include <optional>

#include "call/call_record.h"

namespace archestra::call {

/// A call that its provider has begun to answer.
struct AcceptedCall {
  const Route& route;
  const model::AgentRef& agent;
  std::string_view requested_model;  ///< "" where not known
  bool stream;                       ///< the client asked for a stream
  int status_code;                   ///< 200 to 399
};

class CallObserver {
 public:
  virtual ~CallObserver() = default;

  /// Whether the spans of a request are recorded. `parent_sampled`: what an incoming traceparent says of it;
  /// none where the trace begins here.
  virtual bool should_sample(const base::TraceId&, std::optional<bool> parent_sampled) {
    return parent_sampled.value_or(true);
  }
  /// The agent `before` is now `after`: the same id with another name or labels, or null where it was
  /// deleted. Calls under way keep the one they began with, so `before` may still come in their records.
  virtual void on_agent_changed(const model::AgentRef& /*before*/, const model::AgentRef& /*after*/) {}
  /// A call begins: its route is known, `agent` may be null. Followed by exactly one
  /// on_request_finished whose record has a call with the same route and agent.
  virtual void on_call_started(const Route&, const model::AgentRef&) {}
  /// The head of a response that is no error has come for a call that has started and not finished: from
  /// here on its model is known to exist. At most once for each try.
  virtual void on_call_accepted(const AcceptedCall&) {}
  /// Exactly once per request.
  virtual void on_request_finished(const RequestRecord&) {}
};

}  // namespace archestra::call
