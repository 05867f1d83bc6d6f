// Every metric family this process serves, in the order of /metrics: its name, type, help, labels, buckets
// and quantiles. A new metric touches this table and the place that records it. Constant data.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"

namespace archestra::telemetry {

/// In the order in which a call writes: a scrape reads from the last family to the first, so that of a
/// call that is counted in one family nothing is missing in those before it.
enum class Metric : std::uint8_t {
  kHttpRequestDuration,
  kHttpRequestSummary,
  kLlmRequestDuration,
  kLlmTokens,
  kLlmEstimatedTokens,
  kLlmRequests,
  kLlmTimeToFirstToken,
  kLlmTimeToFirstByte,
  kLlmInterToken,
  kLlmStreamStalls,
  kLlmTokensPerSecond,
  kLlmGateway,
  kLlmCacheTokens,
  kLlmReasoningTokens,
  kLlmUsage,
  kLlmUndeliveredTokens,
  kLlmBlockedTool,
  kLlmBlockedTools,
  kLlmToolCalls,
  kPolicyEvaluations,
  kPolicyEvaluationDuration,
  kLlmAccountingStarted,
  kLlmAccountingFinalized,
  kLlmRequestsInFlight,
  kFoldedCalls,
  kLabelSets,
  kLabelSetsMax,
  kTelemetrySeries,
  kTelemetryQueueBytes,
  kTelemetryQueueMaxBytes,
  kTelemetryQueueSpans,
  kTelemetryQueueSpansMax,
  kTelemetryUnsent,
  kTelemetryOldestUnsent,
  kTelemetrySpoolBytes,
  kTelemetrySpoolMaxBytes,
  kTelemetryDropped,
  kOtlpExportSpans,
  kOtlpExportLogRecords,
  kOtlpExportDataPoints,
  kOtlpExportRequests,
  kStoreOperationDuration,
  kStoreOperations,
  kPolicySetLoads,
  kPolicySetFailing,
  kTlsHandshakes,
  kBuildInfo,
  kProcessCpu,
  kProcessCpuUser,
  kProcessCpuSystem,
  kProcessResidentMemory,
  kProcessVirtualMemory,
  kProcessStartTime,
  kProcessOpenFds,
  kProcessMaxFds,
  kProcessThreads,
  kProcessVirtualMemoryMax,
  kProcessHeap,
  kNodejsLag,
  kNodejsLagMin,
  kNodejsLagMax,
  kNodejsLagMean,
  kNodejsLagStddev,
  kNodejsLagP50,
  kNodejsLagP90,
  kNodejsLagP99,
  kNodejsActiveRequests,
  kNodejsActiveRequestsTotal,
  kNodejsActiveHandles,
  kNodejsActiveHandlesTotal,
  kNodejsHeapUsed,
  kNodejsHeapTotal,
  kNodejsExternalMemory,
  kNodejsGcDuration,
  kNodejsVersionInfo,
  kRuntimeLag,
  kRuntimeLagMin,
  kRuntimeLagMax,
  kRuntimeLagMean,
  kRuntimeLagStddev,
  kRuntimeLagP50,
  kRuntimeLagP90,
  kRuntimeLagP99,
  kRuntimeActiveRequests,
  kRuntimeActiveHandles,
  kRuntimeHeapUsed,
  kRuntimeHeapHeld,
  kRuntimeHeapUnused,
  kRuntimeExternalMemory,
  kRuntimeBuffers,
  kRuntimeReclaimDuration,
  kRuntimeInfo,
  kRuntimeOverLimit,
  kRuntimeAcceptPauses,
};
/// The last one of those whose series appear with calls; those of the others are there from the start.
inline constexpr Metric kLastOfCalls = Metric::kLlmRequestsInFlight;
inline constexpr std::size_t kMetricCount = 94;

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram, kSummary };

/// "counter", "gauge", "histogram", "summary".
std::string_view name_of(MetricType type);

struct Family {
  Metric metric;
  std::string_view name;  ///< in full, with unit and `_total`
  MetricType type;
  /// "seconds", "bytes", "" for plain numbers. The end of described_name(): where it is not, Prometheus 3
  /// refuses the whole page in OpenMetrics and protobuf.
  std::string_view unit;
  std::string_view help;
  std::span<const std::string_view> labels;  ///< in the order in which recorders give the values
  bool has_agent_labels = false;             ///< the agent's own labels follow
  std::span<const base::Duration> bounds{};  ///< of a histogram: upper bounds, inclusive, ascending
  /// What stands for 1 in the bounds and in the sum of a histogram: another one where no time is observed.
  base::Duration one = std::chrono::seconds(1);
  std::span<const double> quantiles{};  ///< of a summary: 0 to 1, ascending

  /// A bound, or a sum of nanoseconds, as it is shown.
  double shown(double nanos) const { return nanos / static_cast<double>(one.count()); }
};

/// The name without the `_total` of a counter's samples, as OpenMetrics describes it.
std::string_view described_name(const Family& family);

/// All families; the index of each is its Metric.
std::span<const Family> catalogue();
const Family& family_of(Metric metric);

/// Whether an agent's label of that name would clash with one of ours in the same family, or of Prometheus
/// (le, job, instance...).
bool is_reserved_label(std::string_view name);

}  // namespace archestra::telemetry
