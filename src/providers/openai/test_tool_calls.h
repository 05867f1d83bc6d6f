// For tests of tool calls: drives a reader as the gate does.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "http/sse.h"
#include "http/test_splits.h"
#include "providers/json_view.h"
#include "providers/tool_calls.h"

namespace archestra::providers {

inline void PrintTo(const ToolCall& call, std::ostream* out) {
  *out << call.name << " " << call.arguments << (call.arguments_are_readable ? "" : " (unreadable)");
}

namespace openai {

inline constexpr std::string_view kRefusal = "No \"f\".\nSorry \xF0\x9F\x98\x80";
inline constexpr std::string_view kRefusalText = R"("No \"f\".\nSorry )"
                                                 "\xF0\x9F\x98\x80\"";

using Events = std::vector<std::string>;
using MakeReader = std::unique_ptr<ToolCallReader> (*)();

inline Events events_of(std::string_view stream) {
  http::SseReader reader(stream.size() + 1);
  reader.feed(stream);
  Events events;
  while (const auto event = reader.next()) events.emplace_back(event->raw);
  return events;
}

inline EventKind on_event(ToolCallReader& reader, std::string_view event) {
  return reader.on_event(http::ExactCopy(event).view());
}

struct Reading {
  std::vector<EventKind> kinds;
  std::vector<ToolCall> calls;
};

inline Reading read_events(MakeReader make, const Events& events) {
  const auto reader = make();
  Reading reading;
  for (const std::string& event : events) reading.kinds.push_back(on_event(*reader, event));
  reading.calls.assign(reader->calls().begin(), reader->calls().end());
  return reading;
}

/// What leaves of a stream whose calls are refused after the first `read` events, or as soon as one is held.
inline std::string refuse_after(MakeReader make, const Events& events, std::size_t read) {
  const auto reader = make();
  std::string out;
  std::vector<std::string> held;
  bool is_refused = false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool is_harmless = on_event(*reader, events[i]) == EventKind::kHarmless;
    if (held.empty() && is_harmless && !is_refused) {
      out += events[i];
      continue;
    }
    held.push_back(events[i]);
    is_refused |= i + 1 >= read;
    if (!is_refused) continue;
    for (const std::string& event : held) reader->refuse_event(http::ExactCopy(event).view(), kRefusal, out);
    held.clear();
  }
  return out;
}

/// The same whenever it was that they were refused.
inline std::string refuse_events(MakeReader make, const Events& events) {
  const std::string out = refuse_after(make, events, events.size());
  for (std::size_t read = 0; read < events.size(); ++read)
    EXPECT_EQ(refuse_after(make, events, read), out) << "after " << read << " events";
  return out;
}

/// The data of each event of a stream; each is JSON, or what ends the stream.
inline std::vector<std::string> data_of(std::string_view stream) {
  std::vector<std::string> all;
  for (const std::string& event : events_of(stream)) {
    std::string scratch;
    const auto data = http::sse_data(event, scratch);
    if (!data) continue;
    if (*data != "[DONE]") EXPECT_TRUE(json::View::parse(*data)) << event;
    all.emplace_back(*data);
  }
  return all;
}

}  // namespace openai
}  // namespace archestra::providers
