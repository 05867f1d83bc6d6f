// What all of OpenAI's answers have in common: the fields beside the body, and errors.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "simulator/answer.h"
#include "simulator/dialect.h"

namespace archestra::simulator {

/// An answer still without a body.
Reply openai_reply(const DialectRequest& request);
Reply openai_json(const DialectRequest& request, std::string body);
Reply openai_events(const DialectRequest& request, std::unique_ptr<BodySource> stream);
/// An error; without a message it is the provider's usual one for the status.
Reply openai_error(const DialectRequest& request, int status, std::string_view message = {},
                   std::string_view param = {});
inline Reply openai_refusal(const DialectRequest& request, const BadRequest& why) {
  return openai_error(request, 400, why.message, why.param);
}

}  // namespace archestra::simulator
