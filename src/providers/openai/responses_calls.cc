#include "providers/openai/responses_calls.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"

namespace archestra::providers::openai {
namespace {

// No response has so many.
constexpr std::size_t kItemsMax = 4096;

// A shell's commands go by in such events wherever it runs.
bool is_of_any_shell(const ResponsesEvent& event) { return event.type.starts_with("response.shell_call"); }

}  // namespace

// Servers differ in whether an item keeps its id from event to event, so that its place comes first.
std::optional<std::size_t> ResponsesCalls::find(const ResponsesEvent& event, bool is_call) const {
  const auto find_newest = [&](auto is_it) -> std::optional<std::size_t> {
    for (std::size_t i = items_.size(); i > 0; --i)
      if (is_it(items_[i - 1])) return i - 1;
    return std::nullopt;
  };
  const auto find_in_place = [&](bool as_call) {
    return find_newest(
        [&](const Item& item) { return item.is_call == as_call && item.index == event.output_index; });
  };
  const auto find_by_id = [&](const std::string& id) {
    return find_newest(
        [&](const Item& item) { return item.is_call == is_call && item.id == id && !id.empty(); });
  };
  std::optional<std::size_t> found;
  if (event.output_index) found = find_in_place(is_call);
  if (!found) found = find_by_id(event.item ? event.item->id : event.item_id);
  // Two items that share an id are one: what only names the place of the other is about this one too.
  if (!found && event.output_index)
    if (const auto other = find_in_place(!is_call)) found = find_by_id(items_[*other].id);
  return found;
}

bool ResponsesCalls::is_of_call(const ResponsesEvent& event) const {
  if (find(event, true)) return true;
  if (event.item) return event.item->is_call;
  return may_be_of_call(event.type) && !(is_of_any_shell(event) && find(event, false));
}

ResponsesCalls::Item* ResponsesCalls::find_call(const ResponsesEvent& event) {
  const auto found = find(event, true);
  return found ? &items_[*found] : nullptr;
}

ResponsesCalls::Item* ResponsesCalls::begin(const OutputItem& item, std::optional<std::uint64_t> index) {
  if (items_.size() >= kItemsMax) return nullptr;
  Item begun{.index = index, .id = item.id, .is_call = item.is_call, .is_input = item.is_input};
  if (item.is_call) {
    const auto at = list_.add(item.name);
    if (!at) return nullptr;
    begun.at = *at;
  }
  return &items_.emplace_back(std::move(begun));
}

EventKind ResponsesCalls::take(const ResponsesEvent& event) {
  EventKind kind = EventKind::kHarmless;
  if (!event.output.empty()) kind = take_output(event.output);
  if (kind == EventKind::kUnread) return kind;
  const EventKind of_item = event.item ? take_item(event) : take_part(event);
  return of_item == EventKind::kHarmless ? kind : of_item;
}

EventKind ResponsesCalls::take_item(const ResponsesEvent& event) {
  const OutputItem& item = *event.item;
  const bool is_beginning = event.type == "response.output_item.added";
  Item* call = find_call(event);
  if (!item.is_call) {
    if (call != nullptr) return EventKind::kToolCall;
    if (find(event, false).has_value() || begin(item, event.output_index) != nullptr)
      return EventKind::kHarmless;
    return EventKind::kUnread;
  }
  // Another call in the same place is one more.
  if (call != nullptr && is_beginning && call->id != item.id) call = nullptr;
  const bool is_new = call == nullptr;
  if (is_new) call = begin(item, event.output_index);
  if (call == nullptr) return EventKind::kUnread;
  if (is_new) call->is_draft = true;
  const bool has_room =
      state(*call, {.name = item.name, .arguments = item.arguments, .is_draft = is_beginning});
  return has_room ? EventKind::kToolCall : EventKind::kUnread;
}

EventKind ResponsesCalls::take_part(const ResponsesEvent& event) {
  Item* call = find_call(event);
  if (call == nullptr) {
    if (!may_be_of_call(event.type)) return EventKind::kHarmless;
    const bool is_known = find(event, false).has_value();
    if (is_known && is_of_any_shell(event)) return EventKind::kHarmless;
    if (is_known || (!event.output_index && event.item_id.empty())) return EventKind::kUnread;
    call = begin({.is_call = true,
                  .id = event.item_id,
                  .name = event.name,
                  .arguments = {},
                  .is_input = event.type.starts_with("response.custom_tool_call")},
                 event.output_index);
    if (call == nullptr) return EventKind::kUnread;
    call->began_unseen = true;
    list_.spoil_arguments(call->at);
  }
  if (!take_piece(*call, event)) return EventKind::kUnread;
  // A client may act on this event, and may know the name from an earlier stream.
  const bool is_end = event.arguments || event.input;
  return is_end && list_[call->at].name.empty() ? EventKind::kUnread : EventKind::kToolCall;
}

// False where there is no room for it.
bool ResponsesCalls::take_piece(Item& call, const ResponsesEvent& event) {
  if (event.type == "response.function_call_arguments.delta" && event.delta) {
    if (call.is_input || call.has_last_word) list_.spoil_arguments(call.at);
    list_.append_arguments(call.at, *event.delta);
    call.is_draft = false;
  } else if (event.type == "response.custom_tool_call_input.delta" && event.delta) {
    if (!call.is_input || call.has_last_word) list_.spoil_arguments(call.at);
    list_.append_input(call.at, *event.delta);
    call.is_draft = false;
  } else if (event.arguments) {
    return state(call, {.name = event.name, .arguments = *event.arguments});
  } else if (event.input) {
    std::string text;
    base::append_json_string(text, *event.input);
    return state(call, {.name = event.name, .arguments = text});
  } else if (may_be_of_call(event.type)) {
    list_.spoil_arguments(call.at);  // a piece of something: its end will tell what
  }
  return true;
}

EventKind ResponsesCalls::take_output(const std::vector<OutputItem>& output) {
  EventKind kind = EventKind::kHarmless;
  for (std::uint64_t place = 0; const OutputItem& item : output) {
    const std::uint64_t index = place++;
    if (!item.is_call) continue;
    kind = EventKind::kToolCall;
    const auto is_it = [&](const Item& known) {
      return known.is_call && (item.id.empty() ? known.index == index : known.id == item.id);
    };
    const auto is_in_place = [&](const Item& known) { return known.is_call && known.index == index; };
    auto found = std::ranges::find_if(items_, is_it);
    if (found == items_.end()) found = std::ranges::find_if(items_, is_in_place);
    Item* call = found == items_.end() ? nullptr : &*found;
    if (call == nullptr) {
      call = begin(item, index);
      if (call == nullptr) return EventKind::kUnread;
      call->is_draft = true;
    }
    if (!state(*call, {.name = item.name, .arguments = item.arguments})) return EventKind::kUnread;
  }
  return kind;
}

bool ResponsesCalls::state(Item& call, const Statement& statement) {
  call.has_last_word |= !statement.is_draft;
  if (list_[call.at].name.empty() && !list_.append_name(call.at, statement.name)) return false;
  const ToolCall& known = list_[call.at];
  if (!statement.name.empty() && statement.name != known.name)
    return add_other(call,
                     {.name = std::string(statement.name), .arguments = std::string(statement.arguments)});
  if (call.is_draft || (call.began_unseen && !statement.is_draft)) {
    list_.replace_arguments(call.at, statement.arguments);
    call.is_draft = statement.is_draft;
    call.began_unseen = false;
    return true;
  }
  if (!known.arguments_are_readable || known.arguments == statement.arguments) return true;
  return add_other(call, {.name = known.name, .arguments = std::string(statement.arguments)});
}

bool ResponsesCalls::add_other(Item& call, const ToolCall& other) {
  const bool is_known = std::ranges::any_of(call.others, [&](std::size_t at) {
    return list_[at].name == other.name &&
           (!list_[at].arguments_are_readable || list_[at].arguments == other.arguments);
  });
  if (is_known) return true;
  const auto at = list_.add(other.name);
  if (!at) return false;
  list_.append_arguments(*at, other.arguments);
  call.others.push_back(*at);
  return true;
}

}  // namespace archestra::providers::openai
