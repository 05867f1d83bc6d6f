#include "proxy/gate.h"

#include "base/assert.h"

namespace archestra::proxy {

using providers::Verdict;

namespace {

// Decoded events that leave together. Without a bound, one read of a few kilobytes could become megabytes
// that a slow client does not take.
constexpr std::size_t kPassedBytesMax = std::size_t{64} << 10;

http::ExpansionLimits expansion(GateMode mode, const GateLimits& limits) {
  return {.bytes_max = mode == GateMode::kObserveBody ? limits.scan_bytes_max : limits.decoded_bytes_max};
}

}  // namespace

Gate::Gate(GateMode mode, providers::ResponseScan* scan, GateLimits limits, base::BufferPool& pool,
           http::ContentCoding coding)
    : mode_(mode),
      scan_(scan),
      content_(mode == GateMode::kPass ? http::ContentCoding::kIdentity : coding, expansion(mode, limits),
               pool, limits.memory_bytes_max),
      events_(limits.event_bytes_max),
      elements_(limits.event_bytes_max),
      body_(pool, limits.scan_bytes_max, limits.memory_bytes_max) {}

base::Result<void> Gate::take_in(std::string_view run, base::MonotonicTime now, Runs& out) {
  if (mode_ != GateMode::kDecideEvents) {
    out.add(run);
    return {};
  }
  content_.feed(run);
  return judge_fed(now);
}

base::Result<void> Gate::take_rest(base::MonotonicTime now) { return judge_fed(now); }

base::Result<void> Gate::judge_fed(base::MonotonicTime now) {
  if (passed_is_out_) passed_.clear();
  passed_is_out_ = false;
  while (passed_.size() < kPassedBytesMax) {
    const auto piece = content_.next();
    if (!piece) return base::fail(piece.error());
    if (piece->empty()) break;
    events_.feed(*piece);
    while (const auto event = events_.next()) {
      skipped_event_ |= event->oversized;
      if (event->oversized)
        passed_.append(event->raw);
      else
        judge(event->raw, now);
    }
  }
  return {};
}

void Gate::judge(std::string_view raw, base::MonotonicTime now) {
  const std::uint32_t before = scan_->facts().content_events;
  switch (scan_->on_event(raw)) {
    case Verdict::kPass:
      passed_.append(raw);
      break;
    case Verdict::kReplace:
      passed_.append(scan_->replacement());
      break;
    case Verdict::kDrop:
      break;
    case Verdict::kHold:
      ARCHESTRA_ASSERT(false, "no dialect holds events back yet");
  }
  note_content(before, now);
}

void Gate::note_content(std::uint32_t events_before, base::MonotonicTime now) {
  if (scan_->facts().content_events != events_before) pace_.note(now);
}

base::Result<void> Gate::finish(Runs& out) {
  if (mode_ == GateMode::kDecideEvents)
    if (const auto ended = content_.finish(); !ended) return ended;
  let_go(out);
  return {};
}

void Gate::let_go(Runs& out) {
  if (mode_ != GateMode::kDecideEvents) return;
  if (passed_is_out_) passed_.clear();
  passed_is_out_ = false;
  // An event that never ended was never judged; it is no event, and passes as it is.
  passed_.append(events_.unfinished());
  collect(out);
}

void Gate::collect(Runs& out) {
  if (mode_ != GateMode::kDecideEvents || passed_is_out_) return;
  out.add(passed_);
  passed_is_out_ = true;
}

void Gate::observe(const Runs& sent, base::MonotonicTime arrived) {
  read_runs(sent, arrived);
  // What was judged has left with them, all of it; what is only read has left to the event read last.
  if (scan_ != nullptr && !lost_any_) events_delivered_ = scan_->facts().content_events;
}

void Gate::observe_lost(const Runs& unsent, base::MonotonicTime arrived) {
  lost_any_ = true;
  read_runs(unsent, arrived);
}

call::Delivery Gate::delivery() const {
  return {.events = scan_ == nullptr ? 0 : scan_->facts().content_events,
          .events_delivered = events_delivered_};
}

void Gate::read_runs(const Runs& runs, base::MonotonicTime arrived) {
  if (mode_ == GateMode::kPass || mode_ == GateMode::kDecideEvents) return;
  for (std::string_view run : runs.all()) {
    if (unread_) return;
    if (const auto done = read_run(run, arrived); !done) stop_reading(done.error());
  }
}

base::Result<void> Gate::read_run(std::string_view run, base::MonotonicTime arrived) {
  content_.feed(run);
  while (true) {
    const auto piece = content_.next();
    if (!piece) return base::fail(piece.error());
    if (piece->empty()) return {};
    if (mode_ == GateMode::kObserveBody) {
      body_.add(*piece);
      if (content_.decodes()) body_.release_view();
      continue;
    }
    if (mode_ == GateMode::kObserveElements) {
      elements_.feed(*piece);
      while (const auto element = elements_.next()) read(*element, arrived);
      continue;
    }
    events_.feed(*piece);
    while (const auto event = events_.next()) {
      skipped_event_ |= event->oversized;
      if (!event->oversized) read(event->raw, arrived);
    }
  }
}

// A part of a body is no body, and of what a scan has of half a stream nothing can be concluded.
void Gate::stop_reading(base::Error error) {
  unread_ = error;
  body_.give_up();
}

void Gate::read(std::string_view raw, base::MonotonicTime now) {
  const std::uint32_t before = scan_->facts().content_events;
  scan_->on_event(raw);
  note_content(before, now);
}

void Gate::conclude() {
  if (mode_ != GateMode::kObserveBody) return;
  // Of what broke off while it was encoded the checksum is missing.
  if (const auto ended = content_.finish(); !ended && !unread_) stop_reading(ended.error());
  if (const std::string_view body = body_.whole(); !body.empty())
    scan_->on_body(body, base::BufferPool::kSlack);
}

}  // namespace archestra::proxy
