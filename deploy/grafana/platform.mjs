// The dashboard of the platform: the four golden signals of HTTP and of LLM calls, token usage, and traces.

import { callVariables, filters, traceSources } from './filters.mjs';
import { bars, dashboard, figure, lines, percentiles, query, row, table, traces } from './parts.mjs';

const { gateways, calls, models } = filters;
const perSecond = (metric, filter, by) => `sum${by ? ` by (${by})` : ''} (rate(${metric}{${filter}}[$__rate_interval]))`;
const http = 'http_request_duration_seconds';
const llm = 'llm_request_duration_seconds';
const requests = 'llm_requests_total';

/** Outcomes that are nobody's wish, and not the client's doing. */
const failures = 'upstream_error|upstream_unreachable|upstream_timeout|upstream_truncated|refused_overload|shutdown|internal_error';

/** `or` a zero: a share of nothing is no share, but none of something is zero. */
const share = (part, all) => `(${part} or 0 * ${all}) / ${all}`;

const glance = row('At a glance', [
  figure('Calls', 'LLM calls that ended, a second.', 'reqps', perSecond(requests, models)),
  figure(
    'Failed calls',
    "Share of the calls that did not come to a good end: the provider's errors (of any status), broken or missing answers, refusals of the gateway. Clients that left and invalid requests are not among them.",
    'percentunit',
    share(perSecond(requests, `${models}, outcome=~"${failures}"`), perSecond(requests, models)),
    { steps: [[0.01, 'orange'], [0.05, 'red']], decimals: 2 },
  ),
  figure(
    'Call duration, p95',
    'Of exchanges with providers, streams to their end.',
    's',
    `histogram_quantile(0.95, sum by (le) (rate(${llm}_bucket{${models}}[$__rate_interval])))`,
  ),
  figure(
    'First token, p95',
    'Until a stream brought its first content.',
    's',
    `histogram_quantile(0.95, sum by (le) (rate(llm_time_to_first_token_seconds_bucket{${models}}[$__rate_interval])))`,
    { steps: [[3, 'orange'], [6, 'red']] },
  ),
  figure('In flight', 'LLM calls that are under way.', 'none', `sum(llm_requests_in_flight{${calls}})`, { decimals: 0 }),
  figure('Tokens', 'Input and output, as providers reported them.', 'suffix: tokens/s', perSecond('llm_tokens_total', models), {
    decimals: 0,
  }),
  figure(
    'Blocked tool calls',
    'Tool calls that policies kept from clients, in the time that is shown.',
    'none',
    `sum(increase(llm_blocked_tool_total{${models}}[$__range]))`,
    { decimals: 0, graph: false },
  ),
  figure(
    "Gateway's own time, p95",
    'What the gateway adds to a call: its duration less the time that the provider or the client was waited for.',
    's',
    `histogram_quantile(0.95, sum by (le) (rate(llm_gateway_seconds_bucket{${models}}[$__rate_interval])))`,
    { steps: [[0.005, 'orange'], [0.05, 'red']] },
  ),
]);

const goldenHttp = row('Golden signals: HTTP', [
  lines('Latency', 'Of requests on the API port, from the first byte of the head to the last byte of the answer.', 's',
    percentiles(http, gateways), { width: 6 }),
  lines('Traffic', 'Requests a second, by route.', 'reqps',
    [query(perSecond(`${http}_count`, gateways, 'route'), '{{route}}')], { width: 6, stack: true }),
  lines('Errors', 'Share of the requests of a route that were answered with 4xx or 5xx; 499 is a client that left.', 'percentunit',
    [query(share(perSecond(`${http}_count`, `${gateways}, status_code=~"4..|5.."`, 'route, method'), perSecond(`${http}_count`, gateways, 'route, method')), '{{method}} {{route}}')],
    { width: 6, max: 1 }),
  lines('Saturation', 'How much is in use of what there is: processor (1 is a core), open files, and the fullest queue of telemetry.', 'percentunit', [
    query(`sum by (instance) (rate(process_cpu_seconds_total{${gateways}}[$__rate_interval]))`, 'processor, {{instance}}'),
    query(`process_open_fds{${gateways}} / process_max_fds{${gateways}}`, 'open files, {{instance}}'),
    query(`max by (instance) (telemetry_queue_bytes{${gateways}} / telemetry_queue_max_bytes{${gateways}})`, 'queues, {{instance}}'),
  ], { width: 6 }),
  lines('Latency by route, p95', 'The slowest routes.', 's',
    [query(`topk(10, histogram_quantile(0.95, sum by (route, le) (rate(${http}_bucket{${gateways}}[$__rate_interval]))))`, '{{route}}', { exemplar: true })]),
  lines('Answers by status', 'Requests a second; 499 is a client that left.', 'reqps',
    [query(perSecond(`${http}_count`, gateways, 'status_code'), '{{status_code}}')], { stack: true }),
  lines('Lag of the event loops', 'How late timers run, of all shards: it grows where there is more to do than one processor can. Up to 1 ms is the resolution of a timer.', 's',
    percentiles('runtime_event_loop_lag_seconds', gateways)),
]);

const goldenLlm = row('Golden signals: LLM calls', [
  lines('Latency, p95', 'Of exchanges with providers, one for each try, streams to their end.', 's',
    percentiles(llm, models, { by: 'provider', quantiles: [0.95] }), { width: 6 }),
  lines('Traffic', 'LLM calls a second, by provider.', 'reqps',
    [query(perSecond(requests, models, 'provider'), '{{provider}}')], { width: 6, stack: true }),
  lines('Errors', 'Share of the calls to a provider that did not come to a good end. Clients that left and invalid requests are not among them.', 'percentunit',
    [query(share(perSecond(requests, `${models}, outcome=~"${failures}"`, 'provider'), perSecond(requests, models, 'provider')), '{{provider}}')],
    { width: 6, max: 1 }),
  lines('Saturation', 'LLM calls that are under way, by provider.', 'none',
    [query(`sum by (provider) (llm_requests_in_flight{${calls}})`, '{{provider}}')], { width: 6, stack: true }),
  lines('How calls end', 'Calls a second by outcome.', 'reqps',
    [query(perSecond(requests, models, 'outcome'), '{{outcome}}')], { width: 8, stack: true }),
  lines('First token', 'Until a stream brought its first content.', 's',
    percentiles('llm_time_to_first_token_seconds', models), { width: 8 }),
  lines("Gateway's own time", 'What the gateway adds to a call.', 's', percentiles('llm_gateway_seconds', models), { width: 8 }),
]);

const alertLabels = ['alertname', 'alertstate', 'severity', 'provider', 'model', 'agent_name', 'instance'];

const objectives = row('Objectives and alerts (with the rules of deploy/prometheus)', [
  lines('Availability: calls that fail', 'Share of the judged calls that failed through no fault of their clients, over an hour and over a day.', 'percentunit', [
    query('archestra:availability_errors:ratio_rate1h{job=~"$job"}', '1 h'),
    query('archestra:availability_errors:ratio_rate1d{job=~"$job"}', '1 d'),
  ], { width: 8 }),
  lines('First token: streams that begin late', 'Share of the streams whose first token comes later than the objective wants, over an hour and over a day.', 'percentunit', [
    query('archestra:first_token_errors:ratio_rate1h{job=~"$job"}', '1 h'),
    query('archestra:first_token_errors:ratio_rate1d{job=~"$job"}', '1 d'),
  ], { width: 8 }),
  lines('Failures by provider', 'Share of the calls to a provider that fail through it.', 'percentunit', [
    query('archestra:provider_failures:ratio_rate5m{job=~"$job", provider=~"$provider"}', '{{provider}}'),
  ], { width: 8, max: 1 }),
  table('Alerts', 'What fires, and what would if it went on (pending). Each has a page in docs/runbooks.', alertLabels, [
    { name: 'Alerts', expr: `sum by (${alertLabels.join(', ')}) (ALERTS{alertname=~"Archestra.*", job=~"$job"})` },
  ], { height: 6 }),
], { collapsed: true });

const tokens = row('Token usage', [
  lines('Tokens by type', 'As providers reported them: input includes cached tokens, output includes reasoning.', 'suffix: tokens/s',
    [query(perSecond('llm_tokens_total', models, 'type'), '{{type}}')], { width: 8, stack: true }),
  lines('Tokens by agent', 'Input and output of each agent.', 'suffix: tokens/s',
    [query(perSecond('llm_tokens_total', models, 'provider, agent_name, type'), '{{agent_name}}, {{provider}}, {{type}}')], { width: 8, stack: true }),
  lines('Tokens by label', 'By the values of the agent label that is chosen above.', 'suffix: tokens/s',
    [query(perSecond('llm_tokens_total', models, '$label_key'), '{{$label_key}}')], { width: 8, stack: true }),
  bars('Tokens of each agent', 'In the time that is shown.', 'short',
    `sort_desc(sum by (agent_name) (increase(llm_tokens_total{${models}}[$__range])))`, '{{agent_name}}', { width: 12 }),
  bars('Tokens of each model', 'In the time that is shown.', 'short',
    `sort_desc(sum by (model) (increase(llm_tokens_total{${models}}[$__range])))`, '{{model}}', { width: 12 }),
]);

const tempoTraces = row('Traces (Tempo)', [
  traces('tempo', 'Newest LLM calls', 'Calls with their spans. A click on a trace id opens its waterfall.', {
    queryType: 'traceql',
    query: '{ span.route.category = "llm-proxy" } | select(span.llm.provider, span.llm.model, span.agent.name)',
    limit: 50,
    tableType: 'traces',
  }),
  traces('tempo', 'Newest LLM calls that failed', 'Those whose span says error.', {
    queryType: 'traceql',
    query: '{ span.route.category = "llm-proxy" && status = error } | select(span.llm.provider, span.llm.model, span.agent.name)',
    limit: 50,
    tableType: 'traces',
  }),
], { collapsed: true });

const jaegerTraces = row('Traces (Jaeger)', [
  traces('jaeger', 'Newest LLM calls', 'Calls with their spans. A click on a trace id opens its waterfall.', {
    queryType: 'search',
    service: 'archestra',
    tags: 'route.category=llm-proxy',
    limit: 50,
  }),
  traces('jaeger', 'Newest LLM calls that failed', 'Those whose span says error.', {
    queryType: 'search',
    service: 'archestra',
    tags: 'route.category=llm-proxy error=true',
    limit: 50,
  }),
], { collapsed: true });

/** The platform's documentation gives these to begin with. They stand here as they stand there, and heed no variable. */
export const documented = [
  ['Request rate by route', 'reqps', 'rate(http_request_duration_seconds_count[5m])', '{{method}} {{route}} {{status_code}}'],
  ['Error rate by route', 'percent', 'sum(rate(http_request_duration_seconds_count{status_code=~"4..|5.."}[5m])) by (route, method) / sum(rate(http_request_duration_seconds_count[5m])) by (route, method) * 100', '{{method}} {{route}}'],
  ['Response time percentiles', 's', 'histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m]))', '{{method}} {{route}} {{status_code}}'],
  ['Memory usage', 'mbytes', 'process_resident_memory_bytes / 1024 / 1024', '{{instance}}'],
  ['LLM requests per second by agent and provider', 'reqps', 'sum(rate(llm_request_duration_seconds_count[5m])) by (agent_name, provider)', '{{agent_name}}, {{provider}}'],
  ['LLM error rate by provider', 'percent', 'sum(rate(llm_request_duration_seconds_count{status_code!="200"}[5m])) by (provider) / sum(rate(llm_request_duration_seconds_count[5m])) by (provider) * 100', '{{provider}}'],
  ['LLM token usage rate by agent name', 'suffix: tokens/s', 'sum(rate(llm_tokens_total[5m])) by (provider, agent_name, type)', '{{agent_name}}, {{provider}}, {{type}}'],
  ['Total tokens by agent name', 'suffix: tokens/s', 'sum(rate(llm_tokens_total[5m])) by (agent_name, type)', '{{agent_name}}, {{type}}'],
  ['Request duration by agent name and provider', 's', 'histogram_quantile(0.95, sum(rate(llm_request_duration_seconds_bucket[5m])) by (agent_name, provider, le))', '{{agent_name}}, {{provider}}'],
  ['Error rate by agent', 'percentunit', 'sum(rate(llm_request_duration_seconds_count{status_code!~"2.."}[5m])) by (agent_name) / sum(rate(llm_request_duration_seconds_count[5m])) by (agent_name)', '{{agent_name}}'],
];

const chartExamples = row('Chart examples of the documentation', documented.map(([title, unit, expr, legend]) =>
  lines(title, `As documented, whatever is chosen above: ${expr}`, unit, [query(expr, legend, { exemplar: expr.includes('_bucket') })], { width: 12 }),
), { collapsed: true });

export const platform = dashboard({
  uid: 'archestra-platform',
  title: 'Archestra: platform',
  description: 'The four golden signals of HTTP and of LLM calls, token usage and traces.',
  variables: [...callVariables, ...traceSources],
  rows: [glance, goldenHttp, goldenLlm, tokens, objectives, tempoTraces, jaegerTraces, chartExamples],
});
