// Content blocks of a message, read strictly: which of them ask the client to run a tool.
#pragma once

#include <string>
#include <string_view>

#include "providers/json_view.h"

namespace archestra::providers::anthropic {

enum class BlockKind : std::uint8_t {
  kOther,       ///< text, thinking, results of the provider's tools, and whatever is not known
  kServerTool,  ///< a call of a tool that the provider runs itself
  kCall,        ///< a call for the client
  kUnread,      ///< may be one
};

struct Block {
  BlockKind kind = BlockKind::kUnread;
  std::string name = {};  ///< of a kCall
  json::View input = {};  ///< likewise; null where it has none
};
Block read_block(json::View block);

/// {"type":"text","text":<text>}
void append_text_block(std::string& out, std::string_view text);

/// Appends a list of blocks without its calls; `refusal` is a text in the place of the first, where it is not
/// empty.
void append_without_calls(std::string& out, json::View content, std::string_view refusal);

}  // namespace archestra::providers::anthropic
