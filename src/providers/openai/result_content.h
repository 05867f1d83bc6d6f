// The content of a tool's result, as texts.
#pragma once

#include <string_view>

#include "providers/json_view.h"
#include "providers/tool_history.h"

namespace archestra::providers::openai {

/// Adds a content that is a text, a list of parts, or any other JSON, and its place in `body`. False where it
/// makes no sense. Nothing for null.
bool add_content(json::View content, std::string_view body, ToolResult& result);

/// Adds where `value` stands in `body`.
void add_place(json::View value, std::string_view body, std::string_view before, std::string_view after,
               ToolResult& result);

}  // namespace archestra::providers::openai
