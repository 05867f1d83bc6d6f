#include "providers/anthropic/message_event.h"

#include <array>
#include <utility>

#include "http/sse.h"

namespace archestra::providers::anthropic {
namespace {

using json::View;
using Type = MessageEvent::Type;

// More than any message has; beyond it an index is no number for everybody.
constexpr std::uint64_t kIndexMax = std::uint64_t{1} << 31;

// Null, or a text that is put into `text`.
bool is_text_or_null(View value, std::string& text) {
  text = value.text();
  return value.is(View::Kind::kNull) || value.as_string().has_value();
}

bool read_stop_reason(View value, bool& stops_for_tools) {
  std::string reason;
  if (!is_text_or_null(value, reason)) return false;
  stops_for_tools = reason == "tool_use";
  return true;
}

bool read_block_start(View block, MessageEvent& event) {
  event.block = read_block(block);
  return event.block.kind != BlockKind::kUnread;
}

bool read_block_delta(View delta, MessageEvent& event) {
  View type;
  View fragment;
  if (!delta.is(View::Kind::kObject) || !delta.pick({{"type", &type}, {"partial_json", &fragment}}))
    return false;
  const std::optional<std::string> type_text = type.as_string();
  if (!type_text) return false;
  // Arguments by another name would be arguments to somebody.
  if (*type_text != "input_json_delta") return fragment.is(View::Kind::kNull);
  event.fragment = fragment.as_string();
  return event.fragment.has_value();
}

bool read_message_delta(View delta, MessageEvent& event) {
  return delta.is(View::Kind::kObject) && delta.pick({{"stop_reason", &event.stop_reason}}) &&
         read_stop_reason(event.stop_reason, event.stops_for_tools);
}

Type type_of(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Type>, 6> kTypes{{
      {"message_start", Type::kMessageStart},
      {"content_block_start", Type::kBlockStart},
      {"content_block_delta", Type::kBlockDelta},
      {"content_block_stop", Type::kBlockStop},
      {"message_delta", Type::kMessageDelta},
      {"message_stop", Type::kMessageStop},
  }};
  for (const auto& [name, type] : kTypes)
    if (name == text) return type;
  return Type::kOther;
}

bool read_index(View value, MessageEvent& event) {
  const std::optional<std::uint64_t> index = value.as_count();
  if (!index || *index > kIndexMax) return false;
  event.index = *index;
  event.index_value = value;
  return true;
}

// What the members mean, once it is known which event it is.
bool read_members(View root, std::string_view name, MessageEvent& event) {
  View type;
  View index;
  View block;
  View delta;
  View message;
  if (!root.is(View::Kind::kObject) || !root.pick({{"type", &type},
                                                   {"index", &index},
                                                   {"content_block", &block},
                                                   {"delta", &delta},
                                                   {"message", &message}}))
    return false;
  const std::string type_text = type.text();
  event.type = type_of(type_text);
  event.has_name = !name.empty();
  // What belongs to an event of another type, or of one that is not known, may mean something to somebody.
  const bool has_delta = event.type == Type::kBlockDelta || event.type == Type::kMessageDelta;
  if ((event.type != Type::kBlockStart && !block.is(View::Kind::kNull)) ||
      (event.type != Type::kMessageStart && !message.is(View::Kind::kNull)) ||
      (!has_delta && !delta.is(View::Kind::kNull)))
    return false;
  switch (event.type) {
    case Type::kOther:
      return true;
    case Type::kMessageStart: {
      std::optional<Message> read = read_message(message);
      if (!read) return false;
      event.message = std::move(*read);
      break;
    }
    case Type::kBlockStart:
      if (!read_index(index, event) || !read_block_start(block, event)) return false;
      break;
    case Type::kBlockDelta:
      if (!read_index(index, event) || !read_block_delta(delta, event)) return false;
      break;
    case Type::kBlockStop:
      if (!read_index(index, event)) return false;
      break;
    case Type::kMessageDelta:
      if (!read_message_delta(delta, event)) return false;
      break;
    case Type::kMessageStop:
      break;
  }
  return name.empty() || name == type_text;
}

}  // namespace

std::optional<Message> read_message(View message) {
  Message read;
  if (!message.is(View::Kind::kObject) ||
      !message.pick({{"content", &read.content}, {"stop_reason", &read.stop_reason}}) ||
      !read_stop_reason(read.stop_reason, read.stops_for_tools))
    return std::nullopt;
  if (!read.content.is(View::Kind::kArray) && !read.content.is(View::Kind::kNull)) return std::nullopt;
  for (const View element : read.content.elements()) {
    Block& block = read.blocks.emplace_back(read_block(element));
    if (block.kind == BlockKind::kUnread) return std::nullopt;
    read.has_calls |= block.kind == BlockKind::kCall;
  }
  return read;
}

std::optional<MessageEvent> read_message_event(std::string_view raw, std::string& scratch) {
  MessageEvent event;
  const std::optional<std::string_view> data = http::sse_data(raw, scratch);
  // Some servers that speak this dialect end with what OpenAI's streams end with.
  if (!data || data->empty() || *data == "[DONE]") return event;
  event.data = *data;
  const std::optional<View> root = View::parse(*data);
  if (!root || !read_members(*root, http::sse_event_name(raw), event)) return std::nullopt;
  return event;
}

}  // namespace archestra::providers::anthropic
