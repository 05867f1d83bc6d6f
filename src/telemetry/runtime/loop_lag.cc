#include "telemetry/runtime/loop_lag.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace archestra::telemetry {
namespace {

using Counts = base::DelayHistogram::Counts;

/// The delay that `share` of all are not above.
base::Duration quantile_of(const Counts& counts, std::uint64_t total, double share) {
  const auto rank =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total))));
  std::uint64_t below = 0;
  std::size_t at = 0;
  while (at + 1 < counts.size() && (below += counts[at]) < rank) ++at;
  return base::DelayHistogram::middle_of(at);
}

base::Duration rounded(double nanos) { return base::Duration(std::llround(nanos)); }

}  // namespace

std::optional<LagFigures> figures_of(const Counts& counts) {
  const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (total == 0) return std::nullopt;
  double sum = 0;
  double sum_of_squares = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto nanos = static_cast<double>(base::DelayHistogram::middle_of(i).count());
    sum += nanos * static_cast<double>(counts[i]);
    sum_of_squares += nanos * nanos * static_cast<double>(counts[i]);
  }
  const double mean = sum / static_cast<double>(total);
  const double variance = std::max(0.0, sum_of_squares / static_cast<double>(total) - mean * mean);
  return LagFigures{.min = quantile_of(counts, total, 0),
                    .max = quantile_of(counts, total, 1),
                    .mean = rounded(mean),
                    .stddev = rounded(std::sqrt(variance)),
                    .p50 = quantile_of(counts, total, 0.5),
                    .p90 = quantile_of(counts, total, 0.9),
                    .p99 = quantile_of(counts, total, 0.99)};
}

LagFigures LoopLag::take(Window& window) const {
  window.seen_.resize(loops_.size());
  LagFigures worst;
  bool any = false;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    Counts counts{};
    loops_[i]->add_to(counts);
    Counts recent{};
    std::ranges::transform(counts, window.seen_[i], recent.begin(), std::minus{});
    window.seen_[i] = counts;
    const auto figures = figures_of(recent);
    if (!figures) continue;
    any = true;
    for (const auto figure : {&LagFigures::min, &LagFigures::max, &LagFigures::mean, &LagFigures::stddev,
                              &LagFigures::p50, &LagFigures::p90, &LagFigures::p99})
      worst.*figure = std::max(worst.*figure, (*figures).*figure);
  }
  if (any) window.last_ = worst;
  return window.last_;
}

Counts LoopLag::total() const {
  Counts counts{};
  for (const base::DelayHistogram* lag : loops_) lag->add_to(counts);
  return counts;
}

}  // namespace archestra::telemetry
