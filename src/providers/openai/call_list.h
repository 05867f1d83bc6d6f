// Puts tool calls together from their pieces, within the bounds that a ToolCallReader keeps.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "providers/tool_calls.h"

namespace archestra::providers::openai {

class CallList {
 public:
  /// Outlived by `calls`, which holds what is put together.
  explicit CallList(std::vector<ToolCall>& calls) : calls_(calls) {}

  /// The place of a new call; nothing where there are too many.
  std::optional<std::size_t> add(std::string_view name);
  /// False where there is no room for it: then the call cannot be told from others.
  bool append_name(std::size_t at, std::string_view piece);
  /// Where there is no room the arguments are no longer readable.
  void append_arguments(std::size_t at, std::string_view piece);
  /// The same of a text that is no JSON: the arguments are a JSON string.
  void append_input(std::size_t at, std::string_view piece);
  /// Other ones instead, which are readable if there is room for them.
  void replace_arguments(std::size_t at, std::string_view arguments);
  void spoil_arguments(std::size_t at) { calls_[at].arguments_are_readable = false; }

  const ToolCall& operator[](std::size_t at) const { return calls_[at]; }

 private:
  bool take_room(std::size_t bytes);

  std::vector<ToolCall>& calls_;
  std::size_t bytes_ = 0;  // of all names and arguments
};

}  // namespace archestra::providers::openai
