// Answers to messages as Anthropic writes them: one object, or the events that build it up. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "simulator/answer.h"
#include "simulator/body_source.h"
#include "simulator/request_json.h"

namespace archestra::simulator {

struct MessagesAnswer : Answer {
  std::string id;  ///< "msg_..."
};

/// Also of what counts tokens, which needs no `max_tokens`.
ReadRequest<Asked> read_messages(BodyParser& parser, std::string_view body, bool counts_only);

MessagesAnswer make_messages_answer(const Asked& asked, const DialectRequest& request);

/// The answer as one object of at least about `bytes` bytes.
std::string messages_json(const MessagesAnswer& answer, const Prose& prose, std::size_t bytes);
/// The answer as server-sent events. `prose` outlives it.
std::unique_ptr<BodySource> messages_stream(MessagesAnswer answer, const Prose& prose);

}  // namespace archestra::simulator
