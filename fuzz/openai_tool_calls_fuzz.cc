// Tool calls in the answers of chat completions and of the responses operation, and results of tools in
// requests. What is read does not depend on white space nor on the event before; in what leaves after calls
// were refused there is JSON in each event, and no call; numbers of events have no gap.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "http/sse.h"
#include "providers/json_view.h"
#include "providers/openai/chat_tool_calls.h"
#include "providers/openai/declared_tools.h"
#include "providers/openai/responses_tool_calls.h"
#include "providers/openai/tool_history.h"
#include "slack.h"

namespace archestra::fuzz {
namespace {

namespace openai = providers::openai;
using providers::EventKind;
using providers::ToolCall;
using providers::ToolCallReader;
using providers::json::View;

using MakeReader = std::unique_ptr<ToolCallReader> (*)();
using Events = std::vector<std::string>;

constexpr std::string_view kRefusal = "No.\n\"\\\xF0\x9F\x98\x80";

Events events_of(std::string_view stream) {
  http::SseReader reader(stream.size() + 1);
  reader.feed(stream);
  Events events;
  while (const auto event = reader.next()) events.emplace_back(event->raw);
  return events;
}

// The same JSON with more white space.
std::string spread(std::string_view json) {
  std::string out;
  bool is_in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (is_in_text && c == '\\') {
      out.append(json, i++, 2);
      continue;
    }
    if (c == '"') is_in_text = !is_in_text;
    const bool is_token = !is_in_text && std::string_view("{}[],:").contains(c);
    if (is_token) out += '\t';
    out += c;
    if (is_token) out += ' ';
  }
  return out;
}

// White space in arguments that came as JSON is theirs.
std::string without_spaces(std::string text) {
  std::erase_if(text, [](char c) { return std::string_view(" \t\r\n").contains(c); });
  return text;
}

struct Reading {
  std::vector<EventKind> kinds;
  std::vector<ToolCall> calls;
  bool operator==(const Reading&) const = default;
};

Reading read(MakeReader make, const Events& events) {
  const auto reader = make();
  Reading reading;
  for (const std::string& event : events) reading.kinds.push_back(reader->on_event(event));
  for (const ToolCall& call : reader->calls()) {
    reading.calls.push_back(call);
    reading.calls.back().arguments = without_spaces(call.arguments);
  }
  return reading;
}

void check_reading(MakeReader make, const Events& events) {
  Events spread_out;
  Events apart;
  for (const std::string& event : events) {
    std::string scratch;
    const auto data = http::sse_data(event, scratch);
    std::string& other = spread_out.emplace_back(event);
    if (data && View::parse(*data)) {
      other.clear();
      http::append_sse_with_data(other, event, spread(*data));
    }
    const bool is_marked = event.starts_with("\xEF\xBB\xBF");
    apart.push_back(is_marked ? event : ":" + std::to_string(apart.size()) + "\n" + event);
  }
  const Reading reading = read(make, events);
  ARCHESTRA_ASSERT(read(make, spread_out) == reading, "white space means nothing");
  ARCHESTRA_ASSERT(read(make, apart) == reading, "nor does what came before");
}

// What leaves of a stream whose calls are refused when `read` events have come, or later.
struct Refused {
  std::string before;
  std::string after;
};

Refused refuse(MakeReader make, const Events& events, std::size_t read) {
  const auto reader = make();
  Refused out;
  Events held;
  bool is_held = false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    is_held |= reader->on_event(events[i]) != EventKind::kHarmless;
    if (!is_held) {
      out.before += events[i];
      continue;
    }
    held.push_back(events[i]);
    if (i + 1 < read) continue;
    for (const std::string& event : held) reader->refuse_event(event, kRefusal, out.after);
    held.clear();
  }
  return out;
}

// The same where the event in one place was too long to be kept, so that the reader never saw it.
Refused refuse_without(MakeReader make, const Events& events, std::size_t lost) {
  const auto reader = make();
  Refused out;
  Events held;
  bool is_refused = false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    std::string event = events[i];
    if (i == lost) {
      for (const std::string& one : held) reader->refuse_event(one, kRefusal, out.after);
      is_refused = true;
      event.clear();
    } else {
      const bool is_harmless = reader->on_event(event) == EventKind::kHarmless;
      if (!is_refused && held.empty() && is_harmless) {
        out.before += event;
        continue;
      }
    }
    if (is_refused)
      reader->refuse_event(event, kRefusal, out.after);
    else
      held.push_back(std::move(event));
  }
  return out;
}

void check_refused(MakeReader make, const Refused& refused) {
  const Reading again = read(make, events_of(refused.before + refused.after));
  ARCHESTRA_ASSERT(again.calls.empty(), "no call is left");
  ARCHESTRA_ASSERT(
      std::ranges::all_of(again.kinds, [](EventKind kind) { return kind == EventKind::kHarmless; }),
      "nor anything that may be one");
  std::optional<std::uint64_t> last;
  for (const std::string& event : events_of(refused.after)) {
    std::string scratch;
    const auto data = http::sse_data(event, scratch);
    if (!data || *data == "[DONE]") continue;
    const auto root = View::parse(*data);
    ARCHESTRA_ASSERT(root.has_value(), "each event is JSON");
    View number;
    if (make != openai::make_responses_tool_calls || !root->pick({{"sequence_number", &number}})) continue;
    const auto count = number.as_count();
    if (!count) continue;
    ARCHESTRA_ASSERT(!last || *count == *last + 1, "events are counted without a gap");
    last = count;
  }
}

void check_stream(MakeReader make, const Events& events) {
  check_reading(make, events);
  for (const std::size_t read : {std::size_t{0}, events.size() / 2, events.size()})
    check_refused(make, refuse(make, events, read));
  for (const std::size_t lost : {std::size_t{0}, events.size() / 2})
    check_refused(make, refuse_without(make, events, lost));
}

void check_body(MakeReader make, std::string_view body) {
  const auto reader = make();
  const EventKind kind = reader->on_body(body, 0);
  const std::string text = with_slack(body, '}');
  ARCHESTRA_ASSERT(make()->on_body(std::string_view(text).substr(0, body.size()), kSlack) == kind,
                   "what an answer is does not depend on the bytes behind it");
  std::string out;
  reader->refuse_body(body, kRefusal, out);
  ARCHESTRA_ASSERT(make()->on_body(out, 0) == EventKind::kHarmless, "no call is left, and all is JSON");
}

void check_request(std::string_view body) {
  openai::declared_tools(body, 0);
  for (const auto& history : {openai::chat_history(body, 0), openai::responses_history(body, 0)}) {
    for (const providers::ToolResult& result : history.results) {
      for (const providers::ResultPlace& place : result.places) {
        std::string replaced(body);
        replaced.replace(place.offset, place.size,
                         std::string(place.before) + "\"text\"" + std::string(place.after));
        ARCHESTRA_ASSERT(View::parse(replaced).has_value(), "a text fits into each place");
      }
    }
  }
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::check_request(input);
  const fuzz::Events events = fuzz::events_of(input);
  for (const auto make :
       {providers::openai::make_chat_tool_calls, providers::openai::make_responses_tool_calls}) {
    fuzz::check_body(make, input);
    fuzz::check_stream(make, events);
  }
  return 0;
}
