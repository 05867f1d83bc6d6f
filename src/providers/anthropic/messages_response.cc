#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "http/sse.h"
#include "providers/anthropic/messages.h"
#include "providers/event_shape.h"
#include "providers/json.h"

namespace archestra::providers::anthropic {
namespace {

using call::Provenance;
using json::ondemand::array;
using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

bool is_text(value member) {
  const auto text = json::as_string(member);
  return text && !text->empty();
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  return b > std::numeric_limits<std::uint64_t>::max() - a ? std::numeric_limits<std::uint64_t>::max()
                                                           : a + b;
}

class MessagesScan final : public ResponseScan {
 public:
  // What an event says is told by its members, whose names stand in one kind of event each, so that neither
  // their order nor the event's name matters.
  Verdict on_event(std::string_view raw) override {
    if (plain_delta_.matches(raw)) {
      ++facts_.content_events;
      return Verdict::kPass;
    }
    const auto data = http::sse_data(raw, scratch_);
    if (!data) return Verdict::kPass;
    const ResponseFacts facts_before = facts_;
    const std::uint64_t uncached_before = uncached_input_;
    const std::optional<Event> event = read_event(*data);
    if (!event) {
      facts_ = facts_before;
      uncached_input_ = uncached_before;
      return Verdict::kPass;
    }
    if (event->has_content) ++facts_.content_events;
    if (event->is_plain && event->content != nullptr) remember(raw, *data, *event);
    return Verdict::kPass;
  }

  void on_body(std::string_view body, std::size_t slack) override {
    json::ondemand::document document;
    if (json::read(body, slack).get(document)) return;
    const bool is_whole = json::for_each_root_member(document, [&](raw_json_string key, value member) {
      if (key == "error")
        read_error(member);
      else
        read_message_member(key, member, Provenance::kProvider);
    });
    if (!is_whole) facts_ = {};
  }

 private:
  struct Event {
    bool has_content = false;
    bool is_plain = true;  // to read it again would find nothing more than its content
    // Where the document begins, and in it the text that differs from event to event, at its quote.
    const char* document = nullptr;
    const char* content = nullptr;
  };

  // Data of several lines is no piece of the event.
  void remember(std::string_view raw, std::string_view data, const Event& event) {
    if (data.data() == scratch_.data()) return;
    plain_delta_.learn(
        raw, {static_cast<std::size_t>((data.data() - raw.data()) + (event.content - event.document))});
  }

  // Nothing where the text is no JSON object; what facts_ got from it by then is to be taken back.
  std::optional<Event> read_event(std::string_view text) {
    Event event;
    json::ondemand::document document;
    if (json::read(text, 0).get(document)) return std::nullopt;
    event.document = json::begin_of(document, text);
    const bool is_whole = json::for_each_root_member(document, [&](raw_json_string key, value member) {
      if (key == "delta") return read_delta(member, event);
      if (key == "type") {
        if (json::as_string(member) != "message_stop") return;
        facts_.ended = true;
      } else if (key == "message") {
        read_message(member);
      } else if (key == "content_block") {
        event.has_content |= read_block(member);
      } else if (key == "usage") {
        read_usage(member, Provenance::kProvider);
      } else if (key == "error") {
        read_error(member);
      } else {
        return;
      }
      event.is_plain = false;
    });
    if (!is_whole) return std::nullopt;
    return event;
  }

  // Of a content block, or of the message. Signatures and citations are no text of the model's.
  void read_delta(value delta, Event& event) {
    json::for_each_member(delta, [&](raw_json_string key, value member) {
      // Of text_delta, thinking_delta, input_json_delta and compaction_delta.
      if (key == "text" || key == "thinking" || key == "partial_json" || key == "content") {
        if (!is_text(member)) return;
        event.has_content = true;
        event.content = member.raw_json_token().data();
      } else if (key == "stop_reason") {
        read_stop_reason(member);
        event.is_plain = false;
      }
    });
  }

  // What message_start brings: its counts of the output are those of a message that has only begun.
  void read_message(value message) {
    json::for_each_member(message, [&](raw_json_string key, value member) {
      read_message_member(key, member, Provenance::kEstimate);
    });
  }

  void read_message_member(raw_json_string key, value member, Provenance word) {
    if (key == "id" && facts_.id.empty()) {
      facts_.id = json::as_string(member).value_or("");
    } else if (key == "model" && facts_.model.empty()) {
      facts_.model = json::as_string(member).value_or("");
    } else if (key == "stop_reason") {
      read_stop_reason(member);
    } else if (key == "usage") {
      read_usage(member, word);
    } else if (key == "content") {
      array blocks;
      if (member.get_array().get(blocks)) return;
      for (auto item : blocks) {
        value block;
        if (item.get(block)) return;
        read_block(block);
      }
    }
  }

  void read_stop_reason(value member) {
    if (const auto reason = json::as_string(member)) facts_.finish_reasons.assign(1, std::string(*reason));
  }

  // Whether the model has said something in it already. A call of a tool that the provider runs itself
  // (server_tool_use, mcp_tool_use) is the model's word too, but nobody is asked to answer it.
  bool read_block(value block) {
    bool has_content = false;
    json::for_each_member(block, [&](raw_json_string key, value member) {
      if (key == "type") {
        const std::string_view type = json::as_string(member).value_or("");
        if (type == "tool_use") ++facts_.tool_calls;
        has_content |= type.ends_with("tool_use");
      } else if (key == "text" || key == "thinking" || key == "data") {  // data: of redacted_thinking
        has_content |= is_text(member);
      }
    });
    return has_content;
  }

  // Counts are cumulative. One that is left out or null keeps its earlier value.
  void read_usage(value usage, Provenance word) {
    call::Usage& known = facts_.usage;
    bool told = false;
    const auto set = [&](std::uint64_t& figure, value member) {
      const auto count = json::as_count(member);
      if (!count) return;
      figure = *count;
      told = true;
    };
    json::for_each_member(usage, [&](raw_json_string key, value member) {
      if (key == "input_tokens") {
        set(uncached_input_, member);
      } else if (key == "cache_creation_input_tokens") {
        set(known.cache_write_tokens, member);
      } else if (key == "cache_read_input_tokens") {
        set(known.cache_read_tokens, member);
      } else if (key == "output_tokens") {
        set(known.output_tokens, member);
      } else if (key == "output_tokens_details") {
        json::for_each_member(member, [&](raw_json_string name, value detail) {
          if (name == "thinking_tokens") set(known.reasoning_tokens, detail);
        });
      }
    });
    if (!told) return;
    known.input_tokens = sum(uncached_input_, sum(known.cache_write_tokens, known.cache_read_tokens));
    known.provenance = std::max(known.provenance, word);
  }

  void read_error(value error) {
    object members;
    if (!json::is_object(error) || error.get_object().get(members)) return;
    facts_.error_type = "error";
    json::for_each_member(members, [&](raw_json_string key, value member) {
      if (key != "type") return;
      if (const auto type = json::as_string(member); type && !type->empty()) facts_.error_type = *type;
    });
  }

  std::string scratch_;
  EventShape plain_delta_;
  std::uint64_t uncached_input_ =
      0;  // input_tokens, which leaves out what is read from or written to a cache
};

}  // namespace

std::unique_ptr<ResponseScan> make_messages_scan() { return std::make_unique<MessagesScan>(); }

}  // namespace archestra::providers::anthropic
