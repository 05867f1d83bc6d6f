// What the gateway reads in the requests of all operations it understands.
#pragma once

#include <cstddef>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers::openai {

/// Model, stream, tool results in the history, parameters, and, where `usage` says so, the edit that asks for
/// usage where the client streams and did not ask. Only some operations know that option; see
/// stream_options.h.
RequestFacts inspect_request(std::string_view body, std::size_t slack, UsageOption usage);

}  // namespace archestra::providers::openai
