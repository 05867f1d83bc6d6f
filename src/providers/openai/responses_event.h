// One event of a response's stream, read strictly for tool calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "providers/json_view.h"
#include "providers/openai/call_items.h"

namespace archestra::providers::openai {

struct ResponsesEvent {
  std::string type;
  std::optional<std::uint64_t> number;        ///< its place in the stream
  std::optional<std::uint64_t> output_index;  ///< of the item that it is about
  std::string item_id;                        ///< likewise
  std::optional<OutputItem> item;
  json::View response;             ///< as it stands there; null for none
  std::vector<OutputItem> output;  ///< of that response
  std::optional<std::string> delta;
  std::optional<std::string> arguments;  ///< of a function, whole
  std::optional<std::string> input;      ///< of a custom tool, whole
  std::string name;
};

/// Nothing where it makes no sense.
std::optional<ResponsesEvent> read_responses_event(json::View root);

/// The items of a response's output, or of an answer that is no stream. Nothing where it makes no sense.
std::optional<std::vector<OutputItem>> read_output(json::View response);

/// Whether an event of this type may be part of a call for the client, whatever item it is about.
bool may_be_of_call(std::string_view type);
/// The event that has the whole response, at its end.
bool is_closing(std::string_view type);

}  // namespace archestra::providers::openai
