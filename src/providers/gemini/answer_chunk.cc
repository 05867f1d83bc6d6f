#include "providers/gemini/answer_chunk.h"

#include <algorithm>
#include <utility>

#include "providers/gemini/strict_members.h"

namespace archestra::providers::gemini {
namespace {

using json::View;

bool read_call(View value, FunctionCall& call) {
  View name;
  View goes_on;
  if (!value.is(View::Kind::kObject) || !pick(value, {{"name", "", &name},
                                                      {"args", "", &call.args},
                                                      {"partialArgs", "partial_args", &call.partial_args},
                                                      {"willContinue", "will_continue", &goes_on}}))
    return false;
  call.name = name.as_string();
  call.will_continue = goes_on.is_true();
  return (call.name || is_null(name)) && is_list_or_null(call.partial_args) &&
         (is_null(goes_on) || goes_on.is(View::Kind::kBool));
}

// False where the part makes no sense; nothing is put where it is no call.
bool read_part(View part, std::optional<FunctionCall>& call) {
  View value;
  if (!part.is(View::Kind::kObject) || !pick(part, {{"functionCall", "function_call", &value}})) return false;
  return is_null(value) || read_call(value, call.emplace());
}

bool read_candidate(View value, std::uint64_t place, Candidate& candidate) {
  View content;
  View index;
  View finish_reason;
  if (!value.is(View::Kind::kObject) || !pick(value, {{"content", "", &content},
                                                      {"index", "", &index},
                                                      {"finishReason", "finish_reason", &finish_reason}}))
    return false;
  candidate.index = index.as_count().value_or(place);
  candidate.has_finish_reason = !is_null(finish_reason);
  if (!is_null(index) && !index.as_count()) return false;
  if (!is_object_or_null(content) || !pick(content, {{"parts", "", &candidate.parts}})) return false;
  if (!is_list_or_null(candidate.parts)) return false;
  for (const View part : candidate.parts.elements()) {
    std::optional<FunctionCall> call;
    if (!read_part(part, call)) return false;
    if (call)
      candidate.calls.push_back(std::move(*call));
    else
      ++candidate.other_parts;
  }
  return true;
}

}  // namespace

bool AnswerChunk::has_calls() const {
  return std::ranges::any_of(candidates, [](const Candidate& candidate) { return !candidate.calls.empty(); });
}

std::optional<AnswerChunk> read_chunk(std::string_view text, std::size_t slack) {
  const std::optional<View> root = View::parse(text, slack);
  View candidates;
  View feedback;
  if (!root || !root->is(View::Kind::kObject) ||
      !pick(*root, {{"candidates", "", &candidates}, {"promptFeedback", "prompt_feedback", &feedback}}) ||
      !is_list_or_null(candidates))
    return std::nullopt;
  AnswerChunk chunk;
  chunk.has_feedback = !is_null(feedback);
  for (const View candidate : candidates.elements()) {
    const std::uint64_t place = chunk.candidates.size();
    if (!read_candidate(candidate, place, chunk.candidates.emplace_back())) return std::nullopt;
  }
  return chunk;
}

bool is_call(View part) {
  std::optional<FunctionCall> call;
  return read_part(part, call) && call;
}

}  // namespace archestra::providers::gemini
