#include "providers/openai/responses_refusal.h"

#include <algorithm>

#include "base/json_text.h"
#include "http/sse.h"

namespace archestra::providers::openai {
namespace {

using json::Member;
using json::Rewrite;
using json::View;
using Kind = View::Kind;

constexpr std::size_t kItemsMax = 4096;

// An id of the kind that messages have, and as much the item's own as the call's is. Sent back with the
// history it has to be one that the provider takes, which are 64 characters at most.
std::string message_id(std::string_view call_id) {
  constexpr std::size_t kBytesMax = 60;
  return "msg_" + std::string(call_id.empty() ? "refused" : call_id.substr(0, kBytesMax));
}

// A text and nothing else: a part that is a refusal too would show the text twice, and not all SDKs' types
// have it beside text.
void append_part(std::string_view text, std::string& out) {
  out += R"({"type":"output_text","annotations":[],"logprobs":[],"text":)";
  base::append_json_string(out, text);
  out += '}';
}

void append_item(std::string_view id, std::string_view text, std::string& out) {
  out += R"({"id":)";
  base::append_json_string(out, id);
  out += R"(,"type":"message","status":"completed","content":[)";
  append_part(text, out);
  out += R"(],"role":"assistant"})";
}

struct NewMessage {
  std::string id;
  std::uint64_t index = 0;  // where it is if there is no call that it could replace
};

// The output without its calls, and with the message.
void rewrite_output(View list, const std::vector<OutputItem>& output, const NewMessage& message,
                    std::string_view refusal, std::string& out) {
  bool has_message = false;
  const bool has_call = std::ranges::any_of(output, &OutputItem::is_call);
  auto item = output.begin();
  out += '[';
  const auto append = [&](auto append_value) {
    if (!out.ends_with('[')) out += ',';
    append_value();
  };
  const auto append_new = [&] {
    append([&] { append_item(message.id, refusal, out); });
    has_message = true;
  };
  std::uint64_t place = 0;
  for (const View element : list.elements()) {
    const bool is_call = (item++)->is_call;
    if (!has_message && (has_call ? is_call : message.index == place)) append_new();
    if (!is_call) append([&] { out += element.raw(); });
    ++place;
  }
  if (!has_message) append_new();
  out += ']';
}

void rewrite_response(View response, const std::vector<OutputItem>& output, const NewMessage& message,
                      std::string_view refusal, std::string& out) {
  json::rewrite_object(response, out, [&](const Member& member, std::string& value) {
    if (!member.is("output") || !member.value.is(Kind::kArray)) return Rewrite::kKeep;
    rewrite_output(member.value, output, message, refusal, value);
    return Rewrite::kReplaced;
  });
}

}  // namespace

void ResponsesRefusal::note(const ResponsesEvent& event) {
  if (event.number) note_number(*event.number);
  next_index_ = std::max<std::uint64_t>(next_index_, event.output.size());
  if (!event.output_index || indexes_.size() >= kItemsMax) return;
  indexes_[*event.output_index] = *event.output_index;
  next_index_ = std::max(next_index_, *event.output_index + 1);
}

void ResponsesRefusal::begin(std::optional<std::uint64_t> number) {
  if (has_begun_) return;
  has_begun_ = true;
  if (number) next_number_ = *number;
}

// Where an item stands that nobody has heard of. What comes before a gap was in an earlier stream.
std::uint64_t ResponsesRefusal::new_index(std::uint64_t output_index) {
  const std::uint64_t index = has_refused() ? next_index_ : std::max(next_index_, output_index);
  next_index_ = index + 1;
  return index;
}

std::uint64_t ResponsesRefusal::index_of(std::uint64_t output_index) {
  const auto known = indexes_.find(output_index);
  if (known != indexes_.end()) return known->second;
  if (indexes_.size() >= kItemsMax) return output_index;
  return indexes_[output_index] = new_index(output_index);
}

void ResponsesRefusal::append_own(std::string_view type, std::string_view members, std::string& out) {
  std::string data = R"({"type":")";
  data.append(type).append(R"(","sequence_number":)").append(std::to_string(next_number_++));
  data.append(",").append(members) += '}';
  http::append_sse(out, type, data);
}

void ResponsesRefusal::append_message(const ResponsesEvent* event, std::string_view refusal,
                                      std::string& out) {
  if (event == nullptr) return append_message("", new_index(0), refusal, out);
  const std::string_view id = event->item ? event->item->id : event->item_id;
  append_message(id, new_index(event->output_index.value_or(0)), refusal, out);
}

void ResponsesRefusal::append_message(std::string_view call_id, std::uint64_t index_now,
                                      std::string_view refusal, std::string& out) {
  message_id_ = message_id(call_id);
  message_index_ = index_now;
  const std::string index = "\"output_index\":" + std::to_string(message_index_);
  std::string id;
  base::append_json_string(id, message_id_);
  const std::string part = "\"item_id\":" + id + "," + index + R"(,"content_index":0)";
  std::string text;
  base::append_json_string(text, refusal);
  std::string empty_part;
  append_part("", empty_part);
  std::string whole_part;
  append_part(refusal, whole_part);
  std::string item;
  append_item(message_id_, refusal, item);
  append_own("response.output_item.added",
             index + R"(,"item":{"id":)" + id +
                 R"(,"type":"message","status":"in_progress","content":[],"role":"assistant"})",
             out);
  append_own("response.content_part.added", part + ",\"part\":" + empty_part, out);
  append_own("response.output_text.delta", part + R"(,"logprobs":[],"delta":)" + text, out);
  append_own("response.output_text.done", part + R"(,"logprobs":[],"text":)" + text, out);
  append_own("response.content_part.done", part + ",\"part\":" + whole_part, out);
  append_own("response.output_item.done", index + ",\"item\":" + item, out);
}

void ResponsesRefusal::append_event(std::string_view raw, View root, const ResponsesEvent& event,
                                    std::string_view refusal, std::string& out) {
  const auto call = std::ranges::find_if(event.output, &OutputItem::is_call);
  const bool has_call = call != event.output.end();
  const auto place = static_cast<std::uint64_t>(call - event.output.begin());
  NewMessage message{.id = message_id_, .index = message_index_};
  if (has_call && !has_refused()) {
    for (std::uint64_t before = 0; before < place; ++before) index_of(before);
    if (is_closing(event.type)) append_message(call->id, new_index(place), refusal, out);
    message = {.id = message_id(call->id), .index = place};
  }
  const bool has_message = has_call || (has_refused() && is_closing(event.type));
  std::optional<std::uint64_t> number = event.number;
  if (number) number = next_number_++;
  std::optional<std::uint64_t> index = event.output_index;
  if (index) index = index_of(*index);
  if (!has_message && number == event.number && index == event.output_index) {
    out += raw;
    return;
  }
  std::string data;
  json::rewrite_object(root, data, [&](const Member& member, std::string& value) {
    if (member.is("sequence_number") && number) {
      value += std::to_string(*number);
    } else if (member.is("output_index") && index) {
      value += std::to_string(*index);
    } else if (member.is("response") && has_message) {
      rewrite_response(member.value, event.output, message, refusal, value);
    } else {
      return Rewrite::kKeep;
    }
    return Rewrite::kReplaced;
  });
  http::append_sse_with_data(out, raw, data);
}

void ResponsesRefusal::rewrite_body(View root, const std::vector<OutputItem>& output,
                                    std::string_view refusal, std::string& out) {
  const auto call = std::ranges::find_if(output, &OutputItem::is_call);
  const std::string_view id = call == output.end() ? "" : std::string_view(call->id);
  rewrite_response(root, output, {.id = message_id(id), .index = output.size()}, refusal, out);
}

void ResponsesRefusal::append_body(std::string_view refusal, std::string& out) {
  out += R"({"id":"resp_refused","object":"response","created_at":0,"status":"completed","error":null,)"
         R"("incomplete_details":null,"instructions":null,"metadata":{},"model":"","output":[)";
  append_item("msg_refused", refusal, out);
  out += R"(],"parallel_tool_calls":true,"temperature":null,"tool_choice":"auto","tools":[],"top_p":null,)"
         R"("usage":null})";
}

}  // namespace archestra::providers::openai
