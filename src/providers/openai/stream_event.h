// What an event of a stream is before anybody reads its JSON, strictly. Both kinds of streams have it alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/sse.h"
#include "providers/json_view.h"
#include "providers/tool_calls.h"

namespace archestra::providers::openai {

struct StreamEvent {
  EventKind kind = EventKind::kUnread;  ///< where there is no root: harmless or unread
  bool is_done = false;                 ///< the one that ends a stream
  bool is_in_place = false;             ///< the root is a part of the event's own bytes
  std::optional<json::View> root;       ///< its data
};

/// `scratch` holds what the root is a part of where that is not the event. "" is an event that was not kept.
inline StreamEvent read_stream_event(std::string_view raw, std::string& scratch) {
  const auto data = http::sse_data(raw, scratch);
  // Readers differ on where a line ends, so that one without data may have some for another.
  if (!data && !raw.empty() && !raw.contains("data")) return {.kind = EventKind::kHarmless, .root = {}};
  if (!data) return {};
  if (*data == "[DONE]") return {.kind = EventKind::kHarmless, .is_done = true, .root = {}};
  return {.is_in_place = data->data() != scratch.data(), .root = json::View::parse(*data)};
}

}  // namespace archestra::providers::openai
