// What must hold of every dialect's ResponseScan behind the gate: what is read, what is dropped and what is
// kept are the same however the bytes were cut, whether events are decided or observed, and nothing is lost.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/buffer_pool.h"
#include "cuts.h"
#include "http/sse.h"
#include "providers/provider.h"
#include "proxy/gate.h"
#include "slack.h"

namespace archestra::fuzz {

using providers::ResponseFacts;
using providers::Verdict;
using proxy::Gate;
using proxy::GateMode;

/// Makes the scan of one response.
using MakeScan = std::unique_ptr<providers::ResponseScan> (*)();

/// What the dialect says of each event, kept beside it.
class RecordingScan final : public providers::ResponseScan {
 public:
  explicit RecordingScan(MakeScan make) : scan_(make()) {}

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
  const std::unique_ptr<providers::ResponseScan> scan_;
};

struct Outcome {
  std::string sent;
  ResponseFacts facts;
  std::vector<RecordingScan::Event> events;
  bool has_token_times = false;
};

/// Whether the end of a body is known with its last bytes, or told by a read of its own.
enum class End : std::uint8_t { kWithLastBytes, kAlone };

/// As the relay drives it: each read into the same buffer, with framing between its runs; sent, then
/// observed.
inline Outcome relay(MakeScan make, GateMode mode, const Pieces& pieces, proxy::GateLimits limits, End end) {
  static base::BufferPool pool;
  RecordingScan scan(make);
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
  outcome.has_token_times = gate.pace().first().has_value();
  return outcome;
}

/// A scan may know a chunk by the one before it. Behind a comment that is another each time nothing looks
/// alike, so that each event is parsed.
inline void check_every_event_is_read(MakeScan make, const Outcome& outcome) {
  const auto scan = make();
  const auto apart = make();
  std::size_t number = 0;
  for (const auto& [raw, dropped] : outcome.events) {
    scan->on_event(raw);
    const bool is_marked = raw.starts_with("\xEF\xBB\xBF");  // the mark means that in front only
    const Verdict verdict = apart->on_event(is_marked ? raw : ":" + std::to_string(++number) + "\n" + raw);
    ARCHESTRA_ASSERT((verdict == Verdict::kDrop) == dropped, "an event is judged by itself");
    ARCHESTRA_ASSERT(scan->facts() == apart->facts(), "and tells the same whatever came before");
  }
  ARCHESTRA_ASSERT(apart->facts() == outcome.facts, "also behind a gate");
}

/// What the whole stream told and sent.
inline Outcome check_stream(MakeScan make, std::string_view input, std::size_t event_bytes_max) {
  const proxy::GateLimits limits{.scan_bytes_max = 1, .event_bytes_max = event_bytes_max};
  const Outcome expected = relay(make, GateMode::kDecideEvents, whole(input), limits, End::kWithLastBytes);

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
  check_every_event_is_read(make, expected);
  ARCHESTRA_ASSERT(expected.has_token_times == (expected.facts.content_events > 0), "content has a time");

  for (const std::size_t size_max : {std::size_t{1}, std::size_t{3}, std::size_t{40}, input.size() + 1}) {
    const Pieces pieces = cut(input, size_max);
    for (const GateMode mode : {GateMode::kDecideEvents, GateMode::kObserveEvents}) {
      for (const End end : {End::kWithLastBytes, End::kAlone}) {
        const Outcome outcome = relay(make, mode, pieces, limits, end);
        ARCHESTRA_ASSERT(outcome.sent == (mode == GateMode::kDecideEvents ? kept : input),
                         "the cut does not matter");
        ARCHESTRA_ASSERT(outcome.events == expected.events, "nor to the verdicts");
        ARCHESTRA_ASSERT(outcome.facts == expected.facts, "nor to the figures");
        ARCHESTRA_ASSERT(outcome.has_token_times == expected.has_token_times, "nor to their times");
      }
    }
  }
  return expected;
}

inline ResponseFacts read_body(MakeScan make, std::string_view body, std::size_t slack) {
  const auto scan = make();
  scan->on_body(body, slack);
  return scan->facts();
}

inline void check_body(MakeScan make, std::string_view input) {
  const ResponseFacts expected = read_body(make, input, 0);
  for (const char behind : kBehind) {
    const std::string text = with_slack(input, behind);
    ARCHESTRA_ASSERT(read_body(make, std::string_view(text).substr(0, input.size()), kSlack) == expected,
                     "what an answer tells does not depend on the bytes behind it");
  }
  for (const std::size_t scan_bytes_max : {input.size(), input.size() / 2}) {
    const bool is_read = input.size() <= scan_bytes_max;
    const proxy::GateLimits limits{.scan_bytes_max = scan_bytes_max, .event_bytes_max = 1};
    for (const std::size_t size_max : {std::size_t{1}, std::size_t{40}, input.size() + 1}) {
      for (const End end : {End::kWithLastBytes, End::kAlone}) {
        const Outcome outcome = relay(make, GateMode::kObserveBody, cut(input, size_max), limits, end);
        ARCHESTRA_ASSERT(outcome.sent == input, "a body passes as it is");
        ARCHESTRA_ASSERT(outcome.facts == (is_read ? expected : ResponseFacts{}),
                         "and is read whole or not at all");
      }
    }
  }
}

}  // namespace archestra::fuzz
