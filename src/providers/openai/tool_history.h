// The results of tools that a request carries, strictly read.
#pragma once

#include <cstddef>
#include <string_view>

#include "providers/tool_history.h"

namespace archestra::providers::openai {

/// Messages of the roles "tool" and "function". `slack` readable bytes follow the body.
ToolHistory chat_history(std::string_view body, std::size_t slack);

/// Items that are outputs of calls which the client has run. The places of a shell's results and of those of
/// a tool search take an object; a screenshot's takes nothing that the provider would accept with a text in
/// it, so that a request whose screenshot is replaced is refused there.
ToolHistory responses_history(std::string_view body, std::size_t slack);

}  // namespace archestra::providers::openai
