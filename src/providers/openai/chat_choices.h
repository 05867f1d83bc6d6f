// The choices of a chat completion, or of one chunk of its stream, read strictly for tool calls: what two
// readers could understand differently is not read at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "providers/json_view.h"

namespace archestra::providers::openai {

/// A tool call, or a fragment of one.
struct CallPart {
  std::optional<std::uint64_t> index;  ///< which of the choice's calls it is of, where it says so
  bool is_legacy = false;              ///< a function_call, of which a choice has one
  std::string id;
  std::string name;
  std::string arguments;  ///< text; of an object or an array its JSON text
  bool is_input = false;  ///< of a custom tool: the arguments are no JSON
};

struct ChoicePart {
  std::uint64_t index = 0;  ///< its place where it does not say
  bool says_index = false;
  bool has_text = false;        ///< in delta or message
  bool has_ended = false;       ///< it has a finish reason
  bool ends_in_calls = false;   ///< and that says that there were calls
  std::vector<CallPart> delta;  ///< fragments that the stream's delta has
  std::vector<CallPart> message;

  bool has_calls() const { return !delta.empty() || !message.empty(); }
};

/// Nothing where it makes no sense. A root without choices has none.
std::optional<std::vector<ChoicePart>> read_choices(json::View root);

}  // namespace archestra::providers::openai
