// The dashboard of the gateway itself: what it takes of the machine, and whether it can do all its work.

import { filters, gatewayVariables } from './filters.mjs';
import { bars, dashboard, figure, heat, lines, percentiles, query, row, table } from './parts.mjs';

const { gateways: of } = filters;
const perSecond = (metric, by, more = '') => `sum by (${by}) (rate(${metric}{${of}${more}}[$__rate_interval]))`;
const each = (metric, legend = '{{instance}}') => query(`${metric}{${of}}`, legend);

const state = row('State', [
  figure('Gateways', 'That give metrics.', 'none', `count(archestra_build_info{${of}})`, { width: 3, graph: false, decimals: 0 }),
  figure('Up since', 'How long the youngest of them runs.', 's', `min(time() - process_start_time_seconds{${of}})`, { width: 3, graph: false, decimals: 0 }),
  figure('Calls in flight', 'LLM calls that are under way.', 'none', `sum(llm_requests_in_flight{${of}})`, { width: 3, decimals: 0 }),
  figure('Memory', 'Resident, of all of them.', 'bytes', `sum(process_resident_memory_bytes{${of}})`, { width: 3 }),
  figure('Label sets', 'The fullest budget of label sets. What comes beyond it is folded into __overflow__.', 'percentunit', `max(telemetry_label_sets{${of}} / telemetry_label_sets_max{${of}})`, { width: 3, steps: [[0.8, 'orange'], [1, 'red']], decimals: 1 }),
  figure('Given up', 'Spans, log lines and calls of the statistics that were dropped in the time that is shown.', 'short', `sum(increase(telemetry_dropped_total{${of}}[$__range]))`, { width: 3, graph: false, steps: [[1, 'red']], decimals: 0 }),
  figure('Policies', 'How many gateways keep an older set of policies in force, because that in the store cannot be used.', 'none', `sum(policy_set_failing{${of}})`, { width: 3, graph: false, steps: [[1, 'red']], decimals: 0 }),
  figure('Internal errors', 'Calls that ended as a mistake of the gateway: none ever should.', 'none', `sum(llm_requests_total{${of}, outcome="internal_error"}) or 0 * sum(llm_requests_total{${of}})`, { width: 3, graph: false, steps: [[1, 'red']], decimals: 0 }),
  table('Versions', 'What runs where.', ['instance', 'version', 'compiler', 'allocator'], [{ name: 'Gateways', expr: `count by (instance, version, compiler, allocator) (runtime_info{${of}})` }], { width: 24, height: 5 }),
]);

const overhead = row('What it adds to calls', [
  lines("Gateway's own time", 'Duration of a call less the time that the provider or the client was waited for.', 's', percentiles('llm_gateway_seconds', of)),
  heat("Gateway's own time, all calls", 'Calls by what the gateway added.', 's', 'llm_gateway_seconds', of),
  lines('Time for policies', 'That policies took of a call, for all its tool calls and results; of calls for which they were asked.', 's', percentiles('policy_evaluation_seconds', of)),
]);

const loops = row('Event loops and processor', [
  lines('Lag of the event loops', 'How late timers ran, of all shards. Up to 1 ms is the resolution of a timer.', 's', percentiles('runtime_event_loop_lag_seconds', of)),
  lines('Worst lag', 'The longest since the scrape before, on the worst shard.', 's', [each('runtime_event_loop_lag_max_seconds')]),
  lines('Processor', 'In cores.', 'none', [
    query(perSecond('process_cpu_user_seconds_total', 'instance'), 'user, {{instance}}'),
    query(perSecond('process_cpu_system_seconds_total', 'instance'), 'system, {{instance}}'),
  ], { stack: true }),
  lines('Operations under way', 'By type: LLM calls, requests to the platform API, name look-ups, connections being made, exports.', 'none', [query(`sum by (type) (runtime_active_requests{${of}})`, '{{type}}')], { stack: true }),
  lines('Handles', 'Open sockets and files, and timers that are armed.', 'none', [query(`sum by (type) (runtime_active_handles{${of}})`, '{{type}}')], { stack: true }),
  lines('Open files', 'Of those that may be open.', 'percentunit', [query(`process_open_fds{${of}} / process_max_fds{${of}}`, '{{instance}}')], { max: 1 }),
]);

const memory = row('Memory', [
  lines('Resident', 'Of the whole process.', 'bytes', [each('process_resident_memory_bytes')]),
  lines('Heap', 'What is handed out, what the allocator holds, and what of it nobody uses.', 'bytes', [
    query(`sum(runtime_heap_used_bytes{${of}})`, 'used'),
    query(`sum(runtime_heap_held_bytes{${of}})`, 'held'),
    query(`sum(runtime_heap_unused_bytes{${of}})`, 'unused pages'),
    query(`sum(runtime_external_memory_bytes{${of}})`, 'outside the heap'),
  ]),
  lines('Buffers', 'Of the shards, for heads and bodies; a part of the heap.', 'bytes', [query(`sum by (state) (runtime_buffer_bytes{${of}})`, '{{state}}')], { stack: true }),
  lines('Giving memory back', 'Time that it took, of each second. Nothing is collected as garbage, and no call waits for it.', 'percentunit', [query(`${perSecond('runtime_reclaim_duration_seconds_sum', 'kind')}`, '{{kind}}')]),
  lines('The names of Node.js', 'The same figures under the names that dashboards for Node.js know.', 'bytes', [
    query(`sum(nodejs_heap_size_used_bytes{${of}})`, 'nodejs_heap_size_used_bytes'),
    query(`sum(nodejs_heap_size_total_bytes{${of}})`, 'nodejs_heap_size_total_bytes'),
    query(`sum(nodejs_external_memory_bytes{${of}})`, 'nodejs_external_memory_bytes'),
  ]),
  lines('How often memory is given back', 'By kind.', 'ops', [query(perSecond('runtime_reclaim_duration_seconds_count', 'kind'), '{{kind}}')]),
]);

const telemetry = row('Telemetry', [
  lines('Queues', 'How full they are: records of shards, log lines, spans.', 'percentunit', [
    query(`max by (queue) (telemetry_queue_bytes{${of}} / telemetry_queue_max_bytes{${of}})`, '{{queue}}'),
    query(`max(telemetry_queue_spans{${of}} / telemetry_queue_spans_max{${of}})`, 'spans'),
  ], { max: 1 }),
  lines('Given up', 'Spans, log lines and calls of the statistics that were dropped, by reason.', 'cps', [query(perSecond('telemetry_dropped_total', 'signal, reason'), '{{signal}}: {{reason}}')], { stack: true }),
  lines('Unsent', 'How long the oldest span or log record has been waiting for the collector.', 's', [query(`max by (signal) (telemetry_oldest_unsent_seconds{${of}})`, '{{signal}}')]),
  lines('Unsent, on the disk', 'Disk that waiting spans and log records take, and may take.', 'bytes', [
    query(`sum by (signal) (telemetry_spool_bytes{${of}})`, '{{signal}}'),
    query(`sum by (signal) (telemetry_spool_max_bytes{${of}})`, '{{signal}}, at most'),
  ]),
  lines('Spans sent', 'To the collector, by what became of them.', 'cps', [query(perSecond('otlp_export_spans_total', 'result'), '{{result}}')], { stack: true }),
  lines('Requests to the collector', 'By what became of them.', 'reqps', [query(perSecond('otlp_export_requests_total', 'result'), '{{result}}')], { stack: true }),
  lines('Label sets', 'In use, of those there may be.', 'percentunit', [query(`max by (kind) (telemetry_label_sets{${of}} / telemetry_label_sets_max{${of}})`, '{{kind}}')], { max: 1 }),
  lines('Folded calls', 'Calls that were counted under __overflow__.', 'cps', [query(perSecond('telemetry_folded_calls_total', 'instance'), '{{instance}}')]),
  bars('Series', 'The metrics that have most of them.', 'short', `topk(15, sum by (metric) (telemetry_series{${of}}))`, '{{metric}}', { width: 12 }),
  lines('Accounting', 'LLM calls that were begun, and are neither closed nor in flight: none, but for what changes while a page is written.', 'none', [
    query(`sum by (instance) (llm_accounting_started_total{${of}}) - sum by (instance) (llm_accounting_finalized_total{${of}}) - sum by (instance) (llm_requests_in_flight{${of}})`, '{{instance}}'),
  ], { width: 12, min: null }),
]);

const store = row('Store and policies', [
  lines('Operations of the store', 'By what became of them.', 'ops', [query(perSecond('store_operations_total', 'operation, result'), '{{operation}}: {{result}}')], { stack: true }),
  lines('How long they take', 'p95; a write is on the disk when it is over.', 's', percentiles('store_operation_duration_seconds', of, { by: 'operation', quantiles: [0.95] })),
  lines('Policies loaded', 'How often all policies were read and compiled, in the time that is shown.', 'none', [query(`sum by (result) (increase(policy_set_loads_total{${of}}[$__range]))`, '{{result}}')]),
  lines('What policies decide', 'Tool calls in answers, and tool results in requests.', 'ops', [query(perSecond('policy_evaluations_total', 'decision'), '{{decision}}')], { stack: true, width: 12 }),
  lines('Policies in force', '1 where an older set of policies is in force than that in the store.', 'none', [each('policy_set_failing')], { width: 12, max: 1 }),
]);

const connections = row('Connections', [
  lines('TLS handshakes', 'By the type of the socket and how they ended.', 'cps', [query(perSecond('tls_handshakes_total', 'type, result'), '{{type}}: {{result}}')], { stack: true }),
  lines('Connections beyond a limit', 'Of clients, by the limit. Their calls are refused.', 'cps', [query(perSecond('runtime_connections_over_limit_total', 'limit'), '{{limit}}')]),
  lines('Pauses in accepting', 'How often a shard had to wait for a descriptor or memory.', 'cps', [query(perSecond('runtime_accept_pauses_total', 'instance'), '{{instance}}')]),
]);

export const gateway = dashboard({
  uid: 'archestra-gateway',
  title: 'Archestra: gateway',
  description: 'Health and runtime of the gateway itself.',
  variables: gatewayVariables,
  rows: [state, overhead, loops, memory, telemetry, store, connections],
});
