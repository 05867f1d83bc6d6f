// Answers to chat/completions as OpenAI writes them: one JSON object, or a stream of chunks. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "simulator/answer.h"
#include "simulator/body_source.h"
#include "simulator/openai_request.h"

namespace archestra::simulator {

struct ChatAnswer : Answer {
  std::string id;  ///< "chatcmpl-..."
  bool usage_in_stream = false;
};

ChatAnswer make_chat_answer(const ChatRequest& chat, const DialectRequest& request, std::int64_t now_s);

/// A JSON string: the request's model, with a date.
std::string dated_model(std::string_view model);

/// The answer as one object of at least about `bytes` bytes.
std::string chat_json(const ChatAnswer& answer, const Prose& prose, std::size_t bytes);
/// The answer as server-sent events. `prose` outlives it.
std::unique_ptr<BodySource> chat_stream(ChatAnswer answer, const Prose& prose);

}  // namespace archestra::simulator
