// GET /api/recent-calls and one of them: the last calls, from memory. On the api thread.
#pragma once

#include <string_view>

#include "api/answers.h"
#include "api/query.h"
#include "telemetry/history/history.h"

namespace archestra::api {

class RecentCallList {
 public:
  static constexpr std::uint64_t kLimitDefault = 50;
  static constexpr std::uint64_t kLimitMax = 200;
  /// A page that is longer ends early, whatever was asked for: labels may be long.
  static constexpr std::size_t kPageBytesMax = std::size_t{2} << 20;

  /// Outlives it.
  explicit RecentCallList(const telemetry::History& history) : history_(history) {}

  ServiceAnswer list(const Query& query);
  /// `id`: of its SERVER span, as text.
  ServiceAnswer get(std::string_view id);

 private:
  const telemetry::History& history_;
  telemetry::CopiedCalls copied_;       // reused
  telemetry::FinishedRequest request_;  // likewise
};

}  // namespace archestra::api
