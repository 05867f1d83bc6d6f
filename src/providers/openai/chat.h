// Chat completions, request and response, JSON and server-sent events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers::openai {

/// Model, stream, and the edit that asks for usage where the client streams and did not (stream_options is
/// added, or merged with the one that is there).
RequestFacts inspect_chat_request(std::string_view body, std::size_t slack, UsageOption usage);

/// What the client gets of the one chunk with empty choices and usage.
enum class UsageChunk : std::uint8_t { kPass, kDrop };

std::unique_ptr<ResponseScan> make_chat_scan(UsageChunk usage_chunk);

}  // namespace archestra::providers::openai
