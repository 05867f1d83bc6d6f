#include "telemetry/metrics/catalogue.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "call/token_gaps.h"

namespace archestra::telemetry {
namespace {

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Text = std::string_view;

constexpr std::array<base::Duration, 11> kHttpBounds{5ms,   10ms,   25ms,   50ms,   100ms,  250ms,
                                                     500ms, 1000ms, 2500ms, 5000ms, 10000ms};
constexpr std::array<base::Duration, 14> kLlmBounds{50ms, 100ms, 250ms, 500ms, 1s,   2s,   5s,
                                                    10s,  20s,   30s,   60s,   120s, 300s, 600s};
constexpr std::array<base::Duration, 10> kFirstBounds{50ms,   100ms, 200ms, 400ms, 800ms,
                                                      1500ms, 3s,    6s,    12s,   30s};
constexpr std::array<base::Duration, 10> kGatewayBounds{50us,   100us, 250us, 500us, 1ms,
                                                        2500us, 5ms,   10ms,  50ms,  250ms};
/// Here a microsecond stands for one token per second: the sum lasts, and is exact to a thousandth.
constexpr base::Duration kOneTokenPerSecond = 1us;
constexpr std::array<base::Duration, 10> kRateBounds{5us,  10us,  20us,  35us,  50us,
                                                     75us, 100us, 150us, 250us, 500us};
constexpr std::array<base::Duration, 0> kNoBounds{};
constexpr std::array<double, 7> kQuantiles{0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999};

// Those of prom-client for garbage collection.
constexpr std::array<base::Duration, 6> kReclaimBounds{1ms, 10ms, 100ms, 1s, 2s, 5s};
constexpr std::array<base::Duration, 11> kLagBounds{1ms,   2500us, 5ms,   10ms, 25ms,  50ms,
                                                    100ms, 250ms,  500ms, 1s,   2500ms};

constexpr std::array<base::Duration, 9> kPolicyBounds{5us, 10us, 25us, 50us, 100us, 250us, 1ms, 10ms, 100ms};
constexpr std::array<base::Duration, 9> kStoreBounds{100us, 500us, 1ms, 5ms, 10ms, 50ms, 100ms, 500ms, 5s};

constexpr std::array<Text, 0> kNone{};
constexpr std::array<Text, 3> kHttp{"method", "route", "status_code"};
constexpr std::array<Text, 4> kLlm{"provider", "model", "agent_id", "agent_name"};
constexpr std::array<Text, 5> kLlmStatus{"provider", "model", "agent_id", "agent_name", "status_code"};
constexpr std::array<Text, 5> kLlmType{"provider", "model", "agent_id", "agent_name", "type"};
constexpr std::array<Text, 5> kLlmCacheType{"provider", "model", "agent_id", "agent_name", "cache_type"};
constexpr std::array<Text, 5> kLlmProvenance{"provider", "model", "agent_id", "agent_name", "provenance"};
constexpr std::array<Text, 5> kLlmOutcome{"provider", "model", "agent_id", "agent_name", "outcome"};
constexpr std::array<Text, 3> kAgent{"provider", "agent_id", "agent_name"};
constexpr std::array<Text, 4> kAgentOutcome{"provider", "agent_id", "agent_name", "outcome"};
constexpr std::array<Text, 2> kToolDecision{"tool", "decision"};
constexpr std::array<Text, 1> kDecision{"decision"};
constexpr std::array<Text, 1> kKind{"kind"};
constexpr std::array<Text, 1> kOperation{"operation"};
constexpr std::array<Text, 2> kOperationResult{"operation", "result"};
constexpr std::array<Text, 2> kDropped{"signal", "reason"};
constexpr std::array<Text, 1> kSignal{"signal"};
constexpr std::array<Text, 2> kSignalResult{"signal", "result"};
constexpr std::array<Text, 1> kResult{"result"};
constexpr std::array<Text, 1> kMetric{"metric"};
constexpr std::array<Text, 1> kQueue{"queue"};
constexpr std::array<Text, 1> kVersion{"version"};
constexpr std::array<Text, 1> kType{"type"};
constexpr std::array<Text, 2> kTypeResult{"type", "result"};
constexpr std::array<Text, 1> kState{"state"};
constexpr std::array<Text, 1> kLimit{"limit"};
constexpr std::array<Text, 6> kNodejsVersion{"version", "major", "minor", "patch", "runtime", "compiler"};
constexpr std::array<Text, 7> kRuntimeInfo{"version", "major",    "minor",    "patch",
                                           "runtime", "compiler", "allocator"};

// What families say that are served under two names, or of which there are several.
#define ARCHESTRA_LAG                                                                                   \
  "Measured on each shard every 10 ms while it has something to do, else once a second. Timers have a " \
  "resolution of 1 ms, so an idle shard shows up to that."
constexpr Text kLagMinHelp =
    "The shortest delay of a timer since the last scrape, on the worst shard. " ARCHESTRA_LAG;
constexpr Text kLagMaxHelp =
    "The longest delay of a timer since the last scrape, on the worst shard. " ARCHESTRA_LAG;
constexpr Text kLagMeanHelp =
    "The mean delay of a timer since the last scrape, on the worst shard. " ARCHESTRA_LAG;
constexpr Text kLagStddevHelp =
    "The standard deviation of the delays of timers since the last scrape, on the worst "
    "shard. " ARCHESTRA_LAG;
constexpr Text kLagP50Help =
    "The delay that 50 % of the timers did not exceed since the last scrape, on the worst "
    "shard. " ARCHESTRA_LAG;
constexpr Text kLagP90Help =
    "The delay that 90 % of the timers did not exceed since the last scrape, on the worst "
    "shard. " ARCHESTRA_LAG;
constexpr Text kLagP99Help =
    "The delay that 99 % of the timers did not exceed since the last scrape, on the worst "
    "shard. " ARCHESTRA_LAG;
constexpr Text kRequestsHelp =
    "Asynchronous operations that are under way, by type: LLM calls, requests to the platform API, name "
    "look-ups, connections being made, exports of telemetry.";
constexpr Text kHandlesHelp =
    "Open handles, by type: sockets by who is at their other end, files by the number of their descriptors, "
    "timers that are armed.";
constexpr Text kHeapUsedHelp = "Bytes that the allocator has handed out and not got back.";
constexpr Text kHeapHeldHelp =
    "Bytes of the machine's memory that the allocator holds: what is handed out, what is free and not given "
    "back to the system yet, and its own bookkeeping.";
constexpr Text kExternalHelp =
    "Memory outside the allocator: resident pages of mapped files (the program, its libraries, SQLite's "
    "index of its journal) and of shared memory. SQLite's page cache and the shards' buffers come from the "
    "allocator and are in the figures of the heap; stacks of threads are in neither.";
constexpr Text kReclaimHelp =
    "Time that the process spent giving memory back, by kind: pages of the allocator that nobody uses "
    "(allocator), buffers that a shard did not need for a while (buffers). Nothing is collected as garbage, "
    "and no call waits for the first.";

constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;
constexpr auto kHistogram = MetricType::kHistogram;
constexpr auto kSummary = MetricType::kSummary;

constexpr std::array<Family, kMetricCount> kCatalogue{{
    {Metric::kHttpRequestDuration, "http_request_duration_seconds", kHistogram, "seconds",
     "Duration of requests on the API port, from the first byte of the request head to the last byte of the "
     "answer. Status code 499 means that the client left first.",
     kHttp, false, kHttpBounds},
    {Metric::kHttpRequestSummary, "http_request_summary_seconds", kSummary, "seconds",
     "Quantiles of http_request_duration_seconds over the last 8 to 10 minutes, at most 1 % off; NaN where "
     "there was no request. Sum and count are of all the time.",
     kHttp, false, kNoBounds, 1s, kQuantiles},
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
     "How long it took from starting the upstream call until a stream brought its first content (text, "
     "reasoning or tool arguments).",
     kLlm, true, kFirstBounds},
    {Metric::kLlmTimeToFirstByte, "llm_time_to_first_byte_seconds", kHistogram, "seconds",
     "How long it took from starting the upstream call until the client's socket had the first byte of the "
     "answer; of answers that came from the provider.",
     kLlm, true, kFirstBounds},
    {Metric::kLlmInterToken, "llm_inter_token_seconds", kHistogram, "seconds",
     "Time between one event of a stream that brought content and the next, measured at their arrival: "
     "every gap of every stream.",
     kLlm, true, call::kTokenGapBounds},
    {Metric::kLlmStreamStalls, "llm_stream_stalls_total", kCounter, "",
     "Gaps of more than 1 s between one event of a stream that brought content and the next.", kLlm, true},
    {Metric::kLlmTokensPerSecond, "llm_tokens_per_second", kHistogram, "",
     "Output tokens of a stream, as the provider reported them, for each second from its first content to "
     "its last.",
     kLlm, true, kRateBounds, kOneTokenPerSecond},
    {Metric::kLlmGateway, "llm_gateway_seconds", kHistogram, "seconds",
     "What the gateway itself added to LLM calls: their duration less the time spent waiting for the "
     "provider or for the client. Pauses before another try count as far as no Retry-After asked for them.",
     kLlm, true, kGatewayBounds},
    {Metric::kLlmCacheTokens, "llm_cache_tokens_total", kCounter, "",
     "Input tokens read from the provider's cache, or written to it, as the provider reported them; a part "
     "of llm_tokens_total.",
     kLlmCacheType, true},
    {Metric::kLlmReasoningTokens, "llm_reasoning_tokens_total", kCounter, "",
     "Output tokens of reasoning, as the provider reported them; a part of llm_tokens_total.", kLlm, true},
    {Metric::kLlmUsage, "llm_usage_total", kCounter, "",
     "LLM calls that ended, by where their token counts are from: the provider, an estimate of the gateway, "
     "or unknown, for which none are counted.",
     kLlmProvenance, true},
    {Metric::kLlmUndeliveredTokens, "llm_undelivered_tokens_total", kCounter, "",
     "Output tokens, reported or estimated, of answers that were not relayed to their end, of the part that "
     "the client did not get.",
     kLlm, true},
    {Metric::kLlmBlockedTool, "llm_blocked_tool_total", kCounter, "",
     "Tool calls that policies kept from the client: all those of an answer of which one was blocked.", kLlm,
     true},
    {Metric::kLlmBlockedTools, "llm_blocked_tools_total", kCounter, "",
     "The same as llm_blocked_tool_total, under the other name that dashboards know it by.", kLlm, true},
    {Metric::kLlmToolCalls, "llm_tool_calls_total", kCounter, "",
     "Tool calls in answers, by the name that the model used and by what was decided: allowed, blocked, "
     "would_block (allowed, though a policy that only observes would have blocked it). What comes beyond the "
     "first 500 names is __overflow__; a call that could not be read is __unread__.",
     kToolDecision},
    {Metric::kPolicyEvaluations, "policy_evaluations_total", kCounter, "",
     "What policies were asked, by their answer: tool calls in answers (allowed, blocked, would_block), and "
     "tool results in requests (result_trusted, result_untrusted, result_blocked).",
     kDecision},
    {Metric::kPolicyEvaluationDuration, "policy_evaluation_seconds", kHistogram, "seconds",
     "Time that policies took of an LLM call, for all its tool calls and results together; of calls for "
     "which "
     "they were asked.",
     kNone, false, kPolicyBounds},
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
     "(kind agent), and names of tools (kind tool). Those of __overflow__ are not among them.",
     kKind},
    {Metric::kLabelSetsMax, "telemetry_label_sets_max", kGauge, "",
     "Label sets there may be; what comes beyond them is folded.", kKind},
    {Metric::kTelemetrySeries, "telemetry_series", kGauge, "",
     "Series of each metric on this page: its combinations of labels. A histogram or a summary counts as "
     "one, "
     "whatever its number of lines.",
     kMetric},
    {Metric::kTelemetryQueueBytes, "telemetry_queue_bytes", kGauge, "bytes",
     "Bytes that waited when the export thread last looked: in the fullest ring of a shard (queue records), "
     "and for standard output (queue log_lines).",
     kQueue},
    {Metric::kTelemetryQueueMaxBytes, "telemetry_queue_max_bytes", kGauge, "bytes",
     "Bytes there may be in a queue; what comes beyond them is dropped.", kQueue},
    {Metric::kTelemetryQueueSpans, "telemetry_queue_spans", kGauge, "",
     "Spans that waited for the OTLP collector in memory alone, not on the disk, when the export thread last "
     "looked.",
     kNone},
    {Metric::kTelemetryQueueSpansMax, "telemetry_queue_spans_max", kGauge, "",
     "Spans that may wait for the OTLP collector in memory alone; what comes beyond them is dropped.", kNone},
    {Metric::kTelemetryUnsent, "telemetry_unsent", kGauge, "",
     "Spans (signal traces) and log records (signal logs) that the OTLP collector has not taken yet, in "
     "memory "
     "and on the disk, those that earlier processes left too.",
     kSignal},
    {Metric::kTelemetryOldestUnsent, "telemetry_oldest_unsent_seconds", kGauge, "seconds",
     "Age of the oldest span or log record that the OTLP collector has not taken yet; 0 where there is none.",
     kSignal},
    {Metric::kTelemetrySpoolBytes, "telemetry_spool_bytes", kGauge, "bytes",
     "Disk that files with spans or log records take, which the OTLP collector has not taken yet.", kSignal},
    {Metric::kTelemetrySpoolMaxBytes, "telemetry_spool_max_bytes", kGauge, "bytes",
     "Disk that such files may take; what comes beyond it is dropped.", kSignal},
    {Metric::kTelemetryDropped, "telemetry_dropped_total", kCounter, "",
     "Spans (signal traces), log lines and log records (signal logs), data points of metrics sent over OTLP "
     "(signal metrics) and calls that the statistics of the platform API lack (signal history) that were "
     "given "
     "up, by reason.",
     kDropped},
    {Metric::kOtlpExportSpans, "otlp_export_spans_total", kCounter, "",
     "Spans sent to the OTLP collector, by what became of them.", kResult},
    {Metric::kOtlpExportLogRecords, "otlp_export_log_records_total", kCounter, "",
     "Log records sent to the OTLP collector, by what became of them.", kResult},
    {Metric::kOtlpExportDataPoints, "otlp_export_data_points_total", kCounter, "",
     "Data points of metrics sent to the OTLP collector, by what became of them.", kResult},
    {Metric::kOtlpExportRequests, "otlp_export_requests_total", kCounter, "",
     "Export requests to the OTLP collector, by what is in them and what became of them.", kSignalResult},
    {Metric::kStoreOperationDuration, "store_operation_duration_seconds", kHistogram, "seconds",
     "How long reads and writes of the store took (agents, tools, policies, the admin token), failed ones "
     "too; a write is on "
     "the "
     "disk when it is over.",
     kOperation, false, kStoreBounds},
    {Metric::kStoreOperations, "store_operations_total", kCounter, "",
     "Reads and writes of the store, by what became of them.", kOperationResult},
    {Metric::kPolicySetLoads, "policy_set_loads_total", kCounter, "",
     "How often all policies were read and compiled (at the start, with each change, at a reload), by what "
     "became of it. After an error the last good set stays in force.",
     kResult},
    {Metric::kPolicySetFailing, "policy_set_failing", kGauge, "",
     "1 where the policies in the store could not be used when they were last read, so that an older set is "
     "in force; else 0.",
     kNone},
    {Metric::kTlsHandshakes, "tls_handshakes_total", kCounter, "",
     "TLS handshakes, by the type of the socket and how they ended: full (with a certificate), resumed (with "
     "a session of an earlier one, which costs a fraction), failed (also those that took too long).",
     kTypeResult},
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
    {Metric::kProcessThreads, "process_threads", kGauge, "", "Number of OS threads in the process.", kNone},
    {Metric::kProcessVirtualMemoryMax, "process_virtual_memory_max_bytes", kGauge, "bytes",
     "Maximum amount of virtual memory available in bytes; 2^64 - 1 where there is no limit.", kNone},
    {Metric::kProcessHeap, "process_heap_bytes", kGauge, "bytes",
     "Process heap size in bytes: all private writable mappings (VmData), whether they were touched or not.",
     kNone},
    // The names that dashboards for Node.js ask for. What each says of this process is in its help.
    {Metric::kNodejsLag, "nodejs_eventloop_lag_seconds", kGauge, "seconds",
     "Lag of the event loops: how late a timer ran, the worst since the last scrape, on the worst "
     "shard. " ARCHESTRA_LAG,
     kNone},
    {Metric::kNodejsLagMin, "nodejs_eventloop_lag_min_seconds", kGauge, "seconds", kLagMinHelp, kNone},
    {Metric::kNodejsLagMax, "nodejs_eventloop_lag_max_seconds", kGauge, "seconds", kLagMaxHelp, kNone},
    {Metric::kNodejsLagMean, "nodejs_eventloop_lag_mean_seconds", kGauge, "seconds", kLagMeanHelp, kNone},
    {Metric::kNodejsLagStddev, "nodejs_eventloop_lag_stddev_seconds", kGauge, "seconds", kLagStddevHelp,
     kNone},
    {Metric::kNodejsLagP50, "nodejs_eventloop_lag_p50_seconds", kGauge, "seconds", kLagP50Help, kNone},
    {Metric::kNodejsLagP90, "nodejs_eventloop_lag_p90_seconds", kGauge, "seconds", kLagP90Help, kNone},
    {Metric::kNodejsLagP99, "nodejs_eventloop_lag_p99_seconds", kGauge, "seconds", kLagP99Help, kNone},
    {Metric::kNodejsActiveRequests, "nodejs_active_requests", kGauge, "", kRequestsHelp, kType},
    {Metric::kNodejsActiveRequestsTotal, "nodejs_active_requests_total", kGauge, "",
     "Asynchronous operations that are under way, of all types. A gauge, whatever its name says.", kNone},
    {Metric::kNodejsActiveHandles, "nodejs_active_handles", kGauge, "", kHandlesHelp, kType},
    {Metric::kNodejsActiveHandlesTotal, "nodejs_active_handles_total", kGauge, "",
     "Open sockets and files, and armed timers, of all types. A gauge, whatever its name says.", kNone},
    {Metric::kNodejsHeapUsed, "nodejs_heap_size_used_bytes", kGauge, "bytes", kHeapUsedHelp, kNone},
    {Metric::kNodejsHeapTotal, "nodejs_heap_size_total_bytes", kGauge, "bytes", kHeapHeldHelp, kNone},
    {Metric::kNodejsExternalMemory, "nodejs_external_memory_bytes", kGauge, "bytes", kExternalHelp, kNone},
    {Metric::kNodejsGcDuration, "nodejs_gc_duration_seconds", kHistogram, "seconds", kReclaimHelp, kKind,
     false, kReclaimBounds},
    {Metric::kNodejsVersionInfo, "nodejs_version_info", kGauge, "",
     "The version of this gateway, which is no Node.js program: its runtime is cpp, built by this compiler; "
     "always 1.",
     kNodejsVersion},
    // The same, under names of their own.
    {Metric::kRuntimeLag, "runtime_event_loop_lag_seconds", kHistogram, "seconds",
     "How late timers of the event loops ran, of all shards. " ARCHESTRA_LAG, kNone, false, kLagBounds},
    {Metric::kRuntimeLagMin, "runtime_event_loop_lag_min_seconds", kGauge, "seconds", kLagMinHelp, kNone},
    {Metric::kRuntimeLagMax, "runtime_event_loop_lag_max_seconds", kGauge, "seconds", kLagMaxHelp, kNone},
    {Metric::kRuntimeLagMean, "runtime_event_loop_lag_mean_seconds", kGauge, "seconds", kLagMeanHelp, kNone},
    {Metric::kRuntimeLagStddev, "runtime_event_loop_lag_stddev_seconds", kGauge, "seconds", kLagStddevHelp,
     kNone},
    {Metric::kRuntimeLagP50, "runtime_event_loop_lag_p50_seconds", kGauge, "seconds", kLagP50Help, kNone},
    {Metric::kRuntimeLagP90, "runtime_event_loop_lag_p90_seconds", kGauge, "seconds", kLagP90Help, kNone},
    {Metric::kRuntimeLagP99, "runtime_event_loop_lag_p99_seconds", kGauge, "seconds", kLagP99Help, kNone},
    {Metric::kRuntimeActiveRequests, "runtime_active_requests", kGauge, "", kRequestsHelp, kType},
    {Metric::kRuntimeActiveHandles, "runtime_active_handles", kGauge, "", kHandlesHelp, kType},
    {Metric::kRuntimeHeapUsed, "runtime_heap_used_bytes", kGauge, "bytes", kHeapUsedHelp, kNone},
    {Metric::kRuntimeHeapHeld, "runtime_heap_held_bytes", kGauge, "bytes", kHeapHeldHelp, kNone},
    {Metric::kRuntimeHeapUnused, "runtime_heap_unused_bytes", kGauge, "bytes",
     "Whole pages that the allocator holds and nobody uses; given back to the system once they are many.",
     kNone},
    {Metric::kRuntimeExternalMemory, "runtime_external_memory_bytes", kGauge, "bytes", kExternalHelp, kNone},
    {Metric::kRuntimeBuffers, "runtime_buffer_bytes", kGauge, "bytes",
     "Buffers of the shards for heads and bodies, by whether they are in use or idle; part of the heap.",
     kState},
    {Metric::kRuntimeReclaimDuration, "runtime_reclaim_duration_seconds", kHistogram, "seconds", kReclaimHelp,
     kKind, false, kReclaimBounds},
    {Metric::kRuntimeInfo, "runtime_info", kGauge, "",
     "The version that is running, its compiler and its allocator; always 1.", kRuntimeInfo},
    {Metric::kRuntimeOverLimit, "runtime_connections_over_limit_total", kCounter, "",
     "Client connections that were one too many, by the limit they were beyond: of all of them, or of those "
     "of "
     "their address. Their calls are refused.",
     kLimit},
    {Metric::kRuntimeAcceptPauses, "runtime_accept_pauses_total", kCounter, "",
     "How often a shard stopped accepting connections because the system had no descriptor or memory for "
     "one, "
     "until it had.",
     kNone},
}};
#undef ARCHESTRA_LAG

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
    case MetricType::kSummary:
      return "summary";
  }
  return "untyped";
}

std::string_view described_name(const Family& family) {
  constexpr std::string_view kTotal = "_total";
  std::string_view name = family.name;
  if (family.type == MetricType::kCounter && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name;
}

std::span<const Family> catalogue() { return kCatalogue; }

const Family& family_of(Metric metric) { return kCatalogue[static_cast<std::size_t>(metric)]; }

bool is_reserved_label(std::string_view name) {
  static constexpr std::array<Text, 4> kPrometheus{"le", "quantile", "job", "instance"};
  if (std::ranges::find(kPrometheus, name) != kPrometheus.end()) return true;
  return std::ranges::any_of(kCatalogue, [&](const Family& family) {
    return family.has_agent_labels && std::ranges::find(family.labels, name) != family.labels.end();
  });
}

}  // namespace archestra::telemetry
