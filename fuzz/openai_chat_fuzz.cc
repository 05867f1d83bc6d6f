// Chat completions. A request: what it says does not depend on the bytes behind it, and asking for usage
// changes nothing else (simdjson's DOM tells, which reads all of a text). A response: what is read, what is
// dropped and what is kept are the same however the bytes were cut, whether events are decided or observed.

#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/buffer_pool.h"
#include "cuts.h"
#include "http/sse.h"
#include "providers/openai/chat.h"
#include "providers/openai/test_usage_option.h"
#include "proxy/gate.h"

namespace archestra::fuzz {
namespace {

namespace openai = providers::openai;
using providers::RequestFacts;
using providers::ResponseFacts;
using providers::UsageOption;
using providers::Verdict;
using proxy::Gate;
using proxy::GateMode;

constexpr std::size_t kSlack = base::BufferPool::kSlack;
constexpr std::string_view kBehind = " },\"0";  // what may lie behind a text and change its end

// `text` in a block of its own, with `kSlack` times `behind` after it.
std::string with_slack(std::string_view text, char behind) {
  return std::string(text) + std::string(kSlack, behind);
}

// --- Requests ---------------------------------------------------------------------------------------------

bool same(const RequestFacts& a, const RequestFacts& b) {
  return a.model == b.model && a.stream == b.stream && a.usage_option.offset == b.usage_option.offset &&
         a.usage_option.removed == b.usage_option.removed &&
         a.usage_option.inserted == b.usage_option.inserted;
}

void check_request(std::string_view body) {
  const RequestFacts facts = openai::inspect_chat_request(body, 0, UsageOption::kAskFor);
  for (const char behind : kBehind) {
    const std::string text = with_slack(body, behind);
    ARCHESTRA_ASSERT(same(openai::inspect_chat_request(std::string_view(text).substr(0, body.size()), kSlack,
                                                       UsageOption::kAskFor),
                          facts),
                     "what a request says does not depend on the bytes behind it");
  }
  RequestFacts alone = openai::inspect_chat_request(body, 0, UsageOption::kLeaveAlone);
  ARCHESTRA_ASSERT(alone.usage_option.empty(), "an edit is made on demand only");
  alone.usage_option = facts.usage_option;
  ARCHESTRA_ASSERT(same(alone, facts), "the rest does not depend on the edit");

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

// What the dialect says of each event, kept beside it.
class RecordingScan final : public providers::ResponseScan {
 public:
  Verdict on_event(std::string_view raw) override {
    const Verdict verdict = scan_->on_event(raw);
    events.push_back({std::string(raw), verdict == Verdict::kDrop});
    facts_ = scan_->facts();
    return verdict;
  }
  void on_body(std::string_view body, std::size_t slack) override {
    scan_->on_body(body, slack);
    facts_ = scan_->facts();
  }

  struct Event {
    std::string raw;
    bool dropped;
    bool operator==(const Event&) const = default;
  };
  std::vector<Event> events;

 private:
  const std::unique_ptr<ResponseScan> scan_ = openai::make_chat_scan(openai::UsageChunk::kDrop);
};

bool same(const ResponseFacts& a, const ResponseFacts& b) {
  const auto& x = a.usage;
  const auto& y = b.usage;
  return x.provenance == y.provenance && x.input_tokens == y.input_tokens &&
         x.output_tokens == y.output_tokens && x.cache_read_tokens == y.cache_read_tokens &&
         x.cache_write_tokens == y.cache_write_tokens && x.reasoning_tokens == y.reasoning_tokens &&
         a.model == b.model && a.id == b.id && a.finish_reasons == b.finish_reasons &&
         a.tool_calls == b.tool_calls && a.content_events == b.content_events && a.ended == b.ended &&
         a.error_type == b.error_type;
}

struct Outcome {
  std::string sent;
  ResponseFacts facts;
  std::vector<RecordingScan::Event> events;
  bool has_token_times = false;
};

/// Whether the end of a body is known with its last bytes, or told by a read of its own.
enum class End : std::uint8_t { kWithLastBytes, kAlone };

// As the relay drives it: each read into the same buffer, with framing between its runs; sent, then observed.
Outcome relay(GateMode mode, const Pieces& pieces, proxy::GateLimits limits, End end) {
  static base::BufferPool pool;
  RecordingScan scan;
  Gate gate(mode, &scan, limits, pool);
  base::Buffer buffer = pool.take(std::size_t{32} << 10);
  Outcome outcome;
  proxy::Runs runs;
  const auto send = [&] {
    for (const std::string_view run : runs.all()) outcome.sent += run;
    gate.observe(runs, {});
    runs.clear();
  };
  char* free = buffer.data();
  for (auto piece = pieces.begin(); piece != pieces.end();) {
    for (int run = 0; run < 3 && piece != pieces.end(); ++run, ++piece) {
      std::memcpy(free, piece->data(), piece->size());
      ARCHESTRA_ASSERT(gate.take_in({free, piece->size()}, {}, runs).has_value(), "nothing is to be decoded");
      free += piece->size() + 1;
    }
    const bool last = piece == pieces.end() && end == End::kWithLastBytes;
    if (last)
      ARCHESTRA_ASSERT(gate.finish(runs).has_value(), "a body that is not encoded may end anywhere");
    else
      gate.collect(runs);
    send();
    if (last) break;
    gate.release_views();
    std::memset(buffer.data(), '}', static_cast<std::size_t>(free - buffer.data()));
    free = buffer.data();
  }
  if (end == End::kAlone || pieces.begin() == pieces.end()) {
    ARCHESTRA_ASSERT(gate.finish(runs).has_value(), "a body that is not encoded may end anywhere");
    send();
  }
  gate.conclude();
  outcome.facts = scan.facts();
  outcome.events = std::move(scan.events);
  outcome.has_token_times = gate.token_times().first.has_value();
  return outcome;
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
  for (const dom::key_value_pair member : root) {
    dom::array choices;
    if (member.key == "usage") has_usage = member.value.is_object();
    if (member.key == "choices")
      has_empty_choices = !member.value.get_array().get(choices) && choices.size() == 0;
  }
  return has_usage && has_empty_choices;
}

// A scan may know a chunk by the one before it. Behind a comment that is another each time nothing looks
// alike, so that each event is parsed.
void check_every_event_is_read(const Outcome& outcome) {
  const auto scan = openai::make_chat_scan(openai::UsageChunk::kDrop);
  std::size_t number = 0;
  for (const auto& [raw, dropped] : outcome.events) {
    const bool is_marked = raw.starts_with("\xEF\xBB\xBF");  // the mark means that in front only
    const Verdict verdict = scan->on_event(is_marked ? raw : ":" + std::to_string(++number) + "\n" + raw);
    ARCHESTRA_ASSERT((verdict == Verdict::kDrop) == dropped, "an event is judged by itself");
  }
  ARCHESTRA_ASSERT(same(scan->facts(), outcome.facts), "and tells the same whatever came before");
}

void check_stream(std::string_view input, std::size_t event_bytes_max) {
  const proxy::GateLimits limits{.scan_bytes_max = 1, .event_bytes_max = event_bytes_max};
  const Outcome expected = relay(GateMode::kDecideEvents, whole(input), limits, End::kWithLastBytes);

  std::string kept;
  auto event = expected.events.begin();
  http::SseReader reader(event_bytes_max);
  reader.feed(input);
  while (const auto next = reader.next()) {
    if (next->oversized) {
      kept += next->raw;
      continue;
    }
    ARCHESTRA_ASSERT(event != expected.events.end() && event->raw == next->raw,
                     "each event is judged once, in order");
    if (!event->dropped) kept += event->raw;
    ++event;
  }
  kept += reader.unfinished();
  ARCHESTRA_ASSERT(event == expected.events.end() && expected.sent == kept, "what is not dropped is sent");
  for (const auto& [raw, dropped] : expected.events) {
    const auto is_usage = is_usage_chunk(raw);
    ARCHESTRA_ASSERT(!is_usage || *is_usage == dropped, "the usage chunk is dropped, and nothing else");
  }
  check_every_event_is_read(expected);
  ARCHESTRA_ASSERT(expected.has_token_times == (expected.facts.content_events > 0), "content has a time");

  for (const std::size_t size_max : {std::size_t{1}, std::size_t{3}, std::size_t{40}, input.size() + 1}) {
    const Pieces pieces = cut(input, size_max);
    for (const GateMode mode : {GateMode::kDecideEvents, GateMode::kObserveEvents}) {
      for (const End end : {End::kWithLastBytes, End::kAlone}) {
        const Outcome outcome = relay(mode, pieces, limits, end);
        ARCHESTRA_ASSERT(outcome.sent == (mode == GateMode::kDecideEvents ? kept : input),
                         "the cut does not matter");
        ARCHESTRA_ASSERT(outcome.events == expected.events, "nor to the verdicts");
        ARCHESTRA_ASSERT(same(outcome.facts, expected.facts), "nor to the figures");
        ARCHESTRA_ASSERT(outcome.has_token_times == expected.has_token_times, "nor to their times");
      }
    }
  }
}

ResponseFacts read_body(std::string_view body, std::size_t slack) {
  const auto scan = openai::make_chat_scan(openai::UsageChunk::kPass);
  scan->on_body(body, slack);
  return scan->facts();
}

void check_body(std::string_view input) {
  const ResponseFacts expected = read_body(input, 0);
  for (const char behind : kBehind) {
    const std::string text = with_slack(input, behind);
    ARCHESTRA_ASSERT(same(read_body(std::string_view(text).substr(0, input.size()), kSlack), expected),
                     "what an answer tells does not depend on the bytes behind it");
  }
  for (const std::size_t scan_bytes_max : {input.size(), input.size() / 2}) {
    const bool is_read = input.size() <= scan_bytes_max;
    const proxy::GateLimits limits{.scan_bytes_max = scan_bytes_max, .event_bytes_max = 1};
    for (const std::size_t size_max : {std::size_t{1}, std::size_t{40}, input.size() + 1}) {
      for (const End end : {End::kWithLastBytes, End::kAlone}) {
        const Outcome outcome = relay(GateMode::kObserveBody, cut(input, size_max), limits, end);
        ARCHESTRA_ASSERT(outcome.sent == input, "a body passes as it is");
        ARCHESTRA_ASSERT(same(outcome.facts, is_read ? expected : ResponseFacts{}),
                         "and is read whole or not at all");
      }
    }
  }
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  if (size > 16 * 1024) return 0;  // cut in single bytes it must fit the buffer
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::check_request(input);
  fuzz::check_body(input);
  for (const std::size_t event_bytes_max : {std::size_t{48}, size + 1})
    fuzz::check_stream(input, event_bytes_max);
  return 0;
}
