// In sum: the metrics of a gateway that has come to rest, and its log lines and spans.

const outcomeSums =
  'metrics and log: llm_requests_total, llm_accounting_finalized_total by provider, agent and outcome';
const names = {
  outcomes: outcomeSums,
  tries: 'metrics and spans: llm_request_duration_seconds_count by status',
  http: 'metrics and log: http_request_duration_seconds_count by method, route and status',
  tokens: 'metrics and log: tokens by provider (input, output, estimated, cached, reasoning, undelivered), provenance',
  pace: 'metrics and log: first tokens, first bytes, stalls by provider',
  tools: 'metrics, log and spans: tool calls, blocked tool calls',
  rest: 'at rest: begun is ended, nothing in flight, no internal_error',
  export: 'metrics and collector: spans, log records and data points sent, refused, dropped; no span twice',
  statistics: 'platform API and log: calls, errors, tokens, blocked tool calls of the last hour by provider',
  exemplars: 'exemplars: of spans that the collector got',
};

/**
 * `metrics` of a Metrics, `page` of OpenMetrics, `statistics` of the platform API, of an hour in which everything
 * happened.
 */
export function compareSums(checks, { metrics, page, lines, spans, collected, statistics }) {
  checks.expect(...Object.values(names));
  const calls = lines.filter(({ message }) => message === 'llm call');
  const equal = (name, actual, expected, of) => checks.equal(names[name], actual, expected, () => of);
  /** Compares the samples of a metric, added up by `labels`, with a Map of expected sums; absent is 0. */
  const sums = (name, metric, labels, expected) => {
    const counted = addUp(
      metrics.samples(metric).map((sample) => [labels.map((label) => sample.labels[label]).join(' '), sample.value]),
    );
    for (const key of new Set([...counted.keys(), ...expected.keys()]))
      equal(name, counted.get(key) ?? 0, expected.get(key) ?? 0, `${metric} ${key}`);
  };
  const byAgent = ({ provider, agent_id: agent, outcome }) => `${provider} ${agent ?? 'unknown'} ${outcome}`;
  const ended = addUp(calls.map((line) => [byAgent(line), 1]));
  for (const metric of ['llm_requests_total', 'llm_accounting_finalized_total'])
    sums('outcomes', metric, ['provider', 'agent_id', 'outcome'], ended);

  sums(
    'http',
    'http_request_duration_seconds_count',
    ['method', 'route', 'status_code'],
    addUp(lines.map((line) => [`${line.method} ${line.route} ${line.status_code}`, 1])),
  );

  const told = calls.filter(({ usage_provenance: from }) => from === 'provider');
  const estimated = calls.filter(({ usage_provenance: from }) => from === 'estimate');
  const of = (list, ...members) =>
    addUp(
      list.flatMap((line) =>
        members.map(([member, type]) => [type ? `${line.provider} ${type}` : line.provider, line[member] ?? 0]),
      ),
    );
  sums(
    'tokens',
    'llm_tokens_total',
    ['provider', 'type'],
    of(told, ['input_tokens', 'input'], ['output_tokens', 'output']),
  );
  sums(
    'tokens',
    'llm_estimated_tokens_total',
    ['provider', 'type'],
    of(estimated, ['input_tokens', 'input'], ['output_tokens', 'output']),
  );
  sums(
    'tokens',
    'llm_cache_tokens_total',
    ['provider', 'cache_type'],
    of(told, ['cache_read_tokens', 'read'], ['cache_write_tokens', 'write']),
  );
  sums('tokens', 'llm_reasoning_tokens_total', ['provider'], of(told, ['reasoning_tokens']));
  sums('tokens', 'llm_undelivered_tokens_total', ['provider'], of(calls, ['undelivered_tokens']));
  sums(
    'tokens',
    'llm_usage_total',
    ['provider', 'provenance'],
    addUp(calls.map((line) => [`${line.provider} ${line.usage_provenance}`, 1])),
  );

  sums(
    'pace',
    'llm_time_to_first_token_seconds_count',
    ['provider'],
    addUp(calls.map((line) => [line.provider, line.time_to_first_token_ms === undefined ? 0 : 1])),
  );
  sums(
    'pace',
    'llm_time_to_first_byte_seconds_count',
    ['provider'],
    addUp(calls.map((line) => [line.provider, line.time_to_first_byte_ms === undefined ? 0 : 1])),
  );
  sums('pace', 'llm_stream_stalls_total', ['provider'], addUp(calls.map((line) => [line.provider, line.stalls ?? 0])));

  const blocked = calls.reduce((sum, line) => sum + (line.blocked_tool_calls ?? 0), 0);
  for (const metric of ['llm_blocked_tool_total', 'llm_blocked_tools_total'])
    equal('tools', metrics.sum(metric), blocked, metric);
  equal('tools', metrics.sum('llm_tool_calls_total', { decision: 'blocked' }), blocked, 'llm_tool_calls_total');

  const clients = spans.filter(({ kind }) => kind === 3);
  compareTries(equal, metrics, calls, clients);
  const decided = clients
    .flatMap(({ decisions = [] }) => decisions)
    .filter((decision) => decision === 'blocked').length;
  const unsampled = calls.filter(
    (line) => line.blocked_tool_calls > 0 && !clients.some(({ traceId }) => traceId === line.trace_id),
  );
  equal(
    'tools',
    decided + unsampled.reduce((sum, line) => sum + line.blocked_tool_calls, 0),
    blocked,
    'events of spans',
  );

  equal(
    'rest',
    metrics.sum('llm_accounting_started_total'),
    metrics.sum('llm_accounting_finalized_total'),
    'begun and ended',
  );
  equal('rest', metrics.sum('llm_requests_in_flight'), 0, 'in flight');
  equal('rest', calls.filter(({ outcome }) => outcome === 'internal_error').length, 0, 'internal_error');

  compareStatistics(equal, calls, statistics);
  compareExport(equal, metrics, spans, collected);
  const received = new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
  for (const [, trace, span] of page.matchAll(/# \{trace_id="([0-9a-f]{32})",span_id="([0-9a-f]{16})"\}/g))
    checks.that(names.exemplars, received.has(`${trace} ${span}`), () => `trace ${trace}, span ${span}`);
}

/** Tries of calls that are not sampled have no span; of them the log has the number. */
function compareTries(equal, metrics, calls, clients) {
  const seen = new Set(clients.map(({ traceId }) => traceId));
  const unseen = calls.filter(({ trace_id: traceId }) => !seen.has(traceId)).reduce((sum, { tries }) => sum + tries, 0);
  const counted = addUp(
    metrics.samples('llm_request_duration_seconds_count').map(({ labels, value }) => [labels.status_code, value]),
  );
  const told = addUp(clients.map(({ attributes }) => [String(attributes['http.response.status_code'] ?? 0), 1]));
  let over = 0;
  for (const [status, value] of counted) {
    const more = value - (told.get(status) ?? 0);
    over += more;
    equal('tries', more >= 0, true, `status ${status}: ${value} in the metric, ${told.get(status)} spans`);
  }
  equal('tries', over, unseen, 'tries that have no span, and those in the log of calls that were not sampled');
}

function compareStatistics(equal, calls, { groups }) {
  const byProvider = Map.groupBy(calls, ({ provider }) => provider);
  equal('statistics', groups.length, byProvider.size, 'providers');
  for (const { key, totals } of groups) {
    const own = byProvider.get(key) ?? [];
    const told = own.filter(({ usage_provenance: from }) => from === 'provider');
    const total = (list, valueOf) => list.reduce((sum, line) => sum + (valueOf(line) ?? 0), 0);
    const expected = {
      calls: own.length,
      errors: own.filter(({ outcome }) => outcome !== 'completed' && outcome !== 'client_cancelled').length,
      inputTokens: total(told, (line) => line.input_tokens),
      outputTokens: total(told, (line) => line.output_tokens),
      blockedToolCalls: total(own, (line) => line.blocked_tool_calls),
    };
    for (const [name, value] of Object.entries(expected)) equal('statistics', totals[name], value, `${name} of ${key}`);
  }
}

function compareExport(equal, metrics, spans, collected) {
  const { points, faults } = collected;
  const taken = [
    ['otlp_export_spans_total', collected.spans, collected.rejected],
    ['otlp_export_log_records_total', collected.records, collected.rejectedRecords],
  ];
  for (const [metric, came, rejected] of taken) {
    equal('export', metrics.sum(metric, { result: 'success' }), came - rejected, `${metric}: taken`);
    equal('export', metrics.sum(metric, { result: 'rejected' }), rejected, `${metric}: refused`);
  }
  // The last exports came after the page.
  const sent = metrics.sum('otlp_export_data_points_total', { result: 'success' });
  equal('export', sent > 0 && sent <= points, true, `data points sent ${sent}, taken ${points}`);
  for (const { labels, value } of metrics.samples('telemetry_dropped_total'))
    if (labels.signal !== 'metrics') equal('export', value, 0, `dropped: ${JSON.stringify(labels)}`); // the next has all
  equal('export', new Set(spans.map(({ spanId }) => spanId)).size, spans.length, 'spans and their ids');
  equal('export', faults.length, 0, `requests that did not decode: ${faults[0]}`);
}

function addUp(pairs) {
  const sums = new Map();
  for (const [key, value] of pairs) sums.set(key, (sums.get(key) ?? 0) + value);
  return sums;
}
