#include "simulator/answer.h"

#include <algorithm>

#include "base/ids.h"
#include "base/json_text.h"
#include "simulator/made_id.h"

namespace archestra::simulator {
namespace {

constexpr std::size_t kFragmentBytes = 7;  // of tool arguments, in a stream
constexpr std::size_t kThoughtsAt = 2048;  // thoughts are words from another place than the text's

}  // namespace

Answer make_answer(const Asked& asked, const DialectRequest& request, std::int64_t now_s) {
  const Behaviour& behaviour = request.behaviour;
  Answer answer;
  answer.created_s = now_s;
  answer.choices = asked.choices;
  answer.tokens = behaviour.tokens;
  answer.tool_arguments = asked.tool_arguments;
  answer.error_event = behaviour.error_event;
  answer.first_word = static_cast<std::size_t>(request.random.below(1 << 20));
  answer.id_seed = request.random.next();
  base::append_json_string(answer.tool_name, asked.tool_name);
  const bool by_chance = asked.may_call_tools && request.random.unit() < behaviour.tool_call_fraction;
  answer.tool_calls = behaviour.tool_calls.value_or(by_chance ? 1 : 0);
  TokenFigures figures =
      token_figures(request.body, std::uint64_t{answer.tokens} * answer.choices, request.seed);
  if (asked.thoughts) {
    answer.thought_words = std::max<std::uint32_t>(answer.tokens / 2, 1);
    figures.reasoning_tokens = figures.completion_tokens / 2;
  }
  if (behaviour.usage) answer.usage = figures;
  return answer;
}

std::string part_id(const Answer& answer, std::string_view prefix, std::size_t characters,
                    std::uint64_t part) {
  base::Random random(answer.id_seed + part);
  return made_id(random, prefix, characters);
}

std::vector<std::string_view> argument_fragments(std::string_view arguments) {
  std::vector<std::string_view> fragments;
  do {
    std::size_t size = 0;
    while (size < kFragmentBytes && size < arguments.size())
      size += std::max<std::size_t>(base::utf8_sequence_length(arguments.substr(size)), 1);
    fragments.push_back(arguments.substr(0, size));
    arguments.remove_prefix(size);
  } while (!arguments.empty());
  return fragments;
}

Blocks::Blocks(const Answer& answer, const Prose& prose)
    : answer_(answer), prose_(prose), fragments_(argument_fragments(answer.tool_arguments)) {
  if (answer.thought_words > 0)
    blocks_.push_back({.kind = Block::Kind::kThoughts,
                       .pieces = answer.thought_words,
                       .first_word = answer.first_word + kThoughtsAt});
  for (std::uint32_t call = 0; call < answer.tool_calls; ++call)
    blocks_.push_back({.kind = Block::Kind::kToolCall, .call = call, .pieces = fragments_.size()});
  if (answer.tool_calls == 0)
    blocks_.push_back({.kind = Block::Kind::kText, .pieces = answer.tokens, .first_word = answer.first_word});
}

void Blocks::append_piece(std::string& out, const Block& block, std::uint64_t piece) const {
  if (block.kind == Block::Kind::kToolCall) {
    base::append_json_string(out, fragments_[piece]);
    return;
  }
  out.append("\"").append(prose_.word(block.first_word + piece)).append("\"");
}

void Blocks::append_whole(std::string& out, const Block& block, std::size_t padding) const {
  if (block.kind == Block::Kind::kToolCall) {
    base::append_json_string(out, answer_.tool_arguments);
    return;
  }
  out.append("\"");
  prose_.append_words(out, block.first_word, block.pieces);
  if (block.kind == Block::Kind::kText) prose_.append_bytes(out, block.first_word + block.pieces, padding);
  out.append("\"");
}

std::optional<BlockWalk::Step> BlockWalk::next() {
  for (; block_ < blocks_.size(); ++block_, step_ = 0) {
    const std::uint64_t step = step_++;
    const std::uint64_t before = before_(blocks_, block_);
    if (step < before) return Step{block_, Part::kBefore, step};
    const std::uint64_t pieces = blocks_[block_].pieces;
    if (step < before + pieces) return Step{block_, Part::kPiece, step - before};
    if (step < before + pieces + after_(blocks_, block_))
      return Step{block_, Part::kAfter, step - before - pieces};
  }
  return std::nullopt;
}

}  // namespace archestra::simulator
