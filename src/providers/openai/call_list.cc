#include "providers/openai/call_list.h"

#include <string>

#include "base/json_text.h"

namespace archestra::providers::openai {

bool CallList::take_room(std::size_t bytes) {
  if (bytes > ToolCallReader::kArgumentBytesMax - bytes_) return false;
  bytes_ += bytes;
  return true;
}

std::optional<std::size_t> CallList::add(std::string_view name) {
  if (calls_.size() >= ToolCallReader::kCallsMax || !take_room(name.size())) return std::nullopt;
  calls_.push_back({.name = std::string(name), .arguments = {}});
  return calls_.size() - 1;
}

bool CallList::append_name(std::size_t at, std::string_view piece) {
  if (!take_room(piece.size())) return false;
  calls_[at].name += piece;
  return true;
}

void CallList::append_arguments(std::size_t at, std::string_view piece) {
  if (!calls_[at].arguments_are_readable) return;
  if (take_room(piece.size()))
    calls_[at].arguments += piece;
  else
    spoil_arguments(at);
}

void CallList::append_input(std::size_t at, std::string_view piece) {
  std::string text;
  base::append_json_string(text, piece);
  std::string& arguments = calls_[at].arguments;
  if (arguments.empty()) return append_arguments(at, text);
  if (!calls_[at].arguments_are_readable) return;
  if (!take_room(text.size())) return spoil_arguments(at);
  arguments.pop_back();  // its last quote
  arguments.append(text, 1);
}

void CallList::replace_arguments(std::size_t at, std::string_view arguments) {
  calls_[at].arguments.clear();
  calls_[at].arguments_are_readable = true;
  append_arguments(at, arguments);
}

}  // namespace archestra::providers::openai
