// generateContent and its stream, request and response; embeddings too, as far as they tell anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers::gemini {

/// What the body of a request says: the results of function calls in its contents, and its parameters. Model
/// and stream stand in the path. `slack` readable bytes follow it.
RequestFacts inspect_generate_request(std::string_view body, std::size_t slack);

/// How a response comes.
enum class Answer : std::uint8_t {
  kDocument,  ///< one JSON document
  kStream,    ///< server-sent events, or one JSON array of the same
};

std::unique_ptr<ResponseScan> make_generate_scan(Answer answer);

}  // namespace archestra::providers::gemini
