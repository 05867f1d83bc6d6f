#include "api/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "api/call_filter.h"
#include "api/figures_json.h"
#include "api/json_list.h"
#include "api/lists.h"
#include "base/json_text.h"
#include "telemetry/history/overview.h"

namespace archestra::api {
namespace {

using telemetry::GroupBy;
using telemetry::Window;

/// A period one can ask for: of which tier, in which steps.
struct Period {
  std::string_view minutes;
  std::size_t tier;
  std::int64_t step;
  std::size_t count;
  std::int64_t spark_step;
  std::size_t spark_count;
};
constexpr Period kPeriods[] = {
    {.minutes = "15", .tier = 0, .step = 10, .count = 90, .spark_step = 30, .spark_count = 30},
    {.minutes = "60", .tier = 1, .step = 60, .count = 60, .spark_step = 120, .spark_count = 30},
    {.minutes = "360", .tier = 2, .step = 300, .count = 72, .spark_step = 900, .spark_count = 24},
    {.minutes = "1440", .tier = 2, .step = 300, .count = 288, .spark_step = 3600, .spark_count = 24}};
constexpr const Period& kPeriodDefault = kPeriods[1];

const Period* read_period(const Query& query) {
  const auto minutes = query.find("minutes");
  if (!minutes) return &kPeriodDefault;
  const auto found = std::ranges::find(kPeriods, *minutes, &Period::minutes);
  return found == std::end(kPeriods) ? nullptr : found;
}

constexpr std::string_view kBadPeriod = "The parameter minutes must be 15, 60, 360 or 1440.";

constexpr std::string_view kLabelPrefix = "label:";

std::optional<telemetry::Grouping> read_grouping(std::string_view text) {
  constexpr std::pair<std::string_view, GroupBy> kNames[] = {{"none", GroupBy::kNone},
                                                             {"provider", GroupBy::kProvider},
                                                             {"model", GroupBy::kModel},
                                                             {"agent", GroupBy::kAgent}};
  for (const auto& [name, by] : kNames)
    if (text == name) return telemetry::Grouping{.by = by};
  if (!text.starts_with(kLabelPrefix) || text.size() == kLabelPrefix.size()) return std::nullopt;
  return telemetry::Grouping{.by = GroupBy::kLabel,
                             .label_key = std::string(text.substr(kLabelPrefix.size()))};
}

void append_time(std::string& out, std::string_view name, std::int64_t unix_seconds) {
  out.append("\"").append(name).append("\":\"");
  base::append_iso_time(out, base::WallTime(std::chrono::seconds(unix_seconds)));
  out += '"';
}

void append_group(std::string& out, const telemetry::FigureSeries& group) {
  out += R"({"key":)";
  base::append_json_string(out, group.key);
  out += R"(,"name":)";
  base::append_json_string(out, group.name);
  append_figures(out, group);
  out += '}';
}

}  // namespace

ServiceAnswer Statistics::overview(const Query& query) const {
  if (const auto fault = query.fault({"minutes", "groupBy", "provider", "model", "agentId", "label"}))
    return invalid_request(*fault);
  const Period* const period = read_period(query);
  if (period == nullptr) return invalid_request(kBadPeriod);
  const std::string_view group_by = query.find("groupBy").value_or("none");
  const auto grouping = read_grouping(group_by);
  if (!grouping)
    return invalid_request("The parameter groupBy must be none, provider, model, agent or label:<key>.");
  telemetry::SetFilter filter;
  if (const auto fault = read_set_filter(query, filter)) return invalid_request(*fault);

  const telemetry::SeriesSnapshot snapshot = history_.series(period->tier);
  const Window window = Window::until(snapshot.now, period->step, period->count);
  const telemetry::Overview overview = telemetry::make_overview(snapshot, window, filter, *grouping);

  const std::int64_t begin = window.begin + snapshot.to_unix_seconds;
  std::string body = "{";
  append_time(body, "from", begin);
  body += ',';
  append_time(body, "to", begin + window.step * static_cast<std::int64_t>(window.count));
  body += ',';
  append_time(body, "knownFrom", std::max(begin, snapshot.known_from + snapshot.to_unix_seconds));
  fmt::format_to(std::back_inserter(body), R"(,"stepSeconds":{},"times":[)", window.step);
  for (std::size_t i = 0; i < window.count; ++i)
    fmt::format_to(std::back_inserter(body), "{}{}", i > 0 ? "," : "",
                   begin + window.step * static_cast<std::int64_t>(i));
  body += R"(],"groupBy":)";
  base::append_json_string(body, group_by);
  body += R"(,"all":{)";
  append_figures(body, overview.all);
  body += R"(},"groups":)";
  append_list(body, overview.groups, append_group);
  fmt::format_to(std::back_inserter(body), R"(,"foldedGroups":{},"foldedCalls":{}}})", overview.folded_groups,
                 overview.folded_calls);
  return json_answer(200, std::move(body));
}

ServiceAnswer Statistics::agents(const Query& query) const {
  if (const auto fault = query.fault({"minutes"})) return invalid_request(*fault);
  const Period* const period = read_period(query);
  if (period == nullptr) return invalid_request(kBadPeriod);
  const telemetry::SeriesSnapshot snapshot = history_.series(period->tier);
  const auto agents = telemetry::make_agent_series(
      snapshot, Window::until(snapshot.now, period->spark_step, period->spark_count));
  std::string body = fmt::format(R"({{"stepSeconds":{},"data":)", period->spark_step);
  append_list(body, agents, [](std::string& out, const telemetry::AgentSeries& agent) {
    out += R"({"agentId":)";
    base::append_json_string(out, agent.agent_id);
    const telemetry::Counts& totals = agent.totals;
    fmt::format_to(
        std::back_inserter(out),
        R"(,"calls":[{}],"totals":{{"calls":{},"errors":{},"inputTokens":{},"outputTokens":{}}}}})",
        fmt::join(agent.calls, ","), totals.calls, totals.errors, totals.input_tokens, totals.output_tokens);
  });
  body += '}';
  return json_answer(200, std::move(body));
}

ServiceAnswer Statistics::dimensions(const Query& query) const {
  if (const auto fault = query.fault({})) return invalid_request(*fault);
  const auto dimensions = telemetry::make_dimensions(history_.series(telemetry::kTiers.size() - 1));
  std::string body = R"({"providers":)";
  append_list(body, dimensions.providers, base::append_json_string);
  body += R"(,"models":)";
  append_list(body, dimensions.models, base::append_json_string);
  body += R"(,"labelKeys":)";
  append_list(body, dimensions.label_keys, base::append_json_string);
  body += '}';
  return json_answer(200, std::move(body));
}

}  // namespace archestra::api
