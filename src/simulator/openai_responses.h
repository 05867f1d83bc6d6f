// Answers to responses as OpenAI writes them: one object, or the events that build it up. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "simulator/answer.h"
#include "simulator/body_source.h"

namespace archestra::simulator {

struct ResponsesAnswer : Answer {
  std::string id;  ///< "resp_..."
};

ResponsesAnswer make_responses_answer(const Asked& asked, const DialectRequest& request, std::int64_t now_s);

/// The answer as one object of at least about `bytes` bytes.
std::string responses_json(const ResponsesAnswer& answer, const Prose& prose, std::size_t bytes);
/// The answer as server-sent events. `prose` outlives it.
std::unique_ptr<BodySource> responses_stream(ResponsesAnswer answer, const Prose& prose);

}  // namespace archestra::simulator
