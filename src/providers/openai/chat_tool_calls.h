// Tool calls in the answers of chat completions, JSON and server-sent events: reading them, and refusing
// them.
#pragma once

#include <memory>

#include "providers/tool_calls.h"

namespace archestra::providers::openai {

/// Arguments of a custom tool are its input, as a JSON string.
std::unique_ptr<ToolCallReader> make_chat_tool_calls();

}  // namespace archestra::providers::openai
