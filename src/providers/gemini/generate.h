// generateContent and its stream, request and response; embeddings' answers too, as far as they tell usage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers::gemini {

/// How many results of function calls the contents of a request carry. `slack` readable bytes follow it.
std::uint32_t count_function_responses(std::string_view body, std::size_t slack);

/// How a response comes.
enum class Answer : std::uint8_t {
  kDocument,  ///< one JSON document
  kStream,    ///< server-sent events, or one JSON array of the same
};

std::unique_ptr<ResponseScan> make_generate_scan(Answer answer);

}  // namespace archestra::providers::gemini
