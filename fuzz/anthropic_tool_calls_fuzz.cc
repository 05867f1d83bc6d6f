// Tool calls in messages: what leaves instead of refused ones has none, its blocks are numbered as they come,
// and the scan, which reads leniently, finds no call where the strict reader finds nothing. Results in a
// request: what is found can be replaced.

#include <cstdint>
#include <string>

#include "providers/anthropic/message_event.h"
#include "providers/anthropic/messages.h"
#include "providers/anthropic/tools.h"
#include "tool_call_checks.h"

namespace archestra::fuzz {
namespace {

namespace anthropic = providers::anthropic;
using anthropic::MessageEvent;

// Whether each block has the next number, as in every stream of the provider's.
bool is_numbered(const Events& events) {
  std::string scratch;
  std::uint64_t next = 0;
  for (const std::string& event : events) {
    const auto read = anthropic::read_message_event(event, scratch);
    if (!read) return false;
    if (read->type == MessageEvent::Type::kMessageStart) next += read->message.blocks.size();
    if (read->type == MessageEvent::Type::kBlockStart && read->index != next++) return false;
  }
  return true;
}

void check_stream(std::string_view input) {
  const Events events = split_events(input);
  const auto reader = anthropic::make_tool_call_reader();
  const auto scan = anthropic::make_messages_scan();
  Events passed;
  bool is_harmless = true;
  for (const std::string& event : events) {
    is_harmless &= reader->on_event(event) == EventKind::kHarmless;
    if (is_harmless) passed.push_back(event);
    scan->on_event(event);
    ARCHESTRA_ASSERT(!is_harmless || scan->facts().tool_calls == 0, "what the scan finds is found");
  }
  const Events left = check_refusal(anthropic::make_tool_call_reader, events,
                                    [](const Events& sent) { return split_events(joined(sent)); });
  ARCHESTRA_ASSERT(is_harmless || joined(left).contains("refused: "), "the refusal says why");
  ARCHESTRA_ASSERT(!is_harmless || refuse(anthropic::make_tool_call_reader, events, {}) == events,
                   "and what has no calls leaves as it came");
  ARCHESTRA_ASSERT(!is_numbered(passed) || is_numbered(left), "blocks are numbered as they come");
}

void check_body(std::string_view input) {
  check_refused_body(anthropic::make_tool_call_reader, input);
  const auto scan = anthropic::make_messages_scan();
  scan->on_body(input, 0);
  ARCHESTRA_ASSERT(scan->facts().tool_calls == 0 ||
                       anthropic::make_tool_call_reader()->on_body(input, 0) != EventKind::kHarmless,
                   "what the scan finds is found");
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  if (size > 16 * 1024) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::check_stream(input);
  fuzz::check_body(input);
  fuzz::check_history(input, providers::anthropic::read_tool_history);
  providers::anthropic::read_declared_tools(input, 0);
  return 0;
}
