// What must hold of every dialect's ToolCallReader: what leaves instead of refused calls has none itself, and
// is the same whenever they are refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "http/sse.h"
#include "providers/json_view.h"
#include "providers/tool_calls.h"
#include "providers/tool_history.h"
#include "slack.h"

namespace archestra::fuzz {

using providers::EventKind;
using providers::ToolCallReader;
using MakeReader = std::unique_ptr<ToolCallReader> (*)();
using Events = std::vector<std::string>;

constexpr std::string_view kRefusal = "refused: \"\\\n\u00e4";

inline Events split_events(std::string_view bytes) {
  http::SseReader reader(bytes.size() + 1);
  reader.feed(bytes);
  Events events;
  while (const auto event = reader.next()) events.emplace_back(event->raw);
  return events;
}

/// How a stream with calls is refused.
struct Refusing {
  std::size_t kept_max = ~std::size_t{0};  ///< of held events, beyond which it is refused at once
  std::size_t lost_each = 0;               ///< of which one in so many is lost; 0: none
};

/// Each event that leaves, as the guard of tool calls makes them leave.
inline Events refuse(MakeReader make, const Events& events, Refusing how) {
  const auto reader = make();
  Events sent;
  Events held;
  std::size_t refused_count = 0;
  bool is_refused = false;
  const auto refuse_one = [&](std::string_view event) {
    ++refused_count;
    const bool is_lost = how.lost_each > 0 && refused_count % how.lost_each == 0;
    std::string out;
    reader->refuse_event(is_lost ? std::string_view() : event, kRefusal, out);
    if (!out.empty()) sent.push_back(std::move(out));
  };
  for (const std::string& event : events) {
    const EventKind kind = reader->on_event(event);
    if (is_refused) {
      refuse_one(event);
    } else if (kind == EventKind::kHarmless && held.empty()) {
      sent.push_back(event);
    } else if (held.size() < how.kept_max) {
      held.push_back(event);
    } else {
      is_refused = true;
      for (const std::string& each : held) refuse_one(each);
      refuse_one(event);
    }
  }
  if (!is_refused)
    for (const std::string& each : held) refuse_one(each);
  ARCHESTRA_ASSERT(reader->calls().size() <= ToolCallReader::kCallsMax, "calls are bounded");
  return sent;
}

inline std::string joined(const Events& events) {
  std::string all;
  for (const std::string& event : events) all += event;
  return all;
}

inline void check_has_no_calls(MakeReader make, const Events& events) {
  const auto reader = make();
  for (const std::string& event : events)
    ARCHESTRA_ASSERT(reader->on_event(event) == EventKind::kHarmless, "what leaves has no calls");
  ARCHESTRA_ASSERT(reader->calls().empty(), "not even unseen ones");
}

/// What leaves of a stream whose calls are refused. `resplit` cuts what left into events again.
template <class Resplit>
Events check_refusal(MakeReader make, const Events& events, Resplit resplit) {
  const Events sent = refuse(make, events, {});
  for (const std::size_t kept_max : {std::size_t{0}, std::size_t{1}, events.size() / 2})
    ARCHESTRA_ASSERT(refuse(make, events, {.kept_max = kept_max}) == sent, "when does not matter");
  for (std::size_t lost_each = 1; lost_each <= 3; ++lost_each)
    check_has_no_calls(make, resplit(refuse(make, events, {.lost_each = lost_each})));
  Events leaving = resplit(sent);
  check_has_no_calls(make, leaving);
  return leaving;
}

inline void check_refused_body(MakeReader make, std::string_view body) {
  const auto reader = make();
  const EventKind kind = reader->on_body(body, 0);
  for (const char behind : kBehind) {
    const std::string text = with_slack(body, behind);
    ARCHESTRA_ASSERT(make()->on_body(std::string_view(text).substr(0, body.size()), kSlack) == kind,
                     "what a body says does not depend on the bytes behind it");
  }
  for (const std::string_view refused : {body, std::string_view()}) {
    std::string out;
    reader->refuse_body(refused, kRefusal, out);
    const auto again = make();
    ARCHESTRA_ASSERT(again->on_body(out, 0) == EventKind::kHarmless && again->calls().empty(),
                     "what leaves has no calls");
    ARCHESTRA_ASSERT(kind == EventKind::kHarmless || out.contains("refused: "), "but says why");
  }
}

/// Puts a text in the place of each result, and finds it again.
template <class Read>
void check_history(std::string_view body, Read read) {
  const providers::ToolHistory history = read(body, 0);
  for (const char behind : kBehind) {
    const std::string text = with_slack(body, behind);
    ARCHESTRA_ASSERT(read(std::string_view(text).substr(0, body.size()), kSlack) == history,
                     "what a body says does not depend on the bytes behind it");
  }
  std::string replaced;
  std::size_t written = 0;
  for (const providers::ToolResult& result : history.results) {
    for (const providers::ResultPlace& place : result.places) {
      ARCHESTRA_ASSERT(place.offset >= written && place.offset + place.size <= body.size(),
                       "places are in order");
      replaced.append(body.substr(written, place.offset - written)).append(place.before);
      if (place.takes_text) replaced += R"("blocked")";
      replaced.append(place.after);
      written = place.offset + place.size;
    }
  }
  replaced.append(body.substr(written));
  ARCHESTRA_ASSERT(history.results.empty() || history.is_readable, "what cannot be read tells nothing");
  if (!history.is_readable) return;
  const providers::ToolHistory again = read(replaced, 0);
  ARCHESTRA_ASSERT(again.is_readable && again.results.size() == history.results.size(),
                   "and no more is replaced");
  for (std::size_t i = 0; i < again.results.size(); ++i) {
    ARCHESTRA_ASSERT(again.results[i].tools == history.results[i].tools, "of the same tools");
    for (const std::string& content : again.results[i].contents)
      ARCHESTRA_ASSERT(content.contains("blocked"), "nothing else is left of a content");
  }
}

}  // namespace archestra::fuzz
