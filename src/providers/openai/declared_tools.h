// The tools that a request declares for the client to run.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "model/tool.h"

namespace archestra::providers::openai {

/// Functions and custom tools, as chat completions or as the responses operation words them, legacy
/// functions, those inside of a namespace, and the built-in tools that the client runs, by the names that
/// built_in_tool() gives them. `slack` readable bytes follow the body.
std::vector<model::DeclaredTool> declared_tools(std::string_view body, std::size_t slack);

}  // namespace archestra::providers::openai
