#include "proxy/gate.h"

#include "base/assert.h"

namespace archestra::proxy {

using providers::Verdict;

void Gate::take_in(std::string_view run, base::MonotonicTime now, Runs& out) {
  if (mode_ != GateMode::kDecideEvents) return out.add(run);
  if (passed_is_out_) passed_.clear();
  passed_is_out_ = false;
  events_.feed(run);
  while (const auto event = events_.next()) {
    if (event->oversized)
      passed_.append(event->raw);
    else
      judge(event->raw, now);
  }
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
  if (scan_->facts().content_events == events_before) return;
  if (!token_times_.first) token_times_.first = now;
  token_times_.last = now;
}

void Gate::finish(Runs& out) {
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
  if (mode_ == GateMode::kObserveBody) {
    for (std::string_view run : sent.all()) body_.add(run);
  } else if (mode_ == GateMode::kObserveEvents) {
    for (std::string_view run : sent.all()) {
      events_.feed(run);
      while (const auto event = events_.next())
        if (!event->oversized) read(event->raw, arrived);
    }
  }
}

void Gate::read(std::string_view raw, base::MonotonicTime now) {
  const std::uint32_t before = scan_->facts().content_events;
  scan_->on_event(raw);
  note_content(before, now);
}

void Gate::conclude() {
  if (mode_ == GateMode::kObserveBody)
    if (const std::string_view body = body_.whole(); !body.empty())
      scan_->on_body(body, base::BufferPool::kSlack);
}

}  // namespace archestra::proxy
