// What an answer says, decided before its first byte, and its parts in order; the dialects only write
// it down. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/dialect.h"
#include "simulator/figures.h"
#include "simulator/prose.h"

namespace archestra::simulator {

/// What a request says that answers of every dialect depend on.
struct Asked {
  std::string model;
  bool stream = false;
  bool thoughts = false;               ///< what the model thinks is to be shown
  std::uint32_t choices = 1;           ///< answers to the same question
  bool may_call_tools = false;         ///< tools are declared and none of the request's words forbids them
  bool provider_tools = false;         ///< tools that the provider itself runs are declared
  std::string tool_name = "sim_tool";  ///< of the first tool
  std::string tool_arguments = "{}";   ///< a JSON object with the properties that tool declares
};

/// Why a request is refused, in the provider's terms.
struct BadRequest {
  std::string message;
  std::string_view param;  ///< "" for none
};
template <class Request>
using ReadRequest = std::expected<Request, BadRequest>;

struct Answer {
  std::string model;  ///< a JSON string with its quotes, as the provider names the model
  std::int64_t created_s = 0;
  std::uint32_t choices = 1;
  std::uint32_t tokens = 0;         ///< words of each choice
  std::uint32_t thought_words = 0;  ///< shown before the rest; 0: none are shown
  std::uint32_t tool_calls = 0;     ///< of each choice; then there is no text
  std::string tool_name;            ///< a JSON string with its quotes
  std::string tool_arguments;
  std::optional<TokenFigures> usage;
  std::optional<std::uint32_t> error_event;
  std::size_t first_word = 0;
  std::uint64_t id_seed = 0;
};

Answer make_answer(const Asked& asked, const DialectRequest& request, std::int64_t now_s);

/// The id of a part of the answer, the same whenever it is asked for.
std::string part_id(const Answer& answer, std::string_view prefix, std::size_t characters,
                    std::uint64_t part);

/// The pieces in which a stream gives out arguments: whole UTF-8 sequences, at least one piece.
std::vector<std::string_view> argument_fragments(std::string_view arguments);

/// A part of an answer that has a beginning and an end of its own in a stream.
struct Block {
  enum class Kind : std::uint8_t { kThoughts, kText, kToolCall };
  Kind kind = Kind::kText;
  std::uint32_t call = 0;    ///< which tool call
  std::uint64_t pieces = 0;  ///< so many words, or fragments of arguments
  std::size_t first_word = 0;
};

/// The blocks of an answer's (only) choice: thoughts if any, then text or tool calls. `answer` and
/// `prose` outlive it.
class Blocks {
 public:
  Blocks(const Answer& answer, const Prose& prose);

  std::size_t size() const { return blocks_.size(); }
  const Block& operator[](std::size_t index) const { return blocks_[index]; }
  /// One piece of a block, as a JSON string.
  void append_piece(std::string& out, const Block& block, std::uint64_t piece) const;
  /// All of a block, as a JSON string; text with `padding` bytes more.
  void append_whole(std::string& out, const Block& block, std::size_t padding = 0) const;

 private:
  const Answer& answer_;
  const Prose& prose_;
  std::vector<std::string_view> fragments_;  // of answer_.tool_arguments
  std::vector<Block> blocks_;
};

/// Goes through the events of a stream that are about blocks: so many before each block's pieces, the
/// pieces, so many after them. `blocks` outlives it.
class BlockWalk {
 public:
  enum class Part : std::uint8_t { kBefore, kPiece, kAfter };
  struct Step {
    std::size_t block = 0;
    Part part = Part::kBefore;
    std::uint64_t number = 0;  ///< from 0, of this part
  };
  /// How many events a block has before or after its pieces.
  using Count = std::uint64_t (*)(const Blocks& blocks, std::size_t block);

  BlockWalk(const Blocks& blocks, Count before, Count after)
      : blocks_(blocks), before_(before), after_(after) {}
  /// Nothing after the last event of the last block.
  std::optional<Step> next();

 private:
  const Blocks& blocks_;
  const Count before_;
  const Count after_;
  std::size_t block_ = 0;
  std::uint64_t step_ = 0;
};

}  // namespace archestra::simulator
