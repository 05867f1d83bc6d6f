#include "telemetry/metrics/metrics_doc.h"

#include <string_view>

#include "telemetry/metrics/catalogue.h"
#include "telemetry/metrics/exposition_lines.h"

namespace archestra::telemetry {
namespace {

constexpr std::string_view kHead = R"(# Metrics

Every family that `/metrics` serves, in its order. This page is what `archestra metrics-docs` prints, made from
`src/telemetry/metrics/catalogue.cc`; a unit test fails where it is not.

The page of `/metrics` is Prometheus text 0.0.4, OpenMetrics 1.0.0 or Prometheus' protobuf, as the `Accept` of the scraper
asks; names, labels and bounds are the same in all three. Every family is described from the start, before it has a
sample. Where labels end in *agent's*, the labels of the agent follow, `cost-center` as `cost_center`.

What is said of the time since the last scrape begins anew with each scrape, whoever it is for: of two Prometheus servers
each sees a part. `runtime_event_loop_lag_seconds`, a histogram, tells both all of it.

| metric | type | unit | labels | what it says |
| --- | --- | --- | --- | --- |
)";

void append_labels(std::string& out, const Family& family) {
  std::string_view separator;
  for (const std::string_view label : family.labels) {
    out.append(separator).append("`").append(label).append("`");
    separator = ", ";
  }
  if (family.has_agent_labels) out.append(separator).append("*agent's*");
}

/// Within a cell of a table.
void append_help(std::string& out, std::string_view help) {
  for (const char c : help) {
    if (c == '|' || c == '*' || c == '_' || c == '<') out += '\\';
    out += c;
  }
}

void append_family(std::string& out, const Family& family) {
  out.append("| `").append(family.name).append("` | ").append(name_of(family.type)).append(" | ");
  out.append(family.unit).append(" | ");
  append_labels(out, family);
  out += " | ";
  append_help(out, family.help);
  if (!family.bounds.empty()) out += "<br>Buckets:";
  for (const base::Duration bound : family.bounds)
    append_canonical(out += ' ', family.shown(static_cast<double>(bound.count())));
  if (!family.quantiles.empty()) out += "<br>Quantiles:";
  for (const double quantile : family.quantiles) append_canonical(out += ' ', quantile);
  out += " |\n";
}

}  // namespace

std::string metrics_doc() {
  std::string out(kHead);
  for (const Family& family : catalogue()) append_family(out, family);
  return out;
}

}  // namespace archestra::telemetry
