// The items of a response that are calls which the client is to run, and what they call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "providers/json_view.h"

namespace archestra::providers::openai {

/// What an output item says of who runs it.
struct ItemKind {
  std::string_view type;
  std::string_view execution;
  std::string_view environment;  ///< the type of the environment that it runs in
};

/// Whether an output item is known as a call for the client. Searches, the interpreter, MCP and a hosted
/// shell are run by the provider.
bool is_call_to_client(const ItemKind& kind);

/// The tool behind a type of item that names none, "" for any other: {"type":"shell"} among the tools,
/// shell_call among the output and shell_call_output in the history are of the tool "shell".
std::string_view built_in_tool(std::string_view item_type);

/// An item of a response's output, read strictly.
struct OutputItem {
  bool is_call = false;  ///< for the client, or of a type that nobody knows here and might be
  std::string id;
  std::string name;       ///< of a call: that of the function, or built_in_tool(), or else the type
  std::string arguments;  ///< of a call: JSON text; of a built-in tool an object with what is to be done:
                          ///< {"action":{...}}, {"operation":{...}}
  bool is_input = false;  ///< of a custom tool: the arguments are a JSON string
};

/// Nothing where it makes no sense.
std::optional<OutputItem> read_output_item(json::View item);

}  // namespace archestra::providers::openai
