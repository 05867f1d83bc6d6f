// Chat and legacy completions. A request: what it says does not depend on the bytes behind it, and asking for
// usage changes nothing else (simdjson's DOM tells, which reads all of a text). A response: as scan_checks.h
// says, and the usage chunk is what is dropped.

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/sse.h"
#include "providers/openai/chat.h"
#include "providers/openai/request.h"
#include "providers/openai/test_usage_option.h"
#include "scan_checks.h"

namespace archestra::fuzz {
namespace {

namespace openai = providers::openai;
using providers::RequestFacts;
using providers::UsageOption;

// --- Requests ---------------------------------------------------------------------------------------------

void check_request(std::string_view body) {
  const RequestFacts facts = openai::inspect_request(body, 0, UsageOption::kAskFor);
  for (const char behind : kBehind) {
    const std::string text = with_slack(body, behind);
    ARCHESTRA_ASSERT(openai::inspect_request(std::string_view(text).substr(0, body.size()), kSlack,
                                             UsageOption::kAskFor) == facts,
                     "what a request says does not depend on the bytes behind it");
  }
  RequestFacts alone = openai::inspect_request(body, 0, UsageOption::kLeaveAlone);
  ARCHESTRA_ASSERT(alone.usage_option.empty(), "an edit is made on demand only");
  alone.usage_option = facts.usage_option;
  ARCHESTRA_ASSERT(alone == facts, "the rest does not depend on the edit");

  const auto before = openai::read_plainly(body);
  // Keys with escapes are compared raw; only the reader beside knows them.
  if (before && !body.contains('\\')) {
    ARCHESTRA_ASSERT(facts.model == before->model && facts.stream == before->stream,
                     "facts are what the DOM says");
    ARCHESTRA_ASSERT(facts.usage_option.empty() != (before->stream && before->may_be_asked),
                     "usage is asked for wherever it can be");
  }
  if (facts.usage_option.empty()) return;
  const auto after = openai::read_plainly(openai::edited(body, facts.usage_option));
  ARCHESTRA_ASSERT(after.has_value() == before.has_value(), "an edit neither breaks nor mends a body");
  if (!after) return;
  ARCHESTRA_ASSERT(after->asks_for_usage && !before->asks_for_usage, "an edit asks for usage");
  ARCHESTRA_ASSERT(after->rest == before->rest && after->model == before->model, "and changes nothing else");
}

// --- Responses --------------------------------------------------------------------------------------------

std::unique_ptr<providers::ResponseScan> make_scan() {
  return openai::make_chat_scan(openai::UsageChunk::kDrop);
}

// Whether an event is the usage chunk, by the DOM. Nothing where that is no question for it.
std::optional<bool> is_usage_chunk(std::string_view raw) {
  namespace dom = simdjson::dom;
  static dom::parser parser;
  std::string scratch;
  const auto data = http::sse_data(raw, scratch);
  dom::object root;
  if (!data || data->contains('\\') || parser.parse(data->data(), data->size()).get_object().get(root))
    return std::nullopt;
  bool has_usage = false;
  bool has_empty_choices = false;
  bool has_error = false;
  for (const dom::key_value_pair member : root) {
    dom::array choices;
    if (member.key == "usage") has_usage = member.value.is_object();
    if (member.key == "error") has_error |= member.value.is_object();
    if (member.key == "choices")
      has_empty_choices = !member.value.get_array().get(choices) && choices.size() == 0;
  }
  return has_usage && has_empty_choices && !has_error;
}

void check_dropped(const Outcome& outcome) {
  for (const auto& [raw, dropped] : outcome.events) {
    const auto is_usage = is_usage_chunk(raw);
    ARCHESTRA_ASSERT(!is_usage || *is_usage == dropped, "the usage chunk is dropped, and nothing else");
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
    fuzz::check_dropped(fuzz::check_stream(fuzz::make_scan, input, event_bytes_max));
  return 0;
}
