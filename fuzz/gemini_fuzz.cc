// Gemini's dialect. A path: what it says. A request and an answer: what they say does not depend on the bytes
// behind them, is what simdjson's DOM says, and nothing where they are cut short. A stream: what it tells is
// the same however it was cut, however it comes, and whether its chunks are known by their shape or parsed.

#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/buffer_pool.h"
#include "cuts.h"
#include "providers/gemini/generate.h"
#include "providers/gemini/model_path.h"
#include "proxy/gate.h"
#include "slack.h"

namespace archestra::fuzz {
namespace {

namespace dom = simdjson::dom;
namespace gemini = providers::gemini;
using gemini::Answer;
using providers::ResponseFacts;
using providers::Verdict;
using proxy::Gate;
using proxy::GateMode;

// --- Paths ------------------------------------------------------------------------------------------------

void check_path(std::string_view path) {
  std::string scratch;
  const auto found = gemini::parse_model_path(path, scratch);
  if (!found) return;
  ARCHESTRA_ASSERT(!found->model.empty(), "an operation is of a model");
  const std::string plain = "/" + std::string(gemini::kVersions[found->version]) + "/" +
                            (found->is_below_models ? "models/" : "") + std::string(found->model) + ":" +
                            std::string(gemini::kMethods[static_cast<std::size_t>(found->method)]);
  ARCHESTRA_ASSERT(plain == (scratch.empty() ? path : scratch), "nothing of a path is lost");
}

// --- Documents --------------------------------------------------------------------------------------------

ResponseFacts read_body(std::string_view body, std::size_t slack) {
  const auto scan = gemini::make_generate_scan(Answer::kDocument);
  scan->on_body(body, slack);
  return scan->facts();
}

std::uint64_t count_in(const dom::object& object, const char* name) {
  std::uint64_t count = 0;
  for (const dom::key_value_pair member : object) {
    std::uint64_t value = 0;
    if (member.key == name && !member.value.get_uint64().get(value)) count = value;
  }
  return count;
}

// What the DOM says of usage, where nothing is said twice.
void check_usage(const dom::object& root, const call::Usage& usage) {
  dom::object counts;
  bool has_usage = false;
  for (const dom::key_value_pair member : root) {
    if (member.key != "usageMetadata") continue;
    if (has_usage) return;
    has_usage = !member.value.get_object().get(counts);
  }
  ARCHESTRA_ASSERT(has_usage == (usage.provenance == call::Provenance::kProvider), "usage is seen");
  if (!has_usage) return;
  const std::uint64_t thoughts = count_in(counts, "thoughtsTokenCount");
  ARCHESTRA_ASSERT(usage.input_tokens ==
                       count_in(counts, "promptTokenCount") + count_in(counts, "toolUsePromptTokenCount"),
                   "input is all input");
  ARCHESTRA_ASSERT(usage.output_tokens == count_in(counts, "candidatesTokenCount") + thoughts,
                   "output is all output");
  ARCHESTRA_ASSERT(usage.reasoning_tokens == thoughts, "reasoning is a part of it");
  ARCHESTRA_ASSERT(usage.cache_read_tokens == count_in(counts, "cachedContentTokenCount"),
                   "and so the cache");
}

void check_document(std::string_view input) {
  const ResponseFacts facts = read_body(input, 0);
  const providers::RequestFacts request = gemini::inspect_generate_request(input, 0);
  for (const char behind : kBehind) {
    const std::string text = with_slack(input, behind);
    const std::string_view view = std::string_view(text).substr(0, input.size());
    ARCHESTRA_ASSERT(
        read_body(view, kSlack) == facts && gemini::inspect_generate_request(view, kSlack) == request,
        "what a text says does not depend on the bytes behind it");
  }
  static dom::parser parser;
  dom::object root;
  if (parser.parse(input.data(), input.size()).get_object().get(root)) return;
  // Keys with escapes are compared raw, and -0 is no count.
  if (!input.contains('\\') && !input.contains("-0")) check_usage(root, facts.usage);
  const std::size_t size = input.find_last_of('}');
  for (const std::size_t cut : {size, size / 2, std::size_t{0}}) {
    const std::string_view begin = input.substr(0, cut);
    ARCHESTRA_ASSERT(read_body(begin, 0) == ResponseFacts{} &&
                         gemini::inspect_generate_request(begin, 0) == providers::RequestFacts{},
                     "half a text says nothing");
  }
}

// --- Streams ----------------------------------------------------------------------------------------------

// Keeps what it was given.
class RecordingScan final : public providers::ResponseScan {
 public:
  Verdict on_event(std::string_view raw) override {
    const Verdict verdict = scan_->on_event(raw);
    ARCHESTRA_ASSERT(verdict == Verdict::kPass, "nothing is changed");
    facts_ = scan_->facts();
    events.emplace_back(raw);
    return verdict;
  }
  void on_body(std::string_view, std::size_t) override { ARCHESTRA_ASSERT(false, "a stream has no body"); }

  std::vector<std::string> events;

 private:
  const std::unique_ptr<providers::ResponseScan> scan_ = gemini::make_generate_scan(Answer::kStream);
};

struct Outcome {
  std::vector<std::string> events;
  ResponseFacts facts;
  bool skipped_event = false;
};

Outcome observe(GateMode mode, const Pieces& pieces, std::size_t event_bytes_max) {
  static base::BufferPool pool;
  RecordingScan scan;
  Gate gate(mode, &scan, {.scan_bytes_max = 1, .event_bytes_max = event_bytes_max}, pool);
  std::string sent;
  std::string all;
  proxy::Runs runs;
  for (const std::string_view piece : pieces) {
    runs.clear();
    const bool taken = gate.take_in(piece, {}, runs).has_value();
    ARCHESTRA_ASSERT(taken, "what passes as it is needs no decoding");
    gate.collect(runs);
    for (const std::string_view run : runs.all()) sent += run;
    all += piece;
    gate.observe(runs, {});
    gate.release_views();
  }
  runs.clear();
  const bool ended = gate.finish(runs).has_value();
  gate.observe(runs, {});
  gate.conclude();
  ARCHESTRA_ASSERT(ended && runs.empty() && sent == all, "a stream passes as it is");
  ARCHESTRA_ASSERT(gate.pace().first().has_value() == (scan.facts().content_events > 0),
                   "content has a time");
  return {std::move(scan.events), scan.facts(), gate.skipped_event()};
}

// A chunk with something of no meaning in it that is another each time is like none before it.
void check_every_event_is_read(const Outcome& outcome) {
  const auto scan = gemini::make_generate_scan(Answer::kStream);
  std::size_t number = 0;
  for (const std::string& raw : outcome.events) {
    ++number;
    if (raw.starts_with("\xEF\xBB\xBF"))  // the mark means that in front only
      scan->on_event(raw);
    else if (raw.starts_with('{'))
      scan->on_event("{" + std::string(number, ' ') + raw.substr(1));
    else
      scan->on_event(":" + std::to_string(number) + "\n" + raw);
  }
  ARCHESTRA_ASSERT(scan->facts() == outcome.facts, "a chunk tells the same whatever came before");
}

void check_stream(std::string_view input, std::size_t event_bytes_max) {
  for (const GateMode mode : {GateMode::kObserveEvents, GateMode::kObserveElements}) {
    const Outcome expected = observe(mode, whole(input), event_bytes_max);
    check_every_event_is_read(expected);
    for (const std::size_t size_max : {std::size_t{1}, std::size_t{3}, std::size_t{40}}) {
      const Outcome outcome = observe(mode, cut(input, size_max), event_bytes_max);
      ARCHESTRA_ASSERT(outcome.events == expected.events && outcome.facts == expected.facts &&
                           outcome.skipped_event == expected.skipped_event,
                       "the cut does not matter");
    }
  }
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::check_path(input);
  fuzz::check_document(input);
  for (const std::size_t event_bytes_max : {std::size_t{48}, size + 1})
    fuzz::check_stream(input, event_bytes_max);
  return 0;
}
