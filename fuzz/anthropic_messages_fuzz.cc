// Messages. A request: what it says does not depend on the bytes behind it, and is what simdjson's DOM says,
// which reads all of a text. A response: as scan_checks.h says, nothing is dropped, and what broke off tells
// nothing.

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "base/assert.h"
#include "http/sse.h"
#include "providers/anthropic/messages.h"
#include "scan_checks.h"

namespace archestra::fuzz {
namespace {

namespace anthropic = providers::anthropic;
namespace dom = simdjson::dom;
using providers::RequestFacts;

std::unique_ptr<providers::ResponseScan> make_scan() { return anthropic::make_messages_scan(); }

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
  plain.tools_hash = facts.tools_hash;
  plain.parameters = facts.parameters;  // of which there are too many to find them twice
  bool has_tools = false;
  for (const dom::key_value_pair member : root) {
    std::string_view text;
    bool flag = false;
    if (member.key == "model" && !member.value.get_string().get(text)) plain.model = text;
    if (member.key == "stream") plain.stream = !member.value.get_bool().get(flag) && flag;
    if (member.key == "tools") has_tools = member.value.is_array() || member.value.is_object();
    if (member.key == "messages") plain.tool_results = count_results(member.value);
  }
  ARCHESTRA_ASSERT(has_tools == (facts.tools_hash != 0), "tools have a hash");
  ARCHESTRA_ASSERT(facts == plain, "facts are what the DOM says");
}

// --- Responses --------------------------------------------------------------------------------------------

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

void check_events(const Outcome& outcome) {
  const auto scan = make_scan();
  std::string scratch;
  for (const auto& [raw, dropped] : outcome.events) {
    ARCHESTRA_ASSERT(!dropped, "nothing is held back");
    scan->on_event(raw);
    if (const auto data = http::sse_data(raw, scratch))
      check_cut_short(*data, [](std::string_view json) {
        const auto own = make_scan();
        own->on_event("data: " + std::string(json) + "\n\n");
        return own->facts();
      });
    const auto& usage = scan->facts().usage;
    ARCHESTRA_ASSERT(
        usage.cache_read_tokens <= usage.input_tokens && usage.cache_write_tokens <= usage.input_tokens,
        "what is cached is a part of the input");
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
  fuzz::check_cut_short(input,
                        [](std::string_view json) { return fuzz::read_body(fuzz::make_scan, json, 0); });
  for (const std::size_t event_bytes_max : {std::size_t{48}, size + 1})
    fuzz::check_events(fuzz::check_stream(fuzz::make_scan, input, event_bytes_max));
  return 0;
}
