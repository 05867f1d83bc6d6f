#include "proxy/gate.h"

#include <utility>

#include "base/assert.h"
#include "base/json_text.h"

namespace archestra::proxy {

using providers::Verdict;

namespace {

// Decoded events that leave together. Without a bound, one read of a few kilobytes could become megabytes
// that a slow client does not take.
constexpr std::size_t kPassedBytesMax = std::size_t{64} << 10;

http::ExpansionLimits expansion(GateMode mode, const GateLimits& limits) {
  const bool is_body = mode == GateMode::kObserveBody || mode == GateMode::kDecideBody;
  return {.bytes_max = is_body ? limits.scan_bytes_max : limits.decoded_bytes_max};
}

}  // namespace

Gate::Gate(GateMode mode, providers::ResponseScan* scan, GateLimits limits, base::BufferPool& pool,
           http::ContentCoding coding, ToolGuard* guard, providers::ContentReader* content)
    : mode_(mode),
      scan_(scan),
      guard_(guard),
      content_reader_(content),
      content_(mode == GateMode::kPass ? http::ContentCoding::kIdentity : coding, expansion(mode, limits),
               pool, limits.memory_bytes_max),
      events_(limits.event_bytes_max),
      elements_(limits.event_bytes_max),
      body_(pool, limits.scan_bytes_max, limits.memory_bytes_max) {
  ARCHESTRA_ASSERT(guards() || !decides(mode) || mode == GateMode::kDecideEvents,
                   "nobody but a guard decides about these");
  if (mode == GateMode::kDecideElements) guard_->expect_array();
}

base::Result<void> Gate::take_in(std::string_view run, base::MonotonicTime now, Runs& out) {
  if (!decides(mode_)) {
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
    take_piece(*piece, now);
  }
  return {};
}

void Gate::take_piece(std::string_view piece, base::MonotonicTime now) {
  if (mode_ == GateMode::kDecideBody) {
    has_body_ = true;
    body_.add(piece);
    if (content_.decodes()) body_.release_view();
  } else if (mode_ == GateMode::kDecideElements) {
    elements_.feed(piece);
    judge_elements(now);
  } else {
    events_.feed(piece);
    judge_events(now);
  }
}

void Gate::judge_events(base::MonotonicTime now) {
  while (const auto event = events_.next()) {
    skipped_event_ |= event->oversized;
    if (!event->oversized)
      judge({}, event->raw, now);
    else if (guards())
      guard_->take_unreadable(passed_);
    else
      passed_.append(event->raw);
  }
}

void Gate::judge_elements(base::MonotonicTime now) {
  // One that was left out stood in front of the one that comes next.
  const auto tell_of_unread = [this] {
    if (elements_.left_any_out() && !std::exchange(has_unread_element_, true))
      guard_->take_unreadable(passed_);
  };
  while (const auto element = elements_.next()) {
    tell_of_unread();
    judge(elements_.gap(), *element, now);
  }
  tell_of_unread();
}

Verdict Gate::scan_event(std::string_view raw) {
  if (content_reader_ != nullptr) {
    std::string scratch;
    content_reader_->on_event(base::with_whole_characters(raw, scratch));
  }
  return scan_->on_event(raw);
}

void Gate::judge(std::string_view gap, std::string_view raw, base::MonotonicTime now) {
  const std::uint32_t before = scan_->facts().content_events;
  switch (scan_event(raw)) {
    case Verdict::kPass:
      if (!guards())
        passed_.append(raw);
      else if (mode_ == GateMode::kDecideElements)
        guard_->take_element(gap, raw, passed_);
      else
        guard_->take_event(raw, passed_);
      break;
    case Verdict::kDrop:
      break;
  }
  note_content(before, now);
  if (!guards() || !guard_->is_holding()) events_passed_ = scan_->facts().content_events;
}

void Gate::note_content(std::uint32_t events_before, base::MonotonicTime now) {
  if (scan_->facts().content_events != events_before) pace_.note(now);
}

base::Result<void> Gate::finish(Runs& out) {
  if (!decides(mode_)) return {};
  if (const auto ended = content_.finish(); !ended) return ended;
  let_end(out);
  return {};
}

// What was held is judged now.
void Gate::let_end(Runs& out) {
  if (!guards()) return let_go(out);
  if (passed_is_out_) passed_.clear();
  passed_is_out_ = false;
  events_passed_ = scan_->facts().content_events;
  if (mode_ == GateMode::kDecideBody) {
    const std::string_view body = body_.whole();
    if (has_body_ && guard_->pass_body(body, base::BufferPool::kSlack, passed_)) return out.add(body);
  } else if (mode_ == GateMode::kDecideElements) {
    if (elements_.is_in_element() || elements_.left_out_of_gap()) guard_->take_unreadable(passed_);
    guard_->end_array(elements_.gap(), passed_);
  } else {
    // To some clients what is not ended by an empty line is an event nevertheless.
    if (!events_.unfinished().empty()) guard_->take_event(events_.unfinished(), passed_);
    guard_->end_events(passed_);
  }
  collect(out);
}

void Gate::let_go(Runs& out) {
  if (!decides(mode_)) return;
  if (passed_is_out_) passed_.clear();
  passed_is_out_ = false;
  // An event that never ended was never judged; it is no event, and passes as it is. Where a policy could
  // block, nothing passes that was not judged.
  if (!guards()) passed_.append(events_.unfinished());
  collect(out);
}

void Gate::collect(Runs& out) {
  if (!decides(mode_) || passed_is_out_) return;
  out.add(passed_);
  passed_is_out_ = true;
}

void Gate::observe(const Runs& sent, base::MonotonicTime arrived) {
  read_runs(sent, arrived);
  // What was judged has left with them, all of it; what is only read has left to the event read last.
  if (scan_ != nullptr && !lost_any_)
    events_delivered_ = decides(mode_) ? events_passed_ : scan_->facts().content_events;
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
  if (mode_ == GateMode::kPass || decides(mode_)) return;
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
  const std::uint32_t calls_before = scan_->facts().tool_calls;
  scan_event(raw);
  note_content(before, now);
  if (guard_ != nullptr) guard_->watch_event(raw, scan_->facts().tool_calls > calls_before);
}

void Gate::conclude() {
  if (mode_ != GateMode::kObserveBody && mode_ != GateMode::kDecideBody) return;
  // Of what broke off while it was encoded the checksum is missing.
  if (const auto ended = content_.finish(); !ended && !unread_) stop_reading(ended.error());
  const std::string_view body = body_.whole();
  if (body.empty()) return;
  scan_->on_body(body, base::BufferPool::kSlack);
  if (content_reader_ != nullptr) {
    std::string scratch;
    const std::string_view whole = base::with_whole_characters(body, scratch);
    content_reader_->on_body(whole, whole.data() == body.data() ? base::BufferPool::kSlack : 0);
  }
  const bool is_watched = guard_ != nullptr && mode_ == GateMode::kObserveBody;
  if (is_watched && scan_->facts().tool_calls > 0) guard_->watch_body(body, base::BufferPool::kSlack);
}

}  // namespace archestra::proxy
