// Writes chat completions, and chunks of their streams, again without the tool calls that were refused.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "providers/json_view.h"
#include "providers/openai/chat_choices.h"

namespace archestra::providers::openai {

/// What the client knows of a choice by now.
struct ChoiceState {
  bool has_text = false;
  bool has_ended = false;
  bool is_refused = false;  ///< it has the refusal
};

/// Whether a chunk's choice cannot leave as it came.
inline bool is_concerned(const ChoicePart& choice) { return choice.has_calls() || choice.ends_in_calls; }

class ChatRefusal {
 public:
  /// Takes what a chunk says of its stream, which chunks of our own have to say too.
  void note_stream(json::View root);
  /// A chunk has left, or leaves, with these choices.
  void note(std::span<const ChoicePart> choices);

  /// Appends a chunk's data without its calls, with the refusal for each choice that has none yet. False
  /// where nothing is left of it: then nothing was appended.
  bool rewrite_chunk(json::View root, std::span<const ChoicePart> choices, std::string_view refusal,
                     std::string& out);
  /// The same of a whole answer.
  void rewrite_body(json::View root, std::span<const ChoicePart> choices, std::string_view refusal,
                    std::string& out);

  bool has_refused() const;
  /// Appends the data of a chunk that only has the refusal.
  void append_refusal(std::string_view refusal, std::string& out);
  /// Appends the data of a chunk that ends those choices that have the refusal and no end. False where there
  /// are none.
  bool append_end(std::string& out);
  /// Appends an answer that only has the refusal.
  static void append_body(std::string_view refusal, std::string& out);

 private:
  // More than any request may ask for (`n` is at most 128).
  static constexpr std::size_t kChoicesMax = 256;

  ChoiceState& state_of(std::uint64_t choice);
  void begin_chunk(std::string& out) const;

  std::map<std::uint64_t, ChoiceState> choices_;
  ChoiceState too_many_;
  std::string stream_;  // members of every chunk but `choices`
};

}  // namespace archestra::providers::openai
