#include "traffic/figures.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace archestra::traffic {
namespace {

constexpr double kSmallestNanos = 10'000;
constexpr double kGrowth = 1.05;

}  // namespace

void Durations::add(base::Duration duration) {
  const double ratio = std::max(static_cast<double>(duration.count()) / kSmallestNanos, 1.0);
  const auto bucket = static_cast<std::size_t>(std::log(ratio) / std::log(kGrowth));
  ++counts_[std::min(bucket, kBuckets - 1)];
  ++total_;
}

std::optional<base::Duration> Durations::quantile(double fraction) const {
  if (total_ == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && (seen += counts_[bucket]) < rank) ++bucket;
  const double nanos = kSmallestNanos * std::pow(kGrowth, static_cast<double>(bucket) + 0.5);
  return base::Duration(static_cast<std::int64_t>(nanos));
}

void Figures::add(Kind kind, const CallResult& result) {
  if (result.status != 0) ++answered_;
  if (result.aborted) ++aborted_;
  if (!result.error.empty())
    ++errors_[result.error];
  else if (result.status >= 400)
    ++errors_[std::to_string(result.status)];
  for (KindFigures* figures : {&kinds_[static_cast<std::size_t>(kind)], &all_}) {
    ++figures->calls;
    if (!result.error.empty() || result.status >= 400) ++figures->errors;
    if (result.first_token) figures->first_token.add(*result.first_token);
    // What was broken off says nothing about how long a call takes.
    if (result.error.empty() && !result.aborted) figures->latency.add(result.latency);
  }
}

TokenCounts sum_tokens(std::string_view exposition) {
  TokenCounts counts;
  while (!exposition.empty()) {
    const std::size_t end = std::min(exposition.find('\n'), exposition.size());
    const std::string_view line = exposition.substr(0, end);
    exposition.remove_prefix(std::min(end + 1, exposition.size()));
    if (!line.starts_with("llm_tokens_total{")) continue;
    const std::size_t labels_end = line.rfind('}');
    if (labels_end == line.npos || labels_end + 2 >= line.size()) continue;
    double value = 0;
    if (std::from_chars(line.data() + labels_end + 2, line.data() + line.size(), value).ec != std::errc())
      continue;
    if (line.find("type=\"input\"") != line.npos) counts.input += value;
    if (line.find("type=\"output\"") != line.npos) counts.output += value;
  }
  return counts;
}

}  // namespace archestra::traffic
