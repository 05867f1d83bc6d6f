// The dashboard of LLM usage: who uses which model for how much, how fast tokens come, and what policies block.

import { callVariables, filters } from './filters.mjs';
import { bars, dashboard, figure, heat, lines, percentiles, query, row, table } from './parts.mjs';

const { models } = filters;
const perSecond = (metric, by, more = '') => `sum${by ? ` by (${by})` : ''} (rate(${metric}{${models}${more}}[$__rate_interval]))`;
const inRange = (metric, by, more = '') => `sum${by ? ` by (${by})` : ''} (increase(${metric}{${models}${more}}[$__range]))`;
const tokensPerSecond = 'suffix: tokens/s';

const totals = row('In the time that is shown', [
  figure('Calls', 'LLM calls that ended.', 'short', inRange('llm_requests_total'), { width: 4, graph: false, decimals: 0 }),
  figure('Input tokens', 'As providers reported them, cached ones too.', 'short', inRange('llm_tokens_total', '', ', type="input"'), { width: 4, graph: false }),
  figure('Output tokens', 'As providers reported them, reasoning too.', 'short', inRange('llm_tokens_total', '', ', type="output"'), { width: 4, graph: false }),
  figure('Cached input', "Share of the input tokens that came from the provider's cache.", 'percentunit',
    `${inRange('llm_cache_tokens_total', '', ', cache_type="read"')} / ${inRange('llm_tokens_total', '', ', type="input"')}`, { width: 4, graph: false, decimals: 1 }),
  figure('Reasoning', 'Share of the output tokens that the models spent on reasoning.', 'percentunit',
    `${inRange('llm_reasoning_tokens_total')} / ${inRange('llm_tokens_total', '', ', type="output"')}`, { width: 4, graph: false, decimals: 1 }),
  figure('Counted by providers', 'Share of the calls whose tokens the provider told. Of the others the gateway has an estimate, or nothing.', 'percentunit',
    `${inRange('llm_usage_total', '', ', provenance="provider"')} / ${inRange('llm_usage_total')}`, { width: 4, graph: false, decimals: 1 }),
]);

const tokens = row('Tokens', [
  lines('By provider', 'Input and output.', tokensPerSecond, [query(perSecond('llm_tokens_total', 'provider, type'), '{{provider}}, {{type}}')], { stack: true }),
  lines('By model', 'Input and output together.', tokensPerSecond, [query(perSecond('llm_tokens_total', 'model'), '{{model}}')], { stack: true }),
  lines('By agent', 'Input and output together.', tokensPerSecond, [query(perSecond('llm_tokens_total', 'agent_name'), '{{agent_name}}')], { stack: true }),
  lines('By label', 'By the values of the agent label that is chosen above.', tokensPerSecond, [query(perSecond('llm_tokens_total', '$label_key'), '{{$label_key}}')], { stack: true }),
  lines('Cache', 'Input tokens that were read from the cache of the provider, or written to it.', tokensPerSecond, [query(perSecond('llm_cache_tokens_total', 'provider, cache_type'), '{{provider}}, {{cache_type}}')]),
  lines('Not as ordered', 'Estimated: of calls that broke off before the provider told its usage. Undelivered: output that the client did not get.', tokensPerSecond, [
    query(perSecond('llm_estimated_tokens_total', 'type'), 'estimated, {{type}}'),
    query(perSecond('llm_undelivered_tokens_total'), 'undelivered'),
  ]),
  table('Agents', 'What each agent did in the time that is shown.', ['agent_name'], [
    { name: 'Calls', unit: 'short', expr: inRange('llm_requests_total', 'agent_name') },
    { name: 'Failed', unit: 'percentunit', expr: `(${inRange('llm_requests_total', 'agent_name', ', outcome!~"completed|client_cancelled|invalid_request"')} or 0 * ${inRange('llm_requests_total', 'agent_name')}) / ${inRange('llm_requests_total', 'agent_name')}` },
    { name: 'Input tokens', unit: 'short', expr: inRange('llm_tokens_total', 'agent_name', ', type="input"') },
    { name: 'Output tokens', unit: 'short', expr: inRange('llm_tokens_total', 'agent_name', ', type="output"') },
    { name: 'Duration, p95', unit: 's', expr: `histogram_quantile(0.95, sum by (agent_name, le) (increase(llm_request_duration_seconds_bucket{${models}}[$__range])))` },
    { name: 'First token, p95', unit: 's', expr: `histogram_quantile(0.95, sum by (agent_name, le) (increase(llm_time_to_first_token_seconds_bucket{${models}}[$__range])))` },
    { name: 'Blocked tool calls', unit: 'short', expr: inRange('llm_blocked_tool_total', 'agent_name') },
  ]),
  table('Models', 'What each model did in the time that is shown.', ['provider', 'model'], [
    { name: 'Calls', unit: 'short', expr: inRange('llm_requests_total', 'provider, model') },
    { name: 'Input tokens', unit: 'short', expr: inRange('llm_tokens_total', 'provider, model', ', type="input"') },
    { name: 'Output tokens', unit: 'short', expr: inRange('llm_tokens_total', 'provider, model', ', type="output"') },
    { name: 'First token, p95', unit: 's', expr: `histogram_quantile(0.95, sum by (provider, model, le) (increase(llm_time_to_first_token_seconds_bucket{${models}}[$__range])))` },
    { name: 'Stalls', unit: 'short', expr: inRange('llm_stream_stalls_total', 'provider, model') },
  ]),
]);

const pace = row('How fast tokens come', [
  lines('First token, by model', 'p95 of the time until a stream brought its first content.', 's', percentiles('llm_time_to_first_token_seconds', models, { by: 'model', quantiles: [0.95] })),
  heat('First token', 'Streams by the time until their first content.', 's', 'llm_time_to_first_token_seconds', models),
  lines('First byte', 'Until the client had the first byte of an answer.', 's', percentiles('llm_time_to_first_byte_seconds', models)),
  lines('Gaps between tokens', 'Between one event of a stream that brought content and the next.', 's', percentiles('llm_inter_token_seconds', models)),
  heat('Gaps between tokens, all', 'Every gap of every stream.', 's', 'llm_inter_token_seconds', models),
  lines('Stalls by model', 'Gaps of more than a second for each stream that began.', 'none', [
    query(`${perSecond('llm_stream_stalls_total', 'model')} / ${perSecond('llm_time_to_first_token_seconds_count', 'model')}`, '{{model}}'),
  ]),
  lines('Tokens a second, by model', 'Median of what a stream brings from its first content to its last.', tokensPerSecond, percentiles('llm_tokens_per_second', models, { by: 'model', quantiles: [0.5] }), { width: 12 }),
  lines('Tokens a second, by provider', 'Only one of twenty streams is slower.', tokensPerSecond, percentiles('llm_tokens_per_second', models, { by: 'provider', quantiles: [0.05] }), { width: 12 }),
]);

const calls = row('Calls', [
  lines('By agent', 'LLM calls a second.', 'reqps', [query(perSecond('llm_requests_total', 'agent_name'), '{{agent_name}}')], { stack: true }),
  lines('By model', 'LLM calls a second.', 'reqps', [query(perSecond('llm_requests_total', 'model'), '{{model}}')], { stack: true }),
  lines('By label', 'LLM calls a second, by the values of the agent label that is chosen above.', 'reqps', [query(perSecond('llm_requests_total', '$label_key'), '{{$label_key}}')], { stack: true }),
  lines('By outcome', 'How they ended, a second.', 'reqps', [query(perSecond('llm_requests_total', 'outcome'), '{{outcome}}')], { stack: true }),
  lines('Answers of providers', 'Tries a second by status; 0 is a try without an answer.', 'reqps', [query(perSecond('llm_request_duration_seconds_count', 'provider, status_code'), '{{provider}} {{status_code}}')], { stack: true }),
  lines('Tries for each call', 'More than one where calls are tried again (ARCHESTRA_RETRIES), less where they are refused before any.', 'none', [
    query(`${perSecond('llm_request_duration_seconds_count', 'provider')} / ${perSecond('llm_requests_total', 'provider')}`, '{{provider}}'),
  ]),
]);

const tools = row('Tools', [
  lines('Blocked tool calls, by agent', 'Tool calls that policies kept from clients: all those of an answer of which one was blocked.', 'ops', [query(perSecond('llm_blocked_tool_total', 'agent_name'), '{{agent_name}}')], { stack: true }),
  lines('Tool calls, by decision', 'Tool calls in answers of all agents. would_block: a policy that only observes would have blocked it.', 'ops', [
    query('sum by (decision) (rate(llm_tool_calls_total{job=~"$job", instance=~"$instance"}[$__rate_interval]))', '{{decision}}'),
  ], { stack: true }),
  bars('Tools', 'How often each was called, in the time that is shown, by all agents.', 'short',
    'topk(20, sum by (tool, decision) (increase(llm_tool_calls_total{job=~"$job", instance=~"$instance"}[$__range])))', '{{tool}}, {{decision}}'),
]);

export const usage = dashboard({
  uid: 'archestra-usage',
  title: 'Archestra: LLM usage',
  description: 'Calls, tokens, pace and tools by provider, model, agent and label.',
  variables: callVariables,
  rows: [totals, tokens, pace, calls, tools],
});
