// The responses operation, and requests with its history. A response: as scan_checks.h says, nothing is
// dropped, and what an event tells by itself is what simdjson's DOM tells, which reads all of a text.

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/sse.h"
#include "providers/openai/request.h"
#include "providers/openai/responses.h"
#include "scan_checks.h"

namespace archestra::fuzz {
namespace {

namespace dom = simdjson::dom;
namespace openai = providers::openai;

std::unique_ptr<providers::ResponseScan> make_scan() { return openai::make_responses_scan(); }

void check_request(std::string_view body) {
  const auto inspect = [](std::string_view text, std::size_t slack) {
    return openai::inspect_request(text, slack, providers::UsageOption::kLeaveAlone);
  };
  const providers::RequestFacts facts = inspect(body, 0);
  ARCHESTRA_ASSERT(facts.usage_option.empty(), "an edit is made on demand only");
  for (const char behind : kBehind) {
    const std::string text = with_slack(body, behind);
    const auto again = inspect(std::string_view(text).substr(0, body.size()), kSlack);
    ARCHESTRA_ASSERT(again.model == facts.model && again.stream == facts.stream &&
                         again.tool_results == facts.tool_results,
                     "what a request says does not depend on the bytes behind it");
  }
}

// What the DOM says of an event: members that come twice, or with escapes, are no question for it.
struct PlainEvent {
  bool is_known = false;
  std::string_view type;
  std::string_view delta;
  bool has_input_tokens = false;
  std::uint64_t input_tokens = 0;
};

PlainEvent read_plainly(std::string_view data, dom::parser& parser) {
  PlainEvent plain;
  dom::object root;
  if (data.contains('\\') || parser.parse(data.data(), data.size()).get_object().get(root)) return plain;
  std::size_t types = 0;
  std::size_t responses = 0;
  for (const dom::key_value_pair member : root) {
    std::string_view text;
    if (member.key == "type") plain.type = member.value.get_string().get(text) ? "" : text;
    if (member.key == "delta" && !member.value.get_string().get(text)) plain.delta = text;
    types += member.key == "type" ? 1 : 0;
    responses += member.key == "response" ? 1 : 0;
    dom::object usage;
    if (member.key != "response" || member.value.at_key("usage").get_object().get(usage)) continue;
    plain.has_input_tokens =
        usage.size() == 1 && !usage.at_key("input_tokens").get_uint64().get(plain.input_tokens);
  }
  plain.is_known = types < 2 && responses < 2;
  return plain;
}

void check_event(std::string_view raw) {
  std::string scratch;
  dom::parser parser;
  const auto data = http::sse_data(raw, scratch);
  if (!data) return;
  const PlainEvent plain = read_plainly(*data, parser);
  if (!plain.is_known) return;
  const auto scan = make_scan();
  scan->on_event(raw);
  const ResponseFacts& facts = scan->facts();
  const bool is_last = plain.type == "response.completed" || plain.type == "response.incomplete" ||
                       plain.type == "response.failed";
  const bool is_delta = plain.type.starts_with("response.") && plain.type.ends_with(".delta");
  ARCHESTRA_ASSERT(facts.ended == is_last, "the last event is known by its type");
  ARCHESTRA_ASSERT(facts.content_events == (is_delta && !plain.delta.empty() ? 1 : 0),
                   "content is a delta with text");
  if (is_last && plain.has_input_tokens)
    ARCHESTRA_ASSERT(facts.usage.input_tokens == plain.input_tokens, "usage is the last event's");
}

void check_events(const Outcome& outcome) {
  for (const auto& [raw, dropped] : outcome.events) {
    ARCHESTRA_ASSERT(!dropped, "all of a response is the client's");
    check_event(raw);
  }
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  if (size > 16 * 1024) return 0;  // cut in single bytes it must fit the buffer
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::check_request(input);
  fuzz::check_body(fuzz::make_scan, input);
  for (const std::size_t event_bytes_max : {std::size_t{48}, size + 1})
    fuzz::check_events(fuzz::check_stream(fuzz::make_scan, input, event_bytes_max));
  return 0;
}
