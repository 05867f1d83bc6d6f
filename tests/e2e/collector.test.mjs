// The collector's side of the export of spans: what is tried again, what is given up and counted, and which connections
// are used.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { localhostCertificate } from '../support/certificate.mjs';
import { partialSuccess } from '../support/collector.mjs';
import { refusingPort } from '../support/dead_ends.mjs';
import { answeringUpstream, call, endpointOf, withExport, withGateway } from '../support/export.mjs';
import { until } from '../support/until.mjs';

let upstream;
let certificate;
before(async () => {
  upstream = await answeringUpstream();
  certificate = await localhostCertificate();
});
after(async () => {
  await upstream.stop();
  await certificate.remove();
});

const withCollector = (env, act) => withExport(upstream, env, act);

/** A call whose two spans the collector takes; its trace id. */
async function delivered(gateway, collector) {
  const traceId = await call(gateway);
  await until('the spans', () => collector.spansOf(traceId).length === 2);
  return traceId;
}

/** What /metrics says of the export: requests and spans by result, spans dropped. */
async function exportFigures(gateway) {
  const metrics = await gateway.scrape();
  const byResult = (name, of = {}) =>
    Object.fromEntries(metrics.samples(name, of).map(({ labels, value }) => [labels.result, value]));
  return {
    requests: byResult('otlp_export_requests_total', { signal: 'traces' }),
    spans: byResult('otlp_export_spans_total'),
    dropped: metrics.sum('telemetry_dropped_total', { signal: 'traces' }),
  };
}

describe('a passing failure is tried again, and nothing is lost:', { concurrency: true }, () => {
  const failures = {
    429: { status: 429 },
    502: { status: 502 },
    503: { status: 503 },
    504: { status: 504 },
    'a reset': 'reset',
    'a close': 'close',
  };
  for (const [name, failure] of Object.entries(failures)) {
    test(name, () =>
      withCollector(endpointOf, async (gateway, collector) => {
        collector.next = [failure];
        await delivered(gateway, collector);
        await delivered(gateway, collector);
        await until('its figures', async () => (await exportFigures(gateway)).requests.success === 2);
        const { requests, spans, dropped } = await exportFigures(gateway);
        assert.deepEqual(requests, { success: 2, retried: 1, failed: 0 });
        assert.deepEqual(spans, { success: 4, rejected: 0, failed: 0 });
        assert.equal(dropped, 0);
        const [refused, again] = collector.requests;
        assert.ok(again.body.equals(refused.body), 'the same batch');
        assert.equal(collector.spans.length, 4);
      }));
  }

  test('503, no sooner than the collector says', () =>
    withCollector(endpointOf, async (gateway, collector) => {
      collector.next = [{ status: 503, headers: { 'retry-after': '2' } }];
      await delivered(gateway, collector);
      const [refused, again] = collector.requests;
      const waited = again.at - refused.at;
      assert.ok(waited > 1_900 && waited < 5_000, `tried again after ${waited} ms`);
    }));
});

describe('what the collector does not want is dropped once and counted:', () => {
  for (const status of [400, 401]) {
    test(String(status), () =>
      withCollector(endpointOf, async (gateway, collector) => {
        collector.next = [{ status }];
        const refused = await call(gateway);
        await until('the drop', async () => (await exportFigures(gateway)).dropped > 0);
        await delivered(gateway, collector);
        await until('its figures', async () => (await exportFigures(gateway)).requests.success === 1);
        const metrics = await gateway.scrape();
        assert.equal(metrics.sum('telemetry_dropped_total', { signal: 'traces', reason: 'export_failed' }), 2);
        const { requests, spans, dropped } = await exportFigures(gateway);
        assert.deepEqual(requests, { success: 1, retried: 0, failed: 1 });
        assert.deepEqual(spans, { success: 2, rejected: 0, failed: 2 });
        assert.equal(dropped, 2);
        assert.deepEqual(collector.spansOf(refused), []);
        assert.equal(collector.requests.length, 2);
      }));
  }

  test('a part of a batch', () =>
    withCollector(endpointOf, async (gateway, collector) => {
      collector.next = [{ status: 200, body: partialSuccess(1, 'one span too many') }];
      await delivered(gateway, collector);
      await until('its figures', async () => (await exportFigures(gateway)).requests.success > 0);
      const { requests, spans } = await exportFigures(gateway);
      assert.deepEqual(requests, { success: 1, retried: 0, failed: 0 });
      assert.deepEqual(spans, { success: 1, rejected: 1, failed: 0 });
      await until('a line about it', () => gateway.program.stderr.some((line) => line.includes('one span too many')));
      assert.equal(collector.requests.length, 1, 'it is not sent again');
    }));
});

describe('a batch that a collector does not take in OTEL_BSP_EXPORT_TIMEOUT', () => {
  const env = (collector) => ({
    ...endpointOf(collector),
    ARCHESTRA_THREADS: '1', // so that there is one order of calls
    OTEL_BSP_EXPORT_TIMEOUT: '2000',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2',
  });
  const refusal = { status: 503, headers: { 'retry-after': '2' } };

  test('goes behind the others, where it is on the disk', () =>
    withCollector(env, async (gateway, collector) => {
      collector.next = [refusal];
      const [first, second] = [await call(gateway), await call(gateway)];
      await until('the spans', () => collector.spans.length === 4);
      assert.deepEqual(
        collector.spans.map(({ traceId }) => traceId),
        [second, second, first, first],
      );
      assert.equal((await exportFigures(gateway)).dropped, 0);
    }));

  test('is dropped and counted, where it is in memory alone', () =>
    withCollector(
      (collector) => ({ ...env(collector), ARCHESTRA_OTEL_SPOOL_LIMIT: '0' }),
      async (gateway, collector) => {
        collector.next = [refusal];
        const refused = await call(gateway);
        await until('the drop', async () => (await exportFigures(gateway)).dropped > 0);
        await delivered(gateway, collector);
        assert.deepEqual(collector.spansOf(refused), []);
        assert.equal((await exportFigures(gateway)).dropped, 2);
      },
    ));
});

describe('a kept connection', () => {
  const ends = {
    'that the collector closed between two exports': (collector) => collector.closeIdle(),
    'that it closes when the next export comes': (collector) => (collector.next = ['close']),
    'that it resets when the next export comes': (collector) => (collector.next = ['reset']),
  };
  for (const [name, end] of Object.entries(ends)) {
    test(`${name} costs neither spans nor a pause`, () =>
      withCollector(endpointOf, async (gateway, collector) => {
        await delivered(gateway, collector);
        end(collector);
        await delivered(gateway, collector);
        await until('its figures', async () => (await exportFigures(gateway)).requests.success === 2);
        const { requests, dropped } = await exportFigures(gateway);
        assert.deepEqual(requests, { success: 2, retried: 0, failed: 0 });
        assert.equal(dropped, 0);
        assert.equal(collector.spans.length, 4);
      }));
  }
});

describe('a collector behind TLS', () => {
  for (const setting of ['ARCHESTRA_CA_FILE', 'OTEL_EXPORTER_OTLP_CERTIFICATE']) {
    test(`gets spans when its certificate is trusted, by ${setting}`, () =>
      withExport(
        upstream,
        (collector) => ({ ...endpointOf(collector), [setting]: certificate.caFile }),
        async (gateway, collector) => {
          await delivered(gateway, collector);
          await delivered(gateway, collector);
        },
        { secure: certificate.secure },
      ));
  }

  test('gets nothing when nobody vouches for it', () =>
    withExport(
      upstream,
      endpointOf,
      async (gateway, collector) => {
        await call(gateway);
        await until('a failed export', async () => (await exportFigures(gateway)).requests.retried > 0);
        await until('a line about it', () => gateway.program.stderr.some((line) => line.includes('does not reach the collector')));
        assert.deepEqual(collector.requests, []);
      },
      { secure: certificate.secure },
    ));
});

test('a collector that refuses for a while gets each span once, and settings show how it goes', () =>
  withCollector(endpointOf, async (gateway, collector) => {
    const shown = (what, is) =>
      until(what, async () => is((await gateway.api('GET', '/settings')).json.telemetry.traces));
    collector.answer = { status: 503, headers: { 'retry-after': '0' } };
    const traceId = await call(gateway);
    await until('a refused export', () => collector.requests.length > 0);
    assert.deepEqual(collector.spans, []);
    await shown('a failure', ({ failing, lastError, sent }) => failing && /503/.test(lastError) && sent === 0);
    collector.answer = { status: 200, headers: {} };
    await until('the spans', () => collector.spansOf(traceId).length >= 2, { withinMs: 30_000 });
    const later = await call(gateway);
    await until('later spans', () => collector.spansOf(later).length === 2);
    assert.equal(collector.spansOf(traceId).length, 2);
    await shown('a success', ({ failing, sent, lastErrorAt, lastSuccessAt }) =>
      !failing && sent > 0 && lastSuccessAt > lastErrorAt);
  }));

test('calls go on without a collector', async () => {
  const dead = await refusingPort();
  const endpoint = `http://127.0.0.1:${dead.port}/v1/traces`;
  const env = { OTEL_TRACES_EXPORTER: 'otlp', ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  try {
    await withGateway(upstream, env, async (gateway) => {
      for (let i = 0; i < 20; i += 1) await call(gateway);
      assert.equal((await gateway.scrape()).sum('llm_requests_total', { outcome: 'completed' }), 20);
    });
  } finally {
    dead.release();
  }
});

