// What the simulator reads of OpenAI's requests: only what the answers depend on. For .cc files alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "simulator/answer.h"
#include "simulator/request_json.h"

namespace archestra::simulator {

struct ChatRequest : Asked {
  bool include_usage = false;  ///< stream_options.include_usage
};

struct EmbeddingsRequest {
  std::string model;
  std::size_t inputs = 1;
  std::size_t dimensions = 0;
  bool base64 = false;  ///< of little-endian floats
};

ReadRequest<ChatRequest> read_chat(BodyParser& parser, std::string_view body);
/// Of the legacy completions; `choices` counts those of all prompts.
ReadRequest<ChatRequest> read_completions(BodyParser& parser, std::string_view body);
ReadRequest<Asked> read_responses(BodyParser& parser, std::string_view body);
ReadRequest<EmbeddingsRequest> read_embeddings(BodyParser& parser, std::string_view body);

}  // namespace archestra::simulator
