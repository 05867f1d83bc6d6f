// What the simulator reads of a chat/completions request: only what the answer depends on.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace archestra::simulator {

struct ChatRequest {
  std::string model;
  bool stream = false;
  bool include_usage = false;   ///< stream_options.include_usage
  std::uint32_t choices = 1;    ///< n
  bool may_call_tools = false;  ///< tools are declared and tool_choice does not say "none"
  std::string tool_name;        ///< of the first tool
  std::string tool_arguments;   ///< a JSON object with the properties that tool declares
};

/// Why a request is refused, in the provider's terms.
struct BadRequest {
  std::string_view message;
  std::string_view param;  ///< "" for none
};

/// Keeps its buffers from one request to the next. One thread.
class ChatRequestParser {
 public:
  ChatRequestParser();
  ~ChatRequestParser();
  std::expected<ChatRequest, BadRequest> parse(std::string_view body);

 private:
  struct Json;
  const std::unique_ptr<Json> json_;
};

}  // namespace archestra::simulator
