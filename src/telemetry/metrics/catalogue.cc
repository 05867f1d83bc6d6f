#include "telemetry/metrics/catalogue.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace archestra::telemetry {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Text = std::string_view;

constexpr std::array<base::Duration, 11> kHttpBounds{5ms,   10ms,   25ms,   50ms,   100ms,  250ms,
                                                     500ms, 1000ms, 2500ms, 5000ms, 10000ms};
constexpr std::array<base::Duration, 14> kLlmBounds{50ms, 100ms, 250ms, 500ms, 1s,   2s,   5s,
                                                    10s,  20s,   30s,   60s,   120s, 300s, 600s};

constexpr std::array<Text, 0> kNone{};
constexpr std::array<Text, 3> kHttp{"method", "route", "status_code"};
constexpr std::array<Text, 4> kLlm{"provider", "model", "agent_id", "agent_name"};
constexpr std::array<Text, 5> kLlmStatus{"provider", "model", "agent_id", "agent_name", "status_code"};
constexpr std::array<Text, 5> kLlmType{"provider", "model", "agent_id", "agent_name", "type"};
constexpr std::array<Text, 5> kLlmOutcome{"provider", "model", "agent_id", "agent_name", "outcome"};
constexpr std::array<Text, 3> kAgent{"provider", "agent_id", "agent_name"};
constexpr std::array<Text, 4> kAgentOutcome{"provider", "agent_id", "agent_name", "outcome"};
constexpr std::array<Text, 1> kKind{"kind"};
constexpr std::array<Text, 2> kDropped{"signal", "reason"};
constexpr std::array<Text, 1> kResult{"result"};
constexpr std::array<Text, 1> kVersion{"version"};

constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;
constexpr auto kHistogram = MetricType::kHistogram;

constexpr std::array<Family, kMetricCount> kCatalogue{{
    {Metric::kHttpRequestDuration, "http_request_duration_seconds", kHistogram, "seconds",
     "Duration of requests on the API port, from the first byte of the request head to the last byte of the "
     "answer. Status code 499 means that the client left first.",
     kHttp, false, kHttpBounds},
    {Metric::kLlmRequestDuration, "llm_request_duration_seconds", kHistogram, "seconds",
     "Duration of exchanges with LLM providers, one for each try, from starting the upstream call to the "
     "last byte of the response, streams to their end. Status code 0 means that no response head came.",
     kLlmStatus, true, kLlmBounds},
    {Metric::kLlmTokens, "llm_tokens_total", kCounter, "",
     "Tokens as the provider reported them: input includes cached tokens, output includes reasoning.",
     kLlmType, true},
    {Metric::kLlmEstimatedTokens, "llm_estimated_tokens_total", kCounter, "",
     "Tokens the gateway estimated for calls that broke off before the provider reported its usage; never "
     "part of llm_tokens_total.",
     kLlmType, true},
    {Metric::kLlmRequests, "llm_requests_total", kCounter, "",
     "LLM calls that ended, one for each call whatever its number of tries, by how they ended.", kLlmOutcome,
     true},
    {Metric::kLlmTimeToFirstToken, "llm_time_to_first_token_seconds", kHistogram, "seconds",
     "How long a stream took to bring its first content (text, reasoning or tool "
     "arguments).",
     kLlm, true, kLlmBounds},
    {Metric::kLlmAccountingStarted, "llm_accounting_started_total", kCounter, "",
     "LLM calls whose accounting began. Less llm_accounting_finalized_total, it is what is in flight.",
     kAgent, true},
    {Metric::kLlmAccountingFinalized, "llm_accounting_finalized_total", kCounter, "",
     "LLM calls whose accounting was closed, exactly once each, by how they ended.", kAgentOutcome, true},
    {Metric::kLlmRequestsInFlight, "llm_requests_in_flight", kGauge, "", "LLM calls that are under way.",
     kAgent, true},
    {Metric::kFoldedCalls, "telemetry_folded_calls_total", kCounter, "",
     "LLM calls counted in series whose agent_id, agent_name and model are __overflow__, because there was "
     "no place for their label set; one for each call.",
     kNone},
    {Metric::kLabelSets, "telemetry_label_sets", kGauge, "",
     "Label sets in use: combinations of provider, agent and its labels, with model (kind model) and without "
     "(kind agent). Those of __overflow__ are not among them.",
     kKind},
    {Metric::kLabelSetsMax, "telemetry_label_sets_max", kGauge, "",
     "Label sets there may be; what comes beyond them is folded.", kKind},
    {Metric::kTelemetryDropped, "telemetry_dropped_total", kCounter, "",
     "Spans (signal traces) and log lines (signal logs) that were given up, by reason.", kDropped},
    {Metric::kOtlpExportSpans, "otlp_export_spans_total", kCounter, "",
     "Spans sent to the OTLP collector, by what became of them.", kResult},
    {Metric::kOtlpExportRequests, "otlp_export_requests_total", kCounter, "",
     "Export requests to the OTLP collector, by what became of them.", kResult},
    {Metric::kBuildInfo, "archestra_build_info", kGauge, "", "The version that is running; always 1.",
     kVersion},
    {Metric::kProcessCpu, "process_cpu_seconds_total", kCounter, "seconds",
     "Total user and system CPU time spent in seconds.", kNone},
    {Metric::kProcessCpuUser, "process_cpu_user_seconds_total", kCounter, "seconds",
     "Total user CPU time spent in seconds.", kNone},
    {Metric::kProcessCpuSystem, "process_cpu_system_seconds_total", kCounter, "seconds",
     "Total system CPU time spent in seconds.", kNone},
    {Metric::kProcessResidentMemory, "process_resident_memory_bytes", kGauge, "bytes",
     "Resident memory size in bytes.", kNone},
    {Metric::kProcessVirtualMemory, "process_virtual_memory_bytes", kGauge, "bytes",
     "Virtual memory size in bytes.", kNone},
    {Metric::kProcessStartTime, "process_start_time_seconds", kGauge, "seconds",
     "Start time of the process since unix epoch in seconds.", kNone},
    {Metric::kProcessOpenFds, "process_open_fds", kGauge, "", "Number of open file descriptors.", kNone},
    {Metric::kProcessMaxFds, "process_max_fds", kGauge, "", "Maximum number of open file descriptors.",
     kNone},
}};

constexpr bool is_indexed_by_metric() {
  for (std::size_t i = 0; i < kCatalogue.size(); ++i)
    if (static_cast<std::size_t>(kCatalogue[i].metric) != i) return false;
  return true;
}
static_assert(is_indexed_by_metric(), "a row of the catalogue is out of place");

}  // namespace

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "untyped";
}

std::span<const Family> catalogue() { return kCatalogue; }

const Family& family_of(Metric metric) { return kCatalogue[static_cast<std::size_t>(metric)]; }

bool is_reserved_label(std::string_view name) {
  static constexpr std::array<Text, 4> kPrometheus{"le", "quantile", "job", "instance"};
  if (std::ranges::find(kPrometheus, name) != kPrometheus.end()) return true;
  return std::ranges::any_of(kCatalogue, [&](const Family& family) {
    return std::ranges::find(family.labels, name) != family.labels.end();
  });
}

}  // namespace archestra::telemetry
