#include "providers/openai/responses_tool_calls.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "http/sse.h"
#include "providers/event_shape.h"
#include "providers/json_view.h"
#include "providers/openai/responses_calls.h"
#include "providers/openai/responses_event.h"
#include "providers/openai/responses_refusal.h"
#include "providers/openai/stream_event.h"

namespace archestra::providers::openai {
namespace {

using json::View;

class ResponsesToolCalls final : public ToolCallReader {
 public:
  EventKind on_event(std::string_view raw) override {
    EventShape::Counts counts;
    if (!is_held_ && plain_delta_.matches(raw, counts)) {
      if (number_) refusal_.note_number(counts[*number_]);
      return EventKind::kHarmless;
    }
    const EventKind kind = read_event(raw);
    is_held_ |= kind != EventKind::kHarmless;
    return kind;
  }

  EventKind on_body(std::string_view body, std::size_t slack) override {
    const auto root = View::parse(body, slack);
    const auto output = root ? read_output(*root) : std::nullopt;
    return output ? calls_of_response_.take_output(*output) : EventKind::kUnread;
  }

  void refuse_event(std::string_view raw, std::string_view refusal, std::string& out) override {
    is_held_ = true;  // also where it begins with an event that could not be kept
    std::string scratch;
    const StreamEvent read = read_stream_event(raw, scratch);
    if (read.kind == EventKind::kHarmless) {
      out += raw;
      return;
    }
    const auto event = read_named(raw, read.root);
    refusal_.begin(event ? event->number : std::nullopt);
    if (event && !calls_of_response_.is_of_call(*event))
      return refusal_.append_event(raw, *read.root, *event, refusal, out);
    if (refusal_.has_refused()) return;
    refusal_.append_message(event ? &*event : nullptr, refusal, out);
  }

  void refuse_body(std::string_view body, std::string_view refusal, std::string& out) override {
    const auto root = View::parse(body);
    const auto output = root ? read_output(*root) : std::nullopt;
    if (output)
      ResponsesRefusal::rewrite_body(*root, *output, refusal, out);
    else
      ResponsesRefusal::append_body(refusal, out);
  }

 private:
  // An event's type is in its data, and for some clients in its name.
  static std::optional<ResponsesEvent> read_named(std::string_view raw, std::optional<View> root) {
    std::optional<ResponsesEvent> event;
    if (root) event = read_responses_event(*root);
    const std::string_view name = http::sse_event_name(raw);
    if (event && name != event->type && may_be_of_call(name)) event.reset();
    return event;
  }

  EventKind read_event(std::string_view raw) {
    const StreamEvent read = read_stream_event(raw, scratch_);
    if (!read.root) return read.kind;
    const auto event = read_named(raw, read.root);
    if (!event) return EventKind::kUnread;
    const EventKind kind = calls_of_response_.take(*event);
    if (kind == EventKind::kHarmless && !is_held_) {
      refusal_.note(*event);
      if (read.is_in_place) remember(raw, *read.root, *event);
    }
    return kind;
  }

  // A piece of a text: the next event most likely differs in nothing but its number and its text.
  void remember(std::string_view raw, View root, const ResponsesEvent& event) {
    View delta;
    View number;
    View obfuscation;
    if (!event.delta || event.item || !event.response.is(View::Kind::kNull)) return;
    if (!root.pick({{"delta", &delta}, {"sequence_number", &number}, {"obfuscation", &obfuscation}})) return;
    std::array<std::pair<std::size_t, bool>, 3> gaps{};
    std::size_t count = 0;
    const auto add = [&](View value, bool is_number) {
      gaps[count++] = {static_cast<std::size_t>(value.raw().data() - raw.data()), is_number};
    };
    add(delta, false);
    if (event.number) add(number, true);
    if (obfuscation.is(View::Kind::kString)) add(obfuscation, false);
    const auto known = std::span(gaps).first(count);
    std::ranges::sort(known);
    std::array<std::size_t, 3> places{};
    number_.reset();
    for (std::size_t i = 0; i < count; ++i) {
      places[i] = known[i].first;
      if (known[i].second) number_ = i;
    }
    plain_delta_.learn(raw, std::span(places).first(count));
  }

  std::string scratch_;
  EventShape plain_delta_;
  std::optional<std::size_t> number_;  // which of its gaps that is
  bool is_held_ = false;
  ResponsesCalls calls_of_response_{calls_};
  ResponsesRefusal refusal_;
};

}  // namespace

std::unique_ptr<ToolCallReader> make_responses_tool_calls() { return std::make_unique<ResponsesToolCalls>(); }

}  // namespace archestra::providers::openai
