// Exemplars: metrics of calls name spans that the collector has got, in the formats that have a place for them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { exchange } from '../support/client.mjs';
import { Collector, SpanKind } from '../support/collector.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { chatRequest, streamRequestWithUsage } from '../support/openai_chat.mjs';
import { openMetricsParserMissing, parseOpenMetrics } from '../support/openmetrics_parser.mjs';
import { Prometheus, prometheusMissing } from '../support/prometheus.mjs';
import { until } from '../support/until.mjs';

const formats = {
  text: 'text/plain',
  openMetrics: 'application/openmetrics-text;version=1.0.0',
  protobuf: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
};

let simulator;
let collector;
let gateway;
before(async () => {
  simulator = await Simulator.start();
  collector = await Collector.start();
  gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl, otlpEndpoint: collector.endpoint });
  await traffic(gateway);
});
after(async () => {
  await gateway?.stop();
  await simulator?.stop();
  await collector?.stop();
});

/** Calls of which the last is refused; waits until all are counted. */
async function traffic(of, fields = {}) {
  for (const [body, status] of [[chatRequest, 200], [streamRequestWithUsage, 200], [chatRequest, 400]]) {
    const headers = { 'Content-Type': 'application/json', 'x-sim-tokens': '5', 'x-sim-status': String(status), ...fields };
    const response = await exchange(of.apiPort, 'POST', '/v1/openai/chat/completions', { headers, body: JSON.stringify(body) });
    assert.equal(response.status, status);
  }
  await until('no call in flight', async () => (await of.scrape()).sum('llm_requests_in_flight') === 0);
}

const page = async (of, accept) => (await exchange(of.metricsPort, 'GET', '/metrics', { headers: { Accept: accept } })).body;

/** Each names a CLIENT span that the collector has, or comes to have. */
async function assertAreSpans(exemplars) {
  assert.ok(exemplars.length > 0);
  for (const { labels } of exemplars) {
    assert.deepEqual(Object.keys(labels).sort(), ['span_id', 'trace_id']);
    const find = () => collector.spansOf(labels.trace_id).find(({ spanId }) => spanId === labels.span_id);
    await until(`the span ${labels.span_id}`, find);
    assert.equal(find().kind, SpanKind.CLIENT);
  }
}

describe('the OpenMetrics parser', { skip: openMetricsParserMissing }, () => {
  test('reads exemplars of calls, which name their spans', async () => {
    const before = Date.now() / 1000;
    const families = await parseOpenMetrics(await page(gateway, formats.openMetrics));
    const exemplars = families.flatMap(({ exemplars: all }) => all);
    await assertAreSpans(exemplars);
    for (const { name, of, value, timestamp } of exemplars) {
      assert.match(name, /^llm_.*(_bucket|_total)$/);
      if (of.le) assert.ok(value <= Number(of.le.replace('+Inf', 'Infinity')), `${name} ${of.le}: ${value}`);
      assert.ok(Math.abs(timestamp - before) < 120, String(timestamp));
    }
    const names = new Set(exemplars.map(({ name }) => name));
    for (const name of [
      'llm_request_duration_seconds_bucket',
      'llm_time_to_first_token_seconds_bucket',
      'llm_gateway_seconds_bucket',
      'llm_requests_total',
      'llm_tokens_total',
      'llm_accounting_finalized_total',
    ])
      assert.ok(names.has(name), name);
  });

  test('finds none where they are switched off, or no spans are exported', async () => {
    for (const start of [
      { otlpEndpoint: collector.endpoint, env: { OTEL_METRICS_EXEMPLAR_FILTER: 'always_off' } },
      { otlpEndpoint: collector.endpoint, env: { OTEL_TRACES_SAMPLER: 'always_off' } },
      {},
    ]) {
      const other = await Gateway.start({ openaiBaseUrl: simulator.baseUrl, ...start });
      try {
        await traffic(other);
        const families = await parseOpenMetrics(await page(other, formats.openMetrics));
        assert.deepEqual(families.flatMap(({ exemplars }) => exemplars), []);
        assert.ok(families.some(({ name, samples }) => name === 'llm_requests' && samples > 0));
      } finally {
        await other.stop();
      }
    }
  });
});

test('there are none in text 0.0.4', async () => {
  const text = (await page(gateway, formats.text)).toString('utf8');
  assert.match(text, /^llm_requests_total\{.*\} \d+$/m);
  assert.doesNotMatch(text, /trace_id/);
  assert.match((await page(gateway, formats.openMetrics)).toString('utf8'), /trace_id/);
  assert.match((await page(gateway, formats.protobuf)).toString('latin1'), /trace_id/);
});

describe('a real Prometheus', { skip: prometheusMissing }, () => {
  for (const [name, features] of Object.entries({
    OpenMetrics: 'exemplar-storage',
    protobuf: 'exemplar-storage,native-histograms',
  }))
    test(`stores exemplars from ${name}, which name spans`, async () => {
      const prometheus = await Prometheus.start(gateway.metricsPort, {
        everyMs: 1000,
        args: [`--enable-feature=${features}`],
      });
      try {
        await traffic(gateway);
        await prometheus.nextScrape();
        for (const query of ['llm_request_duration_seconds_bucket', 'llm_tokens_total', 'llm_gateway_seconds_bucket']) {
          const now = Date.now() / 1000;
          const found = await prometheus.get('query_exemplars', { query, start: now - 600, end: now + 600 });
          await assertAreSpans(found.flatMap(({ exemplars }) => exemplars));
        }
      } finally {
        await prometheus.stop();
      }
    });
});
