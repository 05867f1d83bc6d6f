#include "telemetry/history/history.h"

#include <chrono>
#include <cstdlib>
#include <utility>

namespace archestra::telemetry {
namespace {

// The wall clock may differ by that much from what has passed since the start, and nobody sees it.
constexpr std::int64_t kClockTolerance = 2;

std::int64_t unix_seconds(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

History::History(const Options& options)
    : options_(options),
      began_(options.now()),
      began_unix_(unix_seconds(options.wall_now())),
      series_(options.bytes_max / 8 * 3, {.bytes = options.bytes_max / 8}),
      calls_(options.bytes_max / 2) {}

// Time goes by here as it does on the monotonic clock, from the Unix time of the start on: so steps begin at
// whole minutes, and a wall clock that is set changes nothing but how all of this is shown.
std::int64_t History::own_seconds() const {
  return began_unix_ + std::chrono::floor<std::chrono::seconds>(options_.now() - began_).count();
}

std::int64_t History::to_unix_seconds(std::int64_t now) const {
  const std::int64_t correction = unix_seconds(options_.wall_now()) - now;
  return std::abs(correction) <= kClockTolerance ? 0 : correction;
}

void History::advance(std::vector<LiveSecond>& over) {
  const std::int64_t now = own_seconds();
  series_.advance(now);
  std::int64_t in_flight = 0;
  for (const base::Gauge* const calls : in_flight_) in_flight += calls->value();
  seconds_.advance(now, in_flight, over);
  const std::int64_t correction = to_unix_seconds(now);
  for (LiveSecond& second : over) second.time += correction;
}

History::Round::Round(History& history) : history_(history), lock_(history.mutex_) {
  history_.advance(over_);
}

History::Round::~Round() {
  lock_.unlock();
  if (!history_.on_second_) return;
  for (const LiveSecond& second : over_) history_.on_second_(second);
}

void History::Round::add(std::span<const std::byte> record, const FinishedRequest& request) {
  const CallFigures figures(request.call);
  history_.seconds_.add(figures);
  history_.series_.add(request, figures);
  history_.calls_.add(record, request.request.trace.span_id, request.request.started_at);
}

SeriesSnapshot History::series(std::size_t tier) const {
  SeriesSnapshot snapshot{.step = kTiers[tier].step, .now = own_seconds(), .slots = {}};
  snapshot.to_unix_seconds = to_unix_seconds(snapshot.now);
  const std::scoped_lock lock(mutex_);
  snapshot.known_from = std::max(began_unix_, series_.known_from(tier));
  snapshot.slots = series_.slots(tier);
  return snapshot;
}

RecentCalls::Held History::held_calls() const {
  const std::scoped_lock lock(mutex_);
  return calls_.held();
}

void History::copy_calls_before(std::uint64_t before, std::size_t bytes, CopiedCalls& out) const {
  const std::scoped_lock lock(mutex_);
  calls_.copy_before(before, bytes, out);
}

void History::copy_call(const base::SpanId& id, CopiedCalls& out) const {
  const std::scoped_lock lock(mutex_);
  calls_.copy(id, out);
}

}  // namespace archestra::telemetry
