// Tool calls in generateContent: what leaves instead of refused ones has none, as events and as elements of
// an array, and the scan, which reads leniently, finds no call where the strict reader finds nothing. Results
// in a request: what is found can be replaced. Arguments that are put together are JSON.

#include <cstdint>
#include <string>

#include "http/json_array.h"
#include "providers/gemini/generate.h"
#include "providers/gemini/tools.h"
#include "tool_call_checks.h"

namespace archestra::fuzz {
namespace {

namespace gemini = providers::gemini;
using gemini::Answer;

std::unique_ptr<ToolCallReader> make_reader() { return gemini::make_tool_call_reader(); }
std::unique_ptr<ToolCallReader> make_reader_of_elements() {
  return gemini::make_tool_call_reader(gemini::ChunkForm::kElements);
}

template <class Resplit>
void check_stream(MakeReader make, const Events& events, Resplit resplit) {
  const auto reader = make();
  const auto scan = gemini::make_generate_scan(Answer::kStream);
  bool is_harmless = true;
  for (const std::string& event : events) {
    is_harmless &= reader->on_event(event) == EventKind::kHarmless;
    scan->on_event(event);
    ARCHESTRA_ASSERT(!is_harmless || scan->facts().tool_calls == 0, "what the scan finds is found");
  }
  for (const providers::ToolCall& call : reader->calls())
    ARCHESTRA_ASSERT(!call.arguments_are_readable || call.arguments.empty() ||
                         providers::json::View::parse(call.arguments),
                     "arguments are JSON");
  const Events left = check_refusal(make, events, resplit);
  ARCHESTRA_ASSERT(is_harmless || joined(left).contains("refused: "), "the refusal says why");
  ARCHESTRA_ASSERT(!is_harmless || refuse(make, events, {}) == events,
                   "and what has no calls leaves as it came");
}

void check_elements(std::string_view input) {
  http::JsonArrayReader reader(input.size() + 1);
  reader.feed(input);
  Events elements;
  while (const auto element = reader.next()) elements.emplace_back(*element);
  check_stream(make_reader_of_elements, elements, [](const Events& sent) { return sent; });
}

void check_body(std::string_view input) {
  check_refused_body(make_reader, input);
  const auto scan = gemini::make_generate_scan(Answer::kDocument);
  scan->on_body(input, 0);
  ARCHESTRA_ASSERT(scan->facts().tool_calls == 0 || make_reader()->on_body(input, 0) != EventKind::kHarmless,
                   "what the scan finds is found");
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  if (size > 16 * 1024) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::check_stream(fuzz::make_reader, fuzz::split_events(input),
                     [](const fuzz::Events& sent) { return fuzz::split_events(fuzz::joined(sent)); });
  fuzz::check_elements(input);
  fuzz::check_body(input);
  fuzz::check_history(input, providers::gemini::read_tool_history);
  providers::gemini::read_declared_tools(input, 0);
  return 0;
}
