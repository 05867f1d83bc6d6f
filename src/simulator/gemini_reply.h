// What all of Gemini's answers have in common: the fields beside the body, and errors.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "simulator/dialect.h"

namespace archestra::simulator {

Reply gemini_json(const DialectRequest& request, std::string body);
/// An error; without a message it is the provider's usual one for the status. Where a stream as one JSON
/// array was asked for, it is an array of the error.
Reply gemini_error(const DialectRequest& request, int status, std::string_view message = {});

/// Whether a stream shall be server-sent events; otherwise it is one JSON array.
bool wants_events(const DialectRequest& request);
/// Whether the operation is one that streams.
bool wants_stream(const DialectRequest& request);

}  // namespace archestra::simulator
