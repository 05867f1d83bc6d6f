// Puts together the calls of a response from the events of its stream, which name each several times: at its
// beginning, in pieces, at its end, and with the whole response.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/openai/call_list.h"
#include "providers/openai/responses_event.h"

namespace archestra::providers::openai {

class ResponsesCalls {
 public:
  /// Outlived by `calls`. A call that is not the same each time it is named is several in there.
  explicit ResponsesCalls(std::vector<ToolCall>& calls) : list_(calls) {}

  /// Takes what an event says, and tells what it is.
  EventKind take(const ResponsesEvent& event);
  EventKind take_output(const std::vector<OutputItem>& output);

  /// What an event is that was taken.
  bool is_of_call(const ResponsesEvent& event) const;

 private:
  struct Item {
    std::optional<std::uint64_t> index;
    std::string id;
    bool is_call = false;
    bool is_input = false;
    bool is_draft = false;                 // what it has of arguments is from its beginning
    bool began_unseen = false;             // the stream began in its middle
    bool has_last_word = false;            // nothing should be added to its arguments
    std::size_t at = 0;                    // in list_
    std::vector<std::size_t> others = {};  // what else it was said to be
  };
  /// One time that a call is named.
  struct Statement {
    std::string_view name;
    std::string_view arguments;  // JSON text
    bool is_draft = false;
  };

  std::optional<std::size_t> find(const ResponsesEvent& event, bool is_call) const;
  Item* find_call(const ResponsesEvent& event);
  Item* begin(const OutputItem& item, std::optional<std::uint64_t> index);
  EventKind take_item(const ResponsesEvent& event);
  EventKind take_part(const ResponsesEvent& event);
  bool take_piece(Item& call, const ResponsesEvent& event);
  bool state(Item& call, const Statement& statement);
  bool add_other(Item& call, const ToolCall& other);

  CallList list_;
  std::vector<Item> items_;
};

}  // namespace archestra::providers::openai
