// A chunk of a response, or all of it, read strictly: a text in which readers could find different calls
// makes no sense. generate_response.cc reads the same for its figures, and takes what it finds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/json_view.h"

namespace archestra::providers::gemini {

/// A part functionCall: a call, or a piece of one.
struct FunctionCall {
  std::optional<std::string> name;  ///< none: a further piece
  json::View args;
  json::View partial_args;
  bool will_continue = false;
};

struct Candidate {
  std::uint64_t index = 0;
  json::View parts;  ///< a list, or null
  std::vector<FunctionCall> calls;
  std::size_t other_parts = 0;
  bool has_finish_reason = false;
};

struct AnswerChunk {
  std::vector<Candidate> candidates;
  bool has_feedback = false;  ///< on the prompt

  bool has_calls() const;
};
/// `text` is a chunk's data. Nothing where it makes no sense.
std::optional<AnswerChunk> read_chunk(std::string_view text, std::size_t slack);

/// Whether a part of a chunk that was read is a functionCall.
bool is_call(json::View part);

}  // namespace archestra::providers::gemini
