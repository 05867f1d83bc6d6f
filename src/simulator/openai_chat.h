// Answers to chat/completions as OpenAI writes them: one JSON object, or a stream of chunks. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "simulator/body_source.h"
#include "simulator/dialect.h"
#include "simulator/openai_request.h"

namespace archestra::simulator {

struct ChatUsage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;  ///< part of the prompt
  std::uint64_t completion_tokens = 0;
  std::uint64_t reasoning_tokens = 0;  ///< part of the completion; the visible text does not shrink for it
};

/// The figures for a request: they depend on its body, the tokens asked for and the seed, so that a
/// test can know them. About a quarter of requests have cached tokens, a quarter reasoning tokens.
ChatUsage chat_usage(std::string_view body, std::uint64_t tokens, std::uint64_t seed);

/// Everything an answer says, decided before its first byte.
struct ChatAnswer {
  std::string id;     ///< "chatcmpl-..."
  std::string model;  ///< a JSON string with its quotes: the request's model, with a date
  std::int64_t created_s = 0;
  std::uint32_t choices = 1;
  std::uint32_t tokens = 0;      ///< words of each choice
  std::uint32_t tool_calls = 0;  ///< of each choice; then there is no text
  std::string tool_name;         ///< a JSON string with its quotes
  std::string tool_arguments;
  std::optional<ChatUsage> usage;
  bool usage_in_stream = false;
  std::optional<std::uint32_t> error_event;
  std::size_t first_word = 0;
  std::uint64_t tool_id_seed = 0;
};

ChatAnswer make_chat_answer(const ChatRequest& chat, const DialectRequest& request, std::int64_t now_s);

/// The answer as one object of at least about `bytes` bytes.
std::string chat_json(const ChatAnswer& answer, const Prose& prose, std::size_t bytes);
/// The answer as server-sent events. `prose` outlives it.
std::unique_ptr<BodySource> chat_stream(ChatAnswer answer, const Prose& prose);

}  // namespace archestra::simulator
