// What all of Anthropic's answers have in common: the fields beside the body, and errors.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "simulator/dialect.h"

namespace archestra::simulator {

Reply anthropic_json(const DialectRequest& request, std::string body);
Reply anthropic_events(const DialectRequest& request, std::unique_ptr<BodySource> stream);
/// An error; without a message it is the provider's usual one for the status.
Reply anthropic_error(const DialectRequest& request, int status, std::string_view message = {});

}  // namespace archestra::simulator
