// The content of one call, for an agent that has it captured: what the provider got and what it answered.
// Where a policy took something out, that is without what the provider was not given, and with what it said
// and the client did not get: docs/decisions/0013-what-is-captured.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "call/call_record.h"
#include "http/head.h"
#include "providers/provider.h"
#include "proxy/settings.h"

namespace archestra::proxy {

/// What call::CapturedContent has views of.
struct CapturedTexts {
  std::string system_instructions;
  std::string input_messages;
  std::string output_messages;
  std::string tool_definitions;

  call::CapturedContent views() const {
    return {system_instructions, input_messages, output_messages, tool_definitions};
  }
};

/// When the call is over: `head` and `body` are those of its request, `reader` read its answer and may be
/// null. `slack` readable bytes follow the body. There is a redactor.
CapturedTexts capture_content(const Settings& settings, const providers::Provider& provider,
                              const call::Route& route, const http::RequestHead& head, std::string_view body,
                              std::size_t slack, const providers::ContentReader* reader);

}  // namespace archestra::proxy
