// Which calls a query asks for, of series and of single calls. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/query.h"
#include "base/ids.h"
#include "call/outcome.h"
#include "telemetry/history/overview.h"
#include "telemetry/trace/span_record.h"

namespace archestra::api {

/// Reads `provider`, `model`, `agentId` and `label`. A fault where one is nothing that there could be.
std::optional<std::string> read_set_filter(const Query& query, telemetry::SetFilter& filter);

/// Of single calls: the same, and what is known of each of them.
struct CallFilter {
  telemetry::SetFilter set = {};
  std::optional<call::Outcome> outcome = {};
  std::optional<std::string> session = {};
  std::optional<std::string> user = {};
  std::optional<std::string> run = {};
  std::optional<base::TraceId> trace_id = {};
  std::optional<bool> is_blocked = {};
  std::optional<bool> is_stream = {};
  base::Duration duration_min = {};

  /// Reads all parameters of a list of calls but those of its page.
  std::optional<std::string> read(const Query& query);
  bool matches(const telemetry::FinishedRequest& request) const;
};

}  // namespace archestra::api
