// Messages and the events of their streams, read strictly: a text in which readers could find different calls
// makes no sense. messages_response.cc reads the same for its figures, and takes what it finds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/anthropic/content_block.h"
#include "providers/json_view.h"

namespace archestra::providers::anthropic {

/// A message, whole or as message_start brings it.
struct Message {
  json::View content;  ///< a list, or null
  json::View stop_reason;
  std::vector<Block> blocks;
  bool has_calls = false;
  bool stops_for_tools = false;
};
std::optional<Message> read_message(json::View message);

/// What SDKs do with an event depends on the type in its data; with its name too in some.
struct MessageEvent {
  enum class Type : std::uint8_t {
    kOther,  ///< no part of the message: a ping, an error, an event without data
    kMessageStart,
    kBlockStart,
    kBlockDelta,
    kBlockStop,
    kMessageDelta,
    kMessageStop,
  };
  Type type = Type::kOther;
  bool has_name = false;       ///< a name of its own, the same as the type
  std::string_view data = {};  ///< of the raw event, or of the scratch
  std::uint64_t index = 0;     ///< of a block's events
  json::View index_value = {};
  Message message = {};                      ///< of kMessageStart
  Block block = {};                          ///< of kBlockStart
  std::optional<std::string> fragment = {};  ///< of kBlockDelta: a piece of a call's arguments
  json::View stop_reason = {};               ///< of kMessageDelta
  bool stops_for_tools = false;              ///< likewise
};
/// Nothing where the event makes no sense. It lives as long as `raw` and `scratch` do.
std::optional<MessageEvent> read_message_event(std::string_view raw, std::string& scratch);

}  // namespace archestra::providers::anthropic
