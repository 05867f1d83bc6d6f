// For tests of ToolCallReader: a stream as the gate drives it.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/test_splits.h"
#include "providers/tool_calls.h"

namespace archestra::providers {

/// Each call in words, for the messages of a test that fails.
inline std::vector<std::string> written(std::span<const ToolCall> calls) {
  std::vector<std::string> words;
  for (const ToolCall& call : calls)
    words.push_back(call.name + "(" + call.arguments + ")" +
                    (call.arguments_are_readable ? "" : " unreadable"));
  return words;
}

struct HeldStream {
  std::vector<EventKind> kinds;
  std::string passed;                  ///< what left before the first event that was held
  std::vector<std::string_view> held;  ///< the others
};

inline HeldStream read_stream(ToolCallReader& reader, const std::vector<std::string>& events) {
  HeldStream stream;
  for (const std::string& event : events) {
    const http::ExactCopy exact(event);
    stream.kinds.push_back(reader.on_event(exact.view()));
    if (stream.kinds.back() != EventKind::kHarmless || !stream.held.empty())
      stream.held.push_back(event);
    else
      stream.passed += event;
  }
  return stream;
}

/// What the client gets of a stream whose calls are refused when it has ended.
inline std::string refuse_stream(ToolCallReader& reader, const std::vector<std::string>& events,
                                 std::string_view refusal) {
  const HeldStream stream = read_stream(reader, events);
  std::string sent = stream.passed;
  for (const std::string_view event : stream.held) reader.refuse_event(event, refusal, sent);
  return sent;
}

/// Likewise where it is refused as soon as there are more than `kept` events to hold.
inline std::string refuse_early(ToolCallReader& reader, const std::vector<std::string>& events,
                                std::size_t kept, std::string_view refusal) {
  std::string sent;
  std::vector<std::string_view> held;
  bool is_refused = false;
  for (const std::string& event : events) {
    const EventKind kind = reader.on_event(event);
    if (is_refused) {
      reader.refuse_event(event, refusal, sent);
    } else if (kind == EventKind::kHarmless && held.empty()) {
      sent += event;
    } else if (held.size() < kept) {
      held.push_back(event);
    } else {
      is_refused = true;
      for (const std::string_view each : held) reader.refuse_event(each, refusal, sent);
      reader.refuse_event(event, refusal, sent);
    }
  }
  if (!is_refused)
    for (const std::string_view each : held) reader.refuse_event(each, refusal, sent);
  return sent;
}

}  // namespace archestra::providers
