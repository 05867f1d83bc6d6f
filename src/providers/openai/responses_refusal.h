// Writes responses, and the events of their streams, again without the tool calls that were refused: the
// first call becomes a message, the others are left out, and what comes behind them closes up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/json_view.h"
#include "providers/openai/responses_event.h"

namespace archestra::providers::openai {

class ResponsesRefusal {
 public:
  /// An event that has left as it came.
  void note(const ResponsesEvent& event);
  /// The same of one that only had another number than the last.
  void note_number(std::uint64_t number) { next_number_ = number + 1; }

  bool has_refused() const { return !message_id_.empty(); }
  /// Where the first event that does not leave as it came would have stood.
  void begin(std::optional<std::uint64_t> number);

  /// Appends the events of a message with the refusal in the place of this event, which is part of a call,
  /// or null where nobody knows what it is.
  void append_message(const ResponsesEvent* event, std::string_view refusal, std::string& out);
  /// Appends an event that is no part of a call, with its numbers as they are now.
  void append_event(std::string_view raw, json::View root, const ResponsesEvent& event,
                    std::string_view refusal, std::string& out);

  static void rewrite_body(json::View root, const std::vector<OutputItem>& output, std::string_view refusal,
                           std::string& out);
  /// Appends an answer that only has the refusal.
  static void append_body(std::string_view refusal, std::string& out);

 private:
  std::uint64_t new_index(std::uint64_t output_index);
  std::uint64_t index_of(std::uint64_t output_index);
  void append_message(std::string_view call_id, std::uint64_t index, std::string_view refusal,
                      std::string& out);
  void append_own(std::string_view type, std::string_view members, std::string& out);

  std::uint64_t next_number_ = 0;
  bool has_begun_ = false;
  std::map<std::uint64_t, std::uint64_t> indexes_;  // of items that came, now
  std::uint64_t next_index_ = 0;
  std::string message_id_;
  std::uint64_t message_index_ = 0;
};

}  // namespace archestra::providers::openai
