// Stands between the tool calls of one response and its client. Where a policy could block one, everything
// from the first event of a call on waits, in order, until the response has ended; then all of it leaves as
// it came, or the calls are refused (docs/decisions/0008-how-tool-calls-are-judged.md). Where none could, the
// calls are read after they have left. Owned by the exchange, used by the gate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer_pool.h"
#include "call/tool_decision.h"
#include "providers/provider.h"
#include "proxy/call_policy.h"
#include "proxy/held_events.h"

namespace archestra::proxy {

enum class GuardMode : std::uint8_t {
  kNames,  ///< no policy looks at calls: of each the first event is read, for its name
  kWatch,  ///< policies look at calls and can block none
  kHold,   ///< a policy could block a call
};

struct GuardLimits {
  std::size_t held_bytes_max;    ///< of what waits; beyond it the response is refused
  std::size_t memory_bytes_max;  ///< of all buffers of the pool, beyond which nothing more may wait
};

class ToolGuard {
 public:
  /// For a response of `provider` on `route` to a request that said `request`. All outlive it.
  ToolGuard(const providers::Provider& provider, const call::Route& route,
            const providers::RequestFacts& request, CallPolicy& policy, base::BufferPool& pool,
            GuardLimits limits);

  GuardMode mode() const { return mode_; }
  /// Whether there is anything to read: some operations have answers without calls.
  bool can_read() const { return mode_ != GuardMode::kHold || reader_ != nullptr; }

  // --- kHold. What may leave now is appended to `out`.

  /// Before anything else: what comes are elements of an array.
  void expect_array() { is_array_ = true; }
  /// A server-sent event.
  void take_event(std::string_view raw, std::string& out);
  /// An element of an array, and what stands in front of it.
  void take_element(std::string_view gap, std::string_view element, std::string& out);
  /// An event that was too long to be kept, or what is none at all: of the response nobody knows any more
  /// whether it has calls.
  void take_unreadable(std::string& out);
  /// The response has ended: what waits leaves, or is refused.
  void end_events(std::string& out);
  /// The same of an array; `gap` is what stands behind its last element.
  void end_array(std::string_view gap, std::string& out);
  /// The whole body of an answer that is no stream, or "" for one that could not be kept. Whether it may
  /// leave as it is; else what leaves instead was appended.
  bool pass_body(std::string_view body, std::size_t slack, std::string& out);
  /// Whether anything waits.
  bool is_holding() const { return state_ == State::kHolding; }

  // --- kNames and kWatch, after it has left.

  /// `begins_call`: a call was counted in it.
  void watch_event(std::string_view raw, bool begins_call);
  void watch_body(std::string_view body, std::size_t slack);

  // --- When the response is over, however it ended.

  /// What was decided about each call, in their order. None about calls that never were to reach the client,
  /// because the response broke off while they waited.
  std::vector<call::ToolDecision> conclude();

 private:
  enum class State : std::uint8_t {
    kOpen,      // nothing has waited yet
    kHolding,   // everything waits
    kReleased,  // all calls were judged, and may leave
    kRefusing,  // the calls were refused, and so is what is still to come of them
  };
  void take(std::string_view gap, std::string_view raw, std::string& out);
  void refuse_held(std::string& out);
  void refuse_event(std::string_view raw, std::string& out);
  bool judge();
  void give_reason(std::string_view reason);
  providers::ToolCallReader* reader();

  const providers::Provider& provider_;
  const call::Route& route_;
  const providers::RequestFacts& request_;
  CallPolicy& policy_;
  const GuardMode mode_;
  std::unique_ptr<providers::ToolCallReader> reader_;  // made when it is needed
  bool has_no_reader_ = false;
  State state_ = State::kOpen;
  HeldEvents held_;
  bool is_array_ = false;
  bool any_left_ = false;  // an element of the array has
  bool unread_ = false;    // there may be calls that nobody can read
  std::string reason_;     // why all calls are refused, where that is no policy's decision
  std::string refusal_;
  std::string scratch_;
  std::vector<call::ToolDecision> decisions_;
  std::size_t judged_ = 0;  // calls that decisions_ are about
};

}  // namespace archestra::proxy
