// Two thousand calls while everything goes wrong that can: client, provider, log, spans and metrics tell one story of each.
// `./dev prove faults` does the same with many more.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { Checks } from '../support/faults/checks.mjs';
import { compareAll, countBy, faultRun } from '../support/faults/fault_run.mjs';

const seed = Number(process.env.PROVE_SEED || 1);

let found;
before(async () => (found = await faultRun({ seed, calls: 2000, clients: 40, scrapeEveryMs: 500 })));

describe('calls that go wrong', () => {
  test('are told alike by all who saw them', (context) => {
    context.diagnostic(`seed ${seed}`);
    assert.deepEqual(found.checks.complaints, [], `seed ${seed}`);
  });

  // A run in which nothing went wrong shows nothing.
  test('were of all kinds', () => {
    const { checks, seen, outcomes, disturbances } = found;
    for (const outcome of [
      'completed',
      'upstream_error',
      'upstream_truncated',
      'upstream_unreachable',
      'upstream_timeout',
      'client_cancelled',
      'invalid_request',
    ])
      assert.ok(outcomes[outcome] > 0, `calls with outcome ${outcome}: ${JSON.stringify(outcomes)}`);
    const ends = countBy(seen.views, ({ end }) => end);
    for (const end of ['whole', 'cut', 'left', 'unsent'])
      assert.ok(ends[end] > 0, `clients that saw ${end}: ${JSON.stringify(ends)}`);
    assert.ok(disturbances['times that the collector failed'] > 0);
    for (const { what, compared } of checks.rows)
      if (!what.startsWith('exemplars')) assert.ok(compared > 0, `${what} was compared`);
  });
});

describe('a comparison notices', () => {
  const copyWithout = (list, one) => list.filter((other) => other !== one);
  const copyWith = (list, one, change) => list.map((other) => (other === one ? { ...other, ...change } : other));
  /** {view, line, server, client, entry} of a call that went well, was sampled and told its tokens. */
  const wellDone = ({ views, lines, spans, entries }) => {
    const view = views.find(
      ({ plan, end, usage, errorCode }) =>
        plan.isSampled && end === 'whole' && usage && !errorCode && plan.fault === 'none',
    );
    const own = ({ traceId }) => traceId === view.plan.traceId;
    return {
      view,
      line: lines.find((line) => line.trace_id === view.plan.traceId),
      server: spans.find((span) => own(span) && span.kind === 2),
      client: spans.find((span) => own(span) && span.kind === 3),
      entry: entries.find(({ traceparent }) => traceparent.includes(view.plan.traceId)),
    };
  };
  /** The metrics with one sample more. */
  const more = (seen, name) => ({
    ...seen,
    metrics: {
      samples: (own, labels) =>
        own === name ? changed(seen.metrics.samples(own, labels)) : seen.metrics.samples(own, labels),
      sum: (...all) => seen.metrics.sum(...all),
    },
  });
  const changed = ([first, ...rest]) => [{ ...first, value: first.value + 1 }, ...rest];

  const changes = {
    'a line that is missing': (seen, { line }) => ({ ...seen, lines: copyWithout(seen.lines, line) }),
    'a line that is there twice': (seen, { line }) => ({ ...seen, lines: [...seen.lines, line] }),
    'another outcome in the log': (seen, { line }) => ({
      ...seen,
      lines: copyWith(seen.lines, line, { outcome: 'upstream_truncated' }),
    }),
    'another session in the log': (seen, { line }) => ({
      ...seen,
      lines: copyWith(seen.lines, line, { session_id: 'other' }),
    }),
    'a token more in the log': (seen, { line }) => ({
      ...seen,
      lines: copyWith(seen.lines, line, { output_tokens: line.output_tokens + 1 }),
    }),
    'a byte more in the log': (seen, { line }) => ({
      ...seen,
      lines: copyWith(seen.lines, line, { response_bytes: line.response_bytes + 1 }),
    }),
    'a duration that is off': (seen, { line }) => ({
      ...seen,
      lines: copyWith(seen.lines, line, { duration_ms: line.duration_ms + 0.01 }),
    }),
    'a SERVER span that is missing': (seen, { server }) => ({ ...seen, spans: copyWithout(seen.spans, server) }),
    'a CLIENT span that is missing': (seen, { client }) => ({ ...seen, spans: copyWithout(seen.spans, client) }),
    'a span that came twice': (seen, { client }) => ({ ...seen, spans: [...seen.spans, client] }),
    'another status in a CLIENT span': (seen, { client }) => ({
      ...seen,
      spans: copyWith(seen.spans, client, { attributes: { ...client.attributes, 'http.response.status_code': 500 } }),
    }),
    'a CLIENT span with another id': (seen, { client }) => ({
      ...seen,
      spans: copyWith(seen.spans, client, { spanId: '0123456789abcdef' }),
    }),
    'a request that the provider never saw': (seen, { entry }) => ({
      ...seen,
      entries: copyWithout(seen.entries, entry),
    }),
    'a token more at the provider': (seen, { entry }) => ({
      ...seen,
      entries: copyWith(seen.entries, entry, { usage: { ...entry.usage, input_tokens: entry.usage.input_tokens + 1 } }),
    }),
    'a client whose answer was cut': (seen, { view }) => ({
      ...seen,
      views: copyWith(seen.views, view, { end: 'cut' }),
    }),
    'a client that read other tokens': (seen, { view }) => ({
      ...seen,
      views: copyWith(seen.views, view, { usage: { input: 1, output: 1 } }),
    }),
    'a span that was refused and not counted': (seen) => ({
      ...seen,
      collected: { ...seen.collected, rejected: seen.collected.rejected + 1 },
    }),
    'a log record that is missing': (seen) => ({ ...seen, records: seen.records.slice(1) }),
    'a log record that came twice': (seen) => ({ ...seen, records: [...seen.records, seen.records[0]] }),
    'another field in a log record': (seen) => {
      const [{ attributes, ...first }, ...rest] = seen.records;
      return { ...seen, records: [{ ...first, attributes: { ...attributes, 'http.route': '/other' } }, ...rest] };
    },
    'one more in a data point': (seen) => ({
      ...seen,
      points: copyWith(seen.points, seen.points.find(({ name }) => name === 'llm_tokens_total'), { value: -1 }),
    }),
    'a data point that is missing': (seen) => ({
      ...seen,
      points: copyWithout(seen.points, seen.points.find(({ name }) => name === 'llm_request_duration_seconds')),
    }),
    'a call more in the statistics': (seen) => {
      const [{ key, totals }, ...rest] = seen.statistics.groups;
      const groups = [{ key, totals: { ...totals, calls: totals.calls + 1 } }, ...rest];
      return { ...seen, statistics: { ...seen.statistics, groups } };
    },
    'an exemplar of nothing': (seen) => ({
      ...seen,
      page: `${seen.page} # {trace_id="${'0'.repeat(32)}",span_id="${'0'.repeat(16)}"} 1 1\n`,
    }),
    ...Object.fromEntries(
      [
        'llm_requests_total',
        'llm_accounting_finalized_total',
        'llm_tokens_total',
        'llm_estimated_tokens_total',
        'llm_undelivered_tokens_total',
        'llm_usage_total',
        'llm_request_duration_seconds_count',
        'http_request_duration_seconds_count',
        'llm_time_to_first_token_seconds_count',
        'telemetry_dropped_total',
      ].map((name) => [`one more in ${name}`, (seen) => more(seen, name)]),
    ),
  };
  for (const [name, change] of Object.entries(changes)) {
    test(name, () => {
      const checks = new Checks();
      compareAll(checks, change(found.seen, wellDone(found.seen)));
      assert.ok(checks.disagreements > 0);
    });
  }
});
