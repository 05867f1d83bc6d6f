#include "api/cardinality.h"

#include <fmt/format.h>

#include <iterator>

#include "api/json_list.h"
#include "base/json_text.h"
#include "telemetry/metrics/cardinality.h"

namespace archestra::api {
namespace {

using Found = telemetry::Cardinality;

constexpr std::uint64_t kSetsDefault = 20;
constexpr std::uint64_t kSetsMax = 100;

void append_budgets(std::string& out, const std::vector<Found::Budget>& budgets) {
  out += '{';
  for (const Found::Budget& budget : budgets)
    fmt::format_to(std::back_inserter(out), R"({}"{}":{{"used":{},"max":{}}})", out.back() != '{' ? "," : "",
                   budget.kind, budget.used, budget.max);
  out += '}';
}

void append_set(std::string& out, const Found::Set& set) {
  out += R"({"labels":{)";
  for (const telemetry::Label& label : set.labels) {
    if (out.back() != '{') out += ',';
    base::append_json_string(out, label.name);
    out += ':';
    base::append_json_string(out, label.value);
  }
  fmt::format_to(std::back_inserter(out), R"(}},"series":{}}})", set.series);
}

}  // namespace

ServiceAnswer Cardinality::get(const Query& query) const {
  if (const auto fault = query.fault({"limit"})) return invalid_request(*fault);
  std::uint64_t limit = kSetsDefault;
  if (const auto fault = read_number(query, "limit", 1, kSetsMax, limit)) return invalid_request(*fault);
  const telemetry::Snapshot snapshot = collect_();
  const Found found = telemetry::cardinality_of(snapshot, limit);
  std::string body = R"({"labelSets":)";
  append_budgets(body, found.budgets);
  fmt::format_to(std::back_inserter(body), R"(,"foldedCalls":{},"series":{},"metrics":)", found.folded_calls,
                 found.series);
  append_list(body, found.metrics, [](std::string& out, const Found::MetricSeries& metric) {
    fmt::format_to(std::back_inserter(out), R"({{"name":"{}","series":{}}})", metric.name, metric.series);
  });
  body += R"(,"sets":)";
  append_list(body, found.sets, append_set);
  body += '}';
  return json_answer(200, std::move(body));
}

}  // namespace archestra::api
