// How a dialect writes tool calls: reading those of one response, and writing the answer that stands in the
// place of calls that a policy refused. One reader per response. Nothing here does I/O.
//
// Reading is strict, because what is overlooked is a way around a policy: keys are unescaped, a member that
// stands twice where a call could be makes a text unread, and what is unread counts as a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archestra::providers {

/// A call that the model asks the client to make. Calls of tools that the provider runs itself are none.
struct ToolCall {
  std::string name;
  std::string arguments;               ///< JSON text; "" for none
  bool arguments_are_readable = true;  ///< false: they are too long, or could not be put together
  bool operator==(const ToolCall&) const = default;
};

/// What an event is to somebody who waits for tool calls.
enum class EventKind : std::uint8_t {
  kHarmless,  ///< no part of a call: text, or anything else that may leave
  kToolCall,  ///< part of one, or its message's end says that there was one
  kUnread,    ///< makes no sense here and may to a client, so it may be a call
};

class ToolCallReader {
 public:
  /// Of all arguments of a response together; what comes beyond them is not kept.
  static constexpr std::size_t kArgumentBytesMax = std::size_t{4} << 20;
  static constexpr std::size_t kCallsMax = 1024;

  virtual ~ToolCallReader() = default;

  /// One whole server-sent event, raw, or one element of an array. In order, all of them.
  virtual EventKind on_event(std::string_view raw) = 0;
  /// The whole body of an answer that is no stream. `slack` readable bytes follow it.
  virtual EventKind on_body(std::string_view body, std::size_t slack) = 0;

  /// Those read so far, in the order in which they began. They are complete once the response has ended.
  std::span<const ToolCall> calls() const { return calls_; }

  // --- After the calls were refused

  /// Appends what leaves instead of `raw`: every event that was held, then each further one, in their order;
  /// after on_event() had all that were held, and, for a further one, that one. `refusal` is the same text
  /// each time; it appears once, in the place of the first call (of each choice or candidate that has one).
  /// An event that was kUnread is left out, and so is "", which stands for one that could not be kept; both
  /// have the text in their place where it has not appeared. What is no part of a call leaves as it came,
  /// but for numbers that count events, items or blocks, which stay without gaps. The end says that the
  /// model stopped of itself.
  virtual void refuse_event(std::string_view raw, std::string_view refusal, std::string& out) = 0;
  /// Appends what leaves instead of a body; of one that was kUnread, or is "", a minimal answer with the
  /// text.
  virtual void refuse_body(std::string_view body, std::string_view refusal, std::string& out) = 0;

 protected:
  std::vector<ToolCall> calls_;
};

}  // namespace archestra::providers
