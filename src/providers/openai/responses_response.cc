#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "http/sse.h"
#include "providers/event_shape.h"
#include "providers/json.h"
#include "providers/openai/answer_parts.h"
#include "providers/openai/call_items.h"
#include "providers/openai/responses.h"

namespace archestra::providers::openai {
namespace {

using json::ondemand::array;
using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  return std::ranges::find(texts, text) != texts.end();
}

bool is_delta(std::string_view type) { return type.starts_with("response.") && type.ends_with(".delta"); }

bool is_last(std::string_view type) {
  return is_one_of(type, {"response.completed", "response.incomplete", "response.failed"});
}

// Whether an event of this type tells nothing that another does not. Most of these repeat whole texts and
// lists that went by in pieces. The type is read where it usually stands, in front; elsewhere nobody can tell
// without a parser.
bool tells_nothing(std::string_view data) {
  constexpr std::string_view kFront = R"({"type":"response.)";
  if (!data.starts_with(kFront)) return false;
  const std::string_view rest = data.substr(kFront.size());
  const std::size_t end = rest.find_first_of("\"\\");
  if (end == std::string_view::npos || rest[end] != '"') return false;
  const std::string_view type = rest.substr(0, end);
  return !type.ends_with(".delta") &&
         !is_one_of(type, {"created", "queued", "in_progress", "output_item.added", "output_item.done",
                           "completed", "incomplete", "failed"});
}

bool is_call_to_client(object item) {
  ItemKind kind;
  json::for_each_member(item, [&](raw_json_string key, value member) {
    if (key == "type") {
      kind.type = json::as_string(member).value_or("");
    } else if (key == "execution") {
      kind.execution = json::as_string(member).value_or("");
    } else if (key == "environment") {
      json::for_each_member(member, [&](raw_json_string name, value text) {
        if (name == "type") kind.environment = json::as_string(text).value_or("");
      });
    }
  });
  return is_call_to_client(kind);
}

class ResponsesScan final : public ResponseScan {
 public:
  Verdict on_event(std::string_view raw) override {
    if (plain_delta_.matches(raw)) {
      ++facts_.content_events;
      return Verdict::kPass;
    }
    const auto data = http::sse_data(raw, scratch_);
    if (!data || tells_nothing(*data)) return Verdict::kPass;
    if (*data == "[DONE]") {  // some servers end every stream with it
      facts_.ended = true;
      return Verdict::kPass;
    }
    const ResponseFacts facts_before = facts_;
    const std::size_t calls_before = calls_.size();
    const std::optional<Event> event = read_event(*data);
    if (!event) {
      facts_ = facts_before;
      calls_.cut(calls_before);
      return Verdict::kPass;
    }
    if (is_last(event->type)) facts_.ended = true;
    if (is_delta(event->type) && event->delta != nullptr) {
      ++facts_.content_events;
      if (event->is_plain) remember(raw, *data, *event);
    }
    return Verdict::kPass;
  }

  void on_body(std::string_view body, std::size_t slack) override {
    json::ondemand::document document;
    if (json::read(body, slack).get(document)) return;
    Response response;
    const bool is_whole = json::for_each_root_member(
        document, [&](raw_json_string key, value member) { read_member(key, member, response); });
    if (is_whole)
      conclude(response);
    else
      facts_ = {};
  }

 private:
  struct Event {
    std::string_view type;
    bool is_plain = true;  // to read it again would find nothing more than its content
    // Where in the document stand the number and the texts that differ from event to event.
    const char* document = nullptr;
    const char* number = nullptr;
    const char* delta = nullptr;
    const char* obfuscation = nullptr;  // random text, so that an event's size tells nothing
  };

  // What a response says of its end, in members of any order.
  struct Response {
    std::string_view status;
    std::string_view reason;
  };

  // Data of several lines is no piece of the event.
  void remember(std::string_view raw, std::string_view data, const Event& event) {
    if (data.data() == scratch_.data()) return;
    std::array<std::size_t, 3> gaps{};
    std::size_t count = 0;
    for (const char* const place : {event.number, event.delta, event.obfuscation})
      if (place != nullptr)
        gaps[count++] = static_cast<std::size_t>((data.data() - raw.data()) + (place - event.document));
    const std::span<std::size_t> known = std::span(gaps).first(count);
    std::ranges::sort(known);
    plain_delta_.learn(raw, known);
  }

  // Nothing where the text is no JSON object; what facts_ got from it by then is to be taken back.
  std::optional<Event> read_event(std::string_view text) {
    Event event;
    json::ondemand::document document;
    if (json::read(text, 0).get(document)) return std::nullopt;
    event.document = json::begin_of(document, text);
    Response response;
    std::string_view code;
    std::optional<std::uint64_t> output_index;
    bool has_call = false;
    const bool is_whole = json::for_each_root_member(document, [&](raw_json_string key, value member) {
      if (key == "type") {
        event.type = json::as_string(member).value_or("");
      } else if (key == "sequence_number") {
        const char* const place = member.raw_json_token().data();
        if (json::as_count(member)) event.number = place;
      } else if (key == "delta" && json::is_string(member)) {
        const char* const place = member.raw_json_token().data();
        event.delta = json::as_string(member).value_or("").empty() ? nullptr : place;
      } else if (key == "obfuscation" && json::is_string(member)) {
        event.obfuscation = member.raw_json_token().data();
      } else if (key == "output_index") {
        output_index = json::as_count(member);
      } else if (key == "code") {
        code = json::as_string(member).value_or("");
      } else {
        event.is_plain &= !read_structure(key, member, response, has_call);
      }
    });
    if (!is_whole) return std::nullopt;
    conclude(response);
    if (has_call && output_index && calls_.add(*output_index)) ++facts_.tool_calls;
    if (is_one_of(event.type, {"error", "response.failed"}) && facts_.error_type.empty())
      facts_.error_type = code.empty() ? "error" : code;
    return event;
  }

  // What an event may carry beside texts and numbers. False for anything else.
  bool read_structure(raw_json_string key, value member, Response& response, bool& has_call) {
    object members;
    if (!json::is_object(member)) return false;
    if (key == "error") {
      facts_.error_type = error_type_of(member);
    } else if (key == "response" && !member.get_object().get(members)) {
      json::for_each_member(members,
                            [&](raw_json_string name, value part) { read_member(name, part, response); });
    } else if (key == "item" && !member.get_object().get(members)) {
      has_call = is_call_to_client(members);
    } else {
      return false;
    }
    return true;
  }

  void read_member(raw_json_string key, value member, Response& response) {
    if (key == "id" && facts_.id.empty()) {
      facts_.id = json::as_string(member).value_or("");
    } else if (key == "model" && facts_.model.empty()) {
      facts_.model = json::as_string(member).value_or("");
    } else if (key == "service_tier") {  // "auto" until it is known which
      if (const auto tier = json::as_string(member)) facts_.service_tier = *tier;
    } else if (key == "status") {
      response.status = json::as_string(member).value_or("");
    } else if (key == "incomplete_details" && json::is_object(member)) {
      response.reason = reason_of(member);
    } else if (key == "output") {
      facts_.tool_calls = std::max(facts_.tool_calls, count_calls(member));
    } else if (key == "usage") {
      read_usage(member, facts_.usage);
    } else if (key == "error" && json::is_object(member)) {
      facts_.error_type = error_type_of(member);
    }
  }

  static std::string_view reason_of(value details) {
    std::string_view reason;
    json::for_each_member(details, [&](raw_json_string key, value member) {
      if (key == "reason") reason = json::as_string(member).value_or("");
    });
    return reason;
  }

  // The whole output: calls that events named before are among them.
  static std::uint32_t count_calls(value output) {
    array items;
    if (output.get_array().get(items)) return 0;
    std::uint32_t count = 0;
    for (auto each : items) {
      object item;
      if (each.get_object().get(item)) break;
      if (is_call_to_client(item)) ++count;
    }
    return count;
  }

  // Why a response ended is its status, or what it says of being incomplete.
  void conclude(const Response& response) {
    if (is_one_of(response.status, {"", "queued", "in_progress"})) return;
    facts_.finish_reasons.assign(1, std::string(response.reason.empty() ? response.status : response.reason));
    if (response.status == "failed" && facts_.error_type.empty()) facts_.error_type = "error";
  }

  std::string scratch_;
  EventShape plain_delta_;
  ToolCalls calls_;
};

}  // namespace

std::unique_ptr<ResponseScan> make_responses_scan() { return std::make_unique<ResponsesScan>(); }

}  // namespace archestra::providers::openai
