#include "providers/openai/result_content.h"

#include <string>

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = View::Kind;

bool add_part(View part, ToolResult& result) {
  if (part.is(Kind::kString)) {
    result.contents.push_back(part.text());
    return true;
  }
  View type;
  View text;
  if (!part.is(Kind::kObject) || !part.pick({{"type", &type}, {"text", &text}})) return false;
  const bool is_text =
      type.is_string("text") || type.is_string("input_text") || type.is_string("output_text");
  if (is_text && text.is(Kind::kString))
    result.contents.push_back(text.text());
  else
    result.has_opaque = true;
  return true;
}

}  // namespace

void add_place(View value, std::string_view body, std::string_view before, std::string_view after,
               ToolResult& result) {
  result.places.push_back({.offset = static_cast<std::size_t>(value.raw().data() - body.data()),
                           .size = value.raw().size(),
                           .before = before,
                           .after = after});
}

bool add_content(View content, std::string_view body, ToolResult& result) {
  if (content.is(Kind::kNull)) return true;
  add_place(content, body, "", "", result);
  if (content.is(Kind::kString)) {
    result.contents.push_back(content.text());
  } else if (content.is(Kind::kArray)) {
    for (const View part : content.elements())
      if (!add_part(part, result)) return false;
  } else {
    result.contents.emplace_back(content.raw());
  }
  return true;
}

}  // namespace archestra::providers::openai
