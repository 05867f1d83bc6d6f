// What the traffic generator has seen: counts and durations of its calls. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "traffic/mix.h"

namespace archestra::traffic {

/// Durations in buckets 5 % apart from 10 us on, so a quantile is right to within that.
class Durations {
 public:
  void add(base::Duration duration);
  /// The duration below which `fraction` of all lie; nothing where there are none.
  std::optional<base::Duration> quantile(double fraction) const;

 private:
  static constexpr std::size_t kBuckets = 400;
  std::array<std::uint32_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

/// One call as its client saw it.
struct CallResult {
  int status = 0;                             ///< 0: no answer
  std::string error;                          ///< why there was no whole answer, "" where there was
  bool aborted = false;                       ///< we left, as planned
  base::Duration latency{};                   ///< to the last byte
  std::optional<base::Duration> first_token;  ///< of a stream
};

struct KindFigures {
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;  ///< of whatever sort
  Durations latency;
  Durations first_token;
};

class Figures {
 public:
  void add(Kind kind, const CallResult& result);

  const KindFigures& of(Kind kind) const { return kinds_[static_cast<std::size_t>(kind)]; }
  const KindFigures& all() const { return all_; }
  std::uint64_t answered() const { return answered_; }
  std::uint64_t aborted() const { return aborted_; }
  /// Errors by status or reason.
  const std::map<std::string, std::uint64_t>& errors() const { return errors_; }
  std::uint64_t unsent = 0;  ///< calls not made because too many were in flight

 private:
  std::array<KindFigures, kKinds> kinds_;
  KindFigures all_;
  std::uint64_t answered_ = 0;
  std::uint64_t aborted_ = 0;
  std::map<std::string, std::uint64_t> errors_;
};

/// Tokens as the gateway counted them.
struct TokenCounts {
  double input = 0;
  double output = 0;
};
/// Sums llm_tokens_total over a scrape in Prometheus text format.
TokenCounts sum_tokens(std::string_view exposition);

}  // namespace archestra::traffic
