// Messages, request and response, JSON and server-sent events.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers::anthropic {

/// Model, stream, parameters, the tool results in the history, and the hash of its tools. Usage comes unasked
/// here: nothing is ever edited.
RequestFacts inspect_messages_request(std::string_view body, std::size_t slack);

/// Passes everything. A stream's figures are an estimate from message_start on, which knows the input, and
/// the provider's word once message_delta has told how much there was of the output.
std::unique_ptr<ResponseScan> make_messages_scan();

}  // namespace archestra::providers::anthropic
