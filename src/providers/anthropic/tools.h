// Tools in messages: those that a request declares, their results in its history, and the calls of a
// response.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "model/tool.h"
#include "providers/tool_calls.h"
#include "providers/tool_history.h"

namespace archestra::providers::anthropic {

/// For a response as a stream or as a body. Blocks tool_use are calls; server_tool_use and mcp_tool_use are
/// not.
std::unique_ptr<ToolCallReader> make_tool_call_reader();

/// Custom tools, and those of Anthropic's that the client runs, which have no schema.
std::vector<model::DeclaredTool> read_declared_tools(std::string_view body, std::size_t slack);

/// Blocks tool_result. Their tools' names are found by id in the calls that the request repeats.
ToolHistory read_tool_history(std::string_view body, std::size_t slack);

}  // namespace archestra::providers::anthropic
