// Metrics over OTLP: the same figures as on /metrics, decoded by OpenTelemetry's own code.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { SpanKind, partialSuccessOfMetrics } from '../support/collector.mjs';
import { answeringUpstream, call, endpointOf, withExport } from '../support/export.mjs';
import { only } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

let upstream;
before(async () => (upstream = await answeringUpstream()));
after(() => upstream.stop());

const withMetrics = (env, act) =>
  withExport(
    upstream,
    (collector) => ({
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      ...endpointOf(collector),
      ...env,
    }),
    act,
  );

const keyOf = (labels) => JSON.stringify(Object.entries(labels).sort());
const units = { seconds: 's', bytes: 'By' };
const typeOf = { sum: 'counter', gauge: 'gauge', histogram: 'histogram', summary: 'summary' };

/** A new export, with whatever happened before it was asked for. */
async function nextExport(collector) {
  const before = collector.exports.length;
  // The one that is under way may have begun earlier.
  await until('two exports', () => collector.exports.length >= before + 2);
  return collector.exports.at(-1);
}

/** Sample name -> label key -> value, as the text format has it. */
function asSamples(points) {
  const samples = new Map();
  const put = (name, labels, value) => {
    if (!samples.has(name)) samples.set(name, new Map());
    const key = keyOf(labels);
    assert.ok(!samples.get(name).has(key), `${name}${key} is there twice`);
    samples.get(name).set(key, value);
  };
  for (const { name, labels, count, sum, buckets, bounds, quantiles, value } of points) {
    if (count === undefined) {
      put(name, labels, value);
      continue;
    }
    put(`${name}_count`, labels, count);
    put(`${name}_sum`, labels, sum);
    for (const { quantile, value: own } of quantiles ?? []) put(name, { ...labels, quantile: String(quantile) }, own);
    let below = 0;
    for (const [index, own] of (buckets ?? []).entries()) {
      below += own;
      put(`${name}_bucket`, { ...labels, le: index < bounds.length ? String(bounds[index]) : '+Inf' }, below);
    }
  }
  return samples;
}

/** What a look at the process changes, or time alone. */
const restless = /^(process_|nodejs_|runtime_|telemetry_|otlp_|http_request_summary_seconds$|tls_)/;

test('they are those of a scrape', async () => {
  await withMetrics({}, async (gateway, collector) => {
    const { id } = (await gateway.api('GET', '/agents')).json.data[0];
    const labels = [{ key: 'team', value: 'größe "b"' }];
    assert.equal((await gateway.api('PUT', `/agents/${id}`, { name: 'Bot', labels })).status, 200);
    for (let i = 0; i < 3; i += 1) await call(gateway);
    await until('the line', () => gateway.program.stdout.length >= 3);
    const points = await nextExport(collector);
    const scraped = await gateway.scrape();
    const found = asSamples(points);
    const expected = new Map();
    for (const [name, { samples }] of scraped.families)
      for (const { name: own, labels: with_, value } of samples) {
        if (!expected.has(own)) expected.set(own, new Map());
        const labels = { ...with_ };
        for (const number of ['le', 'quantile'])
          if (number in labels && labels[number] !== '+Inf') labels[number] = String(Number(labels[number]));
        expected.get(own).set(keyOf(labels), value);
        assert.ok(found.has(own), `${own} of ${name} is not exported`);
      }
    for (const [name, values] of expected) {
      assert.deepEqual([...found.get(name).keys()].sort(), [...values.keys()].sort(), name);
      if (!restless.test(name)) assert.deepEqual(found.get(name), values, name);
    }
    assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
    for (const { name, type, description, unit, start, time } of points) {
      const family = scraped.families.get(name);
      assert.equal(typeOf[type], family.type, name);
      assert.equal(description, family.help.replaceAll('\\\\', '\\').replaceAll('\\n', '\n'), name);
      assert.equal(unit, units[/_(seconds|bytes)(_total)?$/.exec(name)?.[1]] ?? '', name);
      if (type === 'gauge') assert.equal(start, 0n);
      else assert.ok(start > 0n && start < time, name);
    }
    assert.equal(new Set(points.filter(({ type }) => type === 'sum').map(({ start }) => start)).size, 1);
    assert.equal(points[0].resource['service.name'], 'archestra');
  });
});

test('exemplars name spans that the collector has got', async () => {
  await withMetrics({}, async (gateway, collector) => {
    for (let i = 0; i < 3; i += 1) await call(gateway);
    await until('the last span', () => collector.spans.length >= 6);
    const points = (await nextExport(collector)).filter(({ exemplars }) => exemplars.length > 0);
    for (const name of ['llm_requests_total', 'llm_tokens_total', 'llm_request_duration_seconds'])
      assert.ok(points.some((point) => point.name === name), name);
    for (const { name, bounds, buckets, exemplars, time } of points)
      for (const { traceId, spanId, value, time: at } of exemplars) {
        const span = only(collector.spansOf(traceId).filter((own) => own.spanId === spanId), `${name}: spans`);
        assert.equal(span.kind, SpanKind.CLIENT, name);
        assert.ok(at <= time && value > 0, name);
        if (buckets) assert.ok(buckets[bounds.filter((bound) => bound < value).length] > 0, `${name}: ${value}`);
      }
  });
});

test('sums never go back, the last export has everything, and it comes at the end of the process', async () => {
  await withMetrics({}, async (gateway, collector) => {
    for (let i = 0; i < 10; i += 1) {
      await call(gateway);
      if (i % 3 === 0) await nextExport(collector);
    }
    const before = collector.exports.length;
    await gateway.program.stop();
    assert.ok(collector.exports.length > before);
    let last = new Map();
    for (const points of collector.exports) {
      const sums = new Map();
      for (const { name, type, labels, value, count } of points)
        if (type !== 'gauge') sums.set(`${name}${keyOf(labels)}`, value ?? count);
      for (const [name, value] of last) assert.ok(sums.get(name) >= value, name);
      last = sums;
    }
    const requests = collector.exports.at(-1).filter(({ name }) => name === 'llm_requests_total');
    assert.equal(requests.reduce((sum, { value }) => sum + value, 0), 10);
  });
});

test('many series go in requests of a bounded size', async () => {
  await withMetrics({ OTEL_METRIC_EXPORT_INTERVAL: '3000', ARCHESTRA_METRICS_LABEL_SETS: '500' }, async (gateway, collector) => {
    const { id } = (await gateway.api('GET', '/agents')).json.data[0];
    for (let i = 0; i < 100; i += 1) {
      const labels = [{ key: 'n', value: `${i}`.padEnd(250, 'x') }];
      assert.equal((await gateway.api('PUT', `/agents/${id}`, { name: 'Bot', labels })).status, 200);
      await call(gateway);
    }
    await gateway.program.stop();
    const sizes = collector.requests.filter(({ signal }) => signal === 'metrics').map(({ body }) => body.length);
    assert.ok(sizes.length >= 2, `${sizes}`);
    assert.ok(Math.max(...sizes) < 600 << 10, `${sizes}`);
    const last = collector.exports.slice(-40).flat();
    const requests = new Map(last.filter(({ name }) => name === 'llm_requests_total').map((own) => [keyOf(own.labels), own.value]));
    assert.equal([...requests.values()].reduce((sum, value) => sum + value, 0), 100);
  });
});

test('metrics have their own endpoint, fields and compression', async () => {
  const env = (collector) => ({
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.origin}/own/metrics`,
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-metrics=yes',
    OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'gzip',
  });
  await withExport(upstream, env, async (gateway, collector) => {
    collector.signalOfPath = { '/own/metrics': 'metrics' };
    await until('an export', () => collector.exports.length > 0);
    const [{ headers }] = collector.requests;
    assert.equal(headers['x-metrics'], 'yes');
    assert.equal(headers['content-encoding'], 'gzip');
    const build = collector.exports[0].filter(({ name }) => name === 'archestra_build_info');
    assert.equal(only(build, 'points').value, 1);
  });
});

test('what the collector does not take is counted, and the next export is whole', async () => {
  await withMetrics({ OTEL_METRIC_EXPORT_TIMEOUT: '500' }, async (gateway, collector) => {
    const counted = async (name, labels) => (await gateway.scrape()).sum(name, labels);
    const dropped = () => counted('telemetry_dropped_total', { signal: 'metrics', reason: 'export_failed' });
    await until('an export', () => collector.exports.length > 0);
    collector.answers.metrics = { status: 400 };
    await until('a drop', async () => (await dropped()) > 0);
    assert.ok((await counted('otlp_export_data_points_total', { result: 'failed' })) > 0);
    collector.answers.metrics = { status: 200, body: partialSuccessOfMetrics(2, 'no') };
    await until('a rejection', async () => (await counted('otlp_export_data_points_total', { result: 'rejected' })) >= 2);
    collector.answers.metrics = 'close';
    const before = await dropped();
    await until('another drop', async () => (await dropped()) > before);
    assert.ok((await counted('otlp_export_requests_total', { signal: 'metrics', result: 'retried' })) > 0);
    delete collector.answers.metrics;
    await call(gateway);
    const points = await nextExport(collector);
    assert.equal(points.filter(({ name }) => name === 'llm_requests_total').reduce((sum, { value }) => sum + value, 0), 1);
  });
});
