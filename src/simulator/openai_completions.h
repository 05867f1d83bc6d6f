// Answers to the legacy completions as OpenAI writes them: one object, or a stream of chunks. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "simulator/body_source.h"
#include "simulator/openai_chat.h"

namespace archestra::simulator {

/// A ChatAnswer, of which completions use all but the tool calls.
ChatAnswer make_completion_answer(const ChatRequest& asked, const DialectRequest& request,
                                  std::int64_t now_s);
std::string completion_json(const ChatAnswer& answer, const Prose& prose, std::size_t bytes);
/// `prose` outlives it.
std::unique_ptr<BodySource> completion_stream(ChatAnswer answer, const Prose& prose);

}  // namespace archestra::simulator
