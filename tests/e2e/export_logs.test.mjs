// The log of calls over OTLP: each record says what its line says, under OpenTelemetry's names, in the trace of its spans.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { answer as anthropicMessage } from '../support/anthropic_messages.mjs';
import { exchange } from '../support/client.mjs';
import { partialSuccessOfLogs, SpanKind } from '../support/collector.mjs';
import { answeringUpstream, call, endpointOf, withExport } from '../support/export.mjs';
import { plainRecord, recordOf } from '../support/log_records.mjs';
import { newTrace, only } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

let upstream;
before(async () => (upstream = await answeringUpstream()));
after(() => upstream.stop());

const soon = { OTEL_BLRP_SCHEDULE_DELAY: '50', OTEL_BSP_SCHEDULE_DELAY: '50' };
const withLogs = (env, act) =>
  withExport(upstream, (collector) => ({ OTEL_LOGS_EXPORTER: 'otlp', ...soon, ...endpointOf(collector), ...env }), act);

async function assertAgree(gateway, collector, traceId) {
  const linesOf = () => gateway.program.stdout.filter((line) => line.includes(traceId));
  await until('line and record', () => linesOf().length > 0 && collector.records.some((own) => own.traceId === traceId));
  const line = JSON.parse(only(linesOf(), 'lines'));
  const record = only(collector.records.filter((own) => own.traceId === traceId), 'records');
  assert.deepEqual(plainRecord(record), recordOf(line));
  assert.equal(record.observed, record.time);
  return { line, record };
}

test('a record says what its line says, whatever became of the call', async () => {
  await withLogs({ ARCHESTRA_ACCESS_LOG_LEVEL: 'debug', ARCHESTRA_ANTHROPIC_BASE_URL: upstream.baseUrl() }, async (gateway, collector) => {
    const { id } = (await gateway.api('GET', '/agents')).json.data[0];
    const labels = [{ key: 'team', value: 'größe "b"' }];
    assert.equal((await gateway.api('PUT', `/agents/${id}`, { name: 'Bot', labels })).status, 200);

    const headers = { 'X-Archestra-Meta': 'planner/run-1/session-1', 'X-Archestra-User-Id': 'u-1' };
    const good = await assertAgree(gateway, collector, await call(gateway, { headers }));
    assert.equal(good.line.outcome, 'completed');
    assert.equal(good.record.attributes['session.id'], 'session-1');
    assert.equal(good.record.attributes['agent.team'], 'größe "b"');
    await until('the spans', () => collector.spansOf(good.line.trace_id).length === 2);
    const server = collector.spansOf(good.line.trace_id).find((span) => span.kind === SpanKind.SERVER);
    assert.equal(good.record.spanId, server.spanId);
    assert.equal(good.record.flags & 1, 1);
    assert.deepEqual(good.record.resource, server.resource);
    assert.deepEqual(good.record.scope, server.scope);

    upstream.on('refused', (own) => own.respond(429, { 'Content-Type': 'application/json' }, '{"error":{"message":"no"}}'));
    upstream.on('message', (own) => own.json200(anthropicMessage));
    upstream.on('gone', (own) => own.reset());
    const asked = async (path, caseName, body) => {
      const { traceId, traceparent } = newTrace();
      const fields = { 'Content-Type': 'application/json', traceparent, 'x-case': caseName };
      await exchange(gateway.apiPort, 'POST', path, { headers: fields, body });
      return assertAgree(gateway, collector, traceId);
    };
    const chat = '/v1/openai/chat/completions';
    const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
    assert.equal((await asked(chat, 'refused', body)).line.outcome, 'upstream_error');
    assert.equal((await asked(chat, 'gone', body)).line.level, 'warn');
    assert.equal((await asked(chat, 'gone', '{')).line.provider, 'openai');
    const claude = JSON.stringify({ model: 'claude', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] });
    assert.equal((await asked('/v1/anthropic/v1/messages', 'message', claude)).line.provider, 'anthropic');
    const other = await asked('/nowhere', 'gone', '');
    assert.equal(other.record.severityText, 'debug');
    assert.equal(other.record.body, 'http request');

    await until('all records are counted', async () => {
      const metrics = await gateway.scrape();
      return metrics.sum('otlp_export_log_records_total', { result: 'success' }) === collector.records.length;
    });
  });
});

test('no record is sent that has no line, and none by default', async () => {
  await withLogs({ ARCHESTRA_ACCESS_LOG_LEVEL: 'warn' }, async (gateway, collector) => {
    const traceId = await call(gateway);
    await until('the spans', () => collector.spansOf(traceId).length === 2);
    await gateway.api('PUT', '/log-levels', { accessLog: 'info' });
    await assertAgree(gateway, collector, await call(gateway));
    assert.equal(collector.records.length, 1);
  });
  await withExport(upstream, (collector) => ({ ...soon, ...endpointOf(collector) }), async (gateway, collector) => {
    const traceId = await call(gateway);
    await until('the spans', () => collector.spansOf(traceId).length === 2);
    await gateway.program.stop();
    assert.deepEqual([...new Set(collector.requests.map(({ path }) => path))], ['/v1/traces']);
  });
});

test('logs have their own endpoint, fields and compression, and need no spans', async () => {
  const env = (collector) => ({
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${collector.origin}/own/logs`,
    OTEL_EXPORTER_OTLP_HEADERS: 'for=all',
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'x-logs=yes',
    OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'gzip',
    ...soon,
  });
  await withExport(upstream, env, async (gateway, collector) => {
    collector.signalOfPath = { '/own/logs': 'logs' };
    await assertAgree(gateway, collector, await call(gateway));
    const { headers } = only(collector.requests, 'requests');
    assert.equal(headers['x-logs'], 'yes');
    assert.equal(headers.for, undefined);
    assert.equal(headers['content-encoding'], 'gzip');
  });
});

test('a collector that takes no logs costs nothing but the logs', async () => {
  await withLogs({}, async (gateway, collector) => {
    collector.answers.logs = { status: 400 };
    const refused = await call(gateway);
    await until('the spans', () => collector.spansOf(refused).length === 2);
    const counted = async (name, labels) => (await gateway.scrape()).sum(name, labels);
    await until('the drop', async () => (await counted('telemetry_dropped_total', { signal: 'logs', reason: 'export_failed' })) === 1);
    collector.answers.logs = { status: 200, body: partialSuccessOfLogs(1, 'no') };
    await call(gateway);
    await until('the rejection', async () => (await counted('otlp_export_log_records_total', { result: 'rejected' })) === 1);
    collector.answers.logs = { status: 503 };
    const kept = await call(gateway);
    await until('a retry', async () => (await counted('otlp_export_requests_total', { signal: 'logs', result: 'retried' })) > 0);
    delete collector.answers.logs;
    await assertAgree(gateway, collector, kept);
  });
});
