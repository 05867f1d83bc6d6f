// Tool calls in the answers of the responses operation, JSON and server-sent events: reading them, and
// refusing them. call_items.h says which items are calls, and what their names and arguments are.
#pragma once

#include <memory>

#include "providers/tool_calls.h"

namespace archestra::providers::openai {

std::unique_ptr<ToolCallReader> make_responses_tool_calls();

}  // namespace archestra::providers::openai
