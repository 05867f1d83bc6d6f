// The answers of chat completions, JSON and server-sent events. Those of legacy completions are the same but
// for the place of their text, and those of embeddings are the same without any.
#pragma once

#include <cstdint>
#include <memory>

#include "providers/provider.h"

namespace archestra::providers::openai {

/// What the client gets of the one chunk with empty choices and usage.
enum class UsageChunk : std::uint8_t { kPass, kDrop };

std::unique_ptr<ResponseScan> make_chat_scan(UsageChunk usage_chunk);

}  // namespace archestra::providers::openai
