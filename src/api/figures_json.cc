#include "api/figures_json.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "api/json_list.h"

namespace archestra::api {
namespace {

using telemetry::Counts;
using telemetry::Percentiles;

struct CountName {
  std::string_view name;
  std::uint64_t Counts::* value;
};
constexpr CountName kCounts[] = {{"calls", &Counts::calls},
                                 {"errors", &Counts::errors},
                                 {"inputTokens", &Counts::input_tokens},
                                 {"outputTokens", &Counts::output_tokens},
                                 {"blockedToolCalls", &Counts::blocked_tool_calls}};

/// By Measure.
constexpr std::array<std::string_view, telemetry::kMeasures> kMeasureNames{"latency", "timeToFirstToken",
                                                                           "gateway"};
struct PercentileName {
  std::string_view name;
  double Percentiles::* value;
};
constexpr PercentileName kPercentiles[] = {
    {"p50", &Percentiles::p50}, {"p95", &Percentiles::p95}, {"p99", &Percentiles::p99}};

// Four digits are more than a sketch knows.
void append_seconds(std::string& out, const std::optional<Percentiles>& percentiles,
                    double Percentiles::* which) {
  if (percentiles)
    fmt::format_to(std::back_inserter(out), "{:.4g}", *percentiles.*which);
  else
    out += "null";
}

void append_name(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":");
}

}  // namespace

void append_counts(std::string& out, const Counts& counts) {
  for (const CountName& count : kCounts) {
    append_name(out, count.name);
    fmt::format_to(std::back_inserter(out), "{}", counts.*count.value);
  }
}

void append_percentiles(std::string& out, const std::optional<Percentiles>& percentiles) {
  out += '{';
  for (const PercentileName& each : kPercentiles) {
    append_name(out, each.name);
    append_seconds(out, percentiles, each.value);
  }
  out += '}';
}

void append_figures(std::string& out, const telemetry::FigureSeries& figures) {
  append_name(out, "totals");
  out += '{';
  append_counts(out, figures.totals);
  for (std::size_t i = 0; i < kMeasureNames.size(); ++i) {
    append_name(out, kMeasureNames[i]);
    append_percentiles(out, figures.measured[i]);
  }
  out += R"(},"series":{)";
  for (const CountName& count : kCounts) {
    append_name(out, count.name);
    append_list(out, figures.steps, [&](std::string& list, const Counts& step) {
      fmt::format_to(std::back_inserter(list), "{}", step.*count.value);
    });
  }
  for (std::size_t i = 0; i < kMeasureNames.size(); ++i) {
    append_name(out, kMeasureNames[i]);
    out += '{';
    for (const PercentileName& each : kPercentiles) {
      append_name(out, each.name);
      append_list(out, figures.measured_steps, [&](std::string& list, const telemetry::Measured& step) {
        append_seconds(list, step[i], each.value);
      });
    }
    out += '}';
  }
  out += '}';
}

void append_second(std::string& out, const telemetry::LiveSecond& second) {
  fmt::format_to(std::back_inserter(out), R"({{"time":{},"inFlight":{})", second.time, second.in_flight);
  append_counts(out, second.counts);
  for (std::size_t i = 0; i < kMeasureNames.size(); ++i) {
    append_name(out, kMeasureNames[i]);
    if (second.measured[i])
      append_percentiles(out, second.measured[i]);
    else
      out += "null";
  }
  out += '}';
}

}  // namespace archestra::api
