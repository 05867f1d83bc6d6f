// Messages. A request: what it says does not depend on the bytes behind it, and is what simdjson's DOM says,
// which reads all of a text. A response: passes unchanged, tells the same however its bytes were cut and
// whatever came before an event, and what broke off tells nothing.

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/assert.h"
#include "base/buffer_pool.h"
#include "cuts.h"
#include "http/sse.h"
#include "providers/anthropic/messages.h"
#include "proxy/gate.h"

namespace archestra::fuzz {
namespace {

namespace anthropic = providers::anthropic;
namespace dom = simdjson::dom;
using providers::RequestFacts;
using providers::ResponseFacts;
using providers::Verdict;
using proxy::Gate;
using proxy::GateMode;

constexpr std::size_t kSlack = base::BufferPool::kSlack;
constexpr std::string_view kBehind = " },\"0]";  // what may lie behind a text and change its end

// `text` in a block of its own, with `kSlack` times `behind` after it.
std::string with_slack(std::string_view text, char behind) {
  return std::string(text) + std::string(kSlack, behind);
}

// Whether the DOM finds a JSON object in a text, and which.
bool read_plainly(std::string_view text, dom::object& root) {
  static dom::parser parser;
  return !parser.parse(text.data(), text.size()).get_object().get(root);
}

// --- Requests ---------------------------------------------------------------------------------------------

std::uint32_t count_result_blocks(dom::element content) {
  std::uint32_t count = 0;
  dom::array blocks;
  if (content.get_array().get(blocks)) return 0;
  for (const dom::element block : blocks) {
    dom::object members;
    bool is_result = false;
    if (block.get_object().get(members)) continue;
    for (const dom::key_value_pair member : members) {
      std::string_view type;
      if (member.key == "type") is_result = !member.value.get_string().get(type) && type == "tool_result";
    }
    if (is_result) ++count;
  }
  return count;
}

std::uint32_t count_results(dom::element messages) {
  std::uint32_t count = 0;
  dom::array list;
  if (messages.get_array().get(list)) return 0;
  for (const dom::element message : list) {
    dom::object members;
    if (message.get_object().get(members)) continue;
    std::uint32_t in_message = 0;
    for (const dom::key_value_pair member : members)
      if (member.key == "content") in_message = count_result_blocks(member.value);
    count += in_message;
  }
  return count;
}

void check_request(std::string_view body) {
  const RequestFacts facts = anthropic::inspect_messages_request(body, 0);
  for (const char behind : kBehind) {
    const std::string text = with_slack(body, behind);
    ARCHESTRA_ASSERT(
        anthropic::inspect_messages_request(std::string_view(text).substr(0, body.size()), kSlack) == facts,
        "what a request says does not depend on the bytes behind it");
  }
  // Keys with escapes are compared raw; only the DOM knows them.
  dom::object root;
  if (body.contains('\\') || !read_plainly(body, root)) return;
  RequestFacts plain;
  for (const dom::key_value_pair member : root) {
    std::string_view text;
    bool flag = false;
    if (member.key == "model" && !member.value.get_string().get(text)) plain.model = text;
    if (member.key == "stream") plain.stream = !member.value.get_bool().get(flag) && flag;
    if (member.key == "messages") plain.tool_results = count_results(member.value);
  }
  ARCHESTRA_ASSERT(facts == plain, "facts are what the DOM says");
}

// --- Responses --------------------------------------------------------------------------------------------

// As the relay drives it: each read into the same buffer, sent, then observed.
ResponseFacts relay(GateMode mode, std::string_view input, const Pieces& pieces, proxy::GateLimits limits) {
  static base::BufferPool pool;
  const auto scan = anthropic::make_messages_scan();
  Gate gate(mode, scan.get(), limits, pool);
  base::Buffer buffer = pool.take(std::size_t{32} << 10);
  std::string sent;
  proxy::Runs runs;
  for (const std::string_view piece : pieces) {
    std::memcpy(buffer.data(), piece.data(), piece.size());
    gate.take_in({buffer.data(), piece.size()}, {}, runs);
    gate.collect(runs);
    for (const std::string_view run : runs.all()) sent += run;
    gate.observe(runs, {});
    runs.clear();
    gate.release_views();
    std::memset(buffer.data(), '}', piece.size());
  }
  gate.finish(runs);
  ARCHESTRA_ASSERT(runs.all().empty() && sent == input, "a response passes as it is");
  gate.conclude();
  ARCHESTRA_ASSERT(gate.token_times().first.has_value() == (scan->facts().content_events > 0),
                   "content has a time");
  return scan->facts();
}

// What lies within a value that nobody asks for is not read: broken JSON may tell something. But never does
// an object that broke off.
template <class Read>
void check_cut_short(std::string_view json, Read read) {
  dom::object root;
  if (!read_plainly(json, root)) return;
  const std::size_t size = json.rfind('}');
  for (const std::size_t kept : {size, size / 2, size / 3, size - std::min<std::size_t>(size, 2)})
    ARCHESTRA_ASSERT(read(json.substr(0, kept)) == ResponseFacts{}, "an object that broke off tells nothing");
}

// Event by event: each tells the same whatever came before it.
ResponseFacts read_events(std::string_view input, std::size_t event_bytes_max) {
  const auto scan = anthropic::make_messages_scan();
  // A scan may know an event by the one before it. Behind a comment that is another each time nothing looks
  // alike, so that each event is parsed.
  const auto apart = anthropic::make_messages_scan();
  std::size_t number = 0;
  std::string scratch;
  http::SseReader reader(event_bytes_max);
  reader.feed(input);
  while (const auto event = reader.next()) {
    if (event->oversized) continue;
    ARCHESTRA_ASSERT(scan->on_event(event->raw) == Verdict::kPass, "nothing is held back");
    const bool is_marked = event->raw.starts_with("\xEF\xBB\xBF");  // the mark means that in front only
    apart->on_event(is_marked ? std::string(event->raw)
                              : ":" + std::to_string(++number) + "\n" + std::string(event->raw));
    ARCHESTRA_ASSERT(scan->facts() == apart->facts(), "an event is read by itself");
    if (const auto data = http::sse_data(event->raw, scratch))
      check_cut_short(*data, [](std::string_view json) {
        const auto own = anthropic::make_messages_scan();
        own->on_event("data: " + std::string(json) + "\n\n");
        return own->facts();
      });
    const auto& usage = scan->facts().usage;
    ARCHESTRA_ASSERT(
        usage.cache_read_tokens <= usage.input_tokens && usage.cache_write_tokens <= usage.input_tokens,
        "what is cached is a part of the input");
  }
  return scan->facts();
}

void check_stream(std::string_view input, std::size_t event_bytes_max) {
  const ResponseFacts expected = read_events(input, event_bytes_max);
  const proxy::GateLimits limits{.scan_bytes_max = 1, .event_bytes_max = event_bytes_max};
  for (const std::size_t size_max : {std::size_t{1}, std::size_t{3}, std::size_t{40}, input.size() + 1})
    ARCHESTRA_ASSERT(relay(GateMode::kObserveEvents, input, cut(input, size_max), limits) == expected,
                     "the cut does not matter");
}

ResponseFacts read_body(std::string_view body, std::size_t slack) {
  const auto scan = anthropic::make_messages_scan();
  scan->on_body(body, slack);
  return scan->facts();
}

void check_body(std::string_view input) {
  const ResponseFacts expected = read_body(input, 0);
  check_cut_short(input, [](std::string_view json) { return read_body(json, 0); });
  for (const char behind : kBehind) {
    const std::string text = with_slack(input, behind);
    ARCHESTRA_ASSERT(read_body(std::string_view(text).substr(0, input.size()), kSlack) == expected,
                     "what an answer tells does not depend on the bytes behind it");
  }
  const proxy::GateLimits limits{.scan_bytes_max = input.size(), .event_bytes_max = 1};
  for (const std::size_t size_max : {std::size_t{1}, std::size_t{40}, input.size() + 1})
    ARCHESTRA_ASSERT(relay(GateMode::kObserveBody, input, cut(input, size_max), limits) == expected,
                     "the cut does not matter");
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  if (size > 16 * 1024) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::check_request(input);
  fuzz::check_body(input);
  for (const std::size_t event_bytes_max : {std::size_t{48}, size + 1})
    fuzz::check_stream(input, event_bytes_max);
  return 0;
}
