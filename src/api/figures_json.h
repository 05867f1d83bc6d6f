// Figures of calls as JSON. Pure.
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "telemetry/history/overview.h"

namespace archestra::api {

/// Appends the members of all counts, without braces.
void append_counts(std::string& out, const telemetry::Counts& counts);
/// `{"p50":...}` with null for what was not measured.
void append_percentiles(std::string& out, const std::optional<telemetry::Percentiles>& percentiles);
/// The members `"totals":{...},"series":{...}`.
void append_figures(std::string& out, const telemetry::FigureSeries& figures);
/// A whole object.
void append_second(std::string& out, const telemetry::LiveSecond& second);

}  // namespace archestra::api
