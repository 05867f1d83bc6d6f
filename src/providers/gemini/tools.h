// Tools in generateContent: those that a request declares, their results in its history, and the calls of a
// response.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/tool.h"
#include "providers/tool_calls.h"
#include "providers/tool_history.h"

namespace archestra::providers::gemini {

/// How the chunks of a stream come. What is asked for and what comes may be different.
enum class ChunkForm : std::uint8_t { kEvents, kElements };

/// For a response as a stream, or as a body. Parts with a functionCall are calls; what has to do with tools
/// of Google's (executableCode, toolCall) is none. `asked` is for what leaves before a chunk has shown the
/// form.
std::unique_ptr<ToolCallReader> make_tool_call_reader(ChunkForm asked = ChunkForm::kEvents);

/// Function declarations. Google's own tools have none.
std::vector<model::DeclaredTool> read_declared_tools(std::string_view body, std::size_t slack);

/// Parts with a functionResponse, which names its function itself.
ToolHistory read_tool_history(std::string_view body, std::size_t slack);

}  // namespace archestra::providers::gemini
