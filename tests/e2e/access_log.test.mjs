// The log of calls: the same figures in both formats, read by a logfmt parser that is not ours, and its level set while
// the gateway runs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import logfmt from 'logfmt';

import { exchange } from '../support/client.mjs';
import { answeringUpstream, call, withGateway } from '../support/export.mjs';
import { newTrace, only } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

let upstream;
before(async () => {
  upstream = await answeringUpstream();
});
after(() => upstream.stop());

const raw = (gateway, traceId) => gateway.program.stdout.filter((line) => line.includes(traceId));
const lineOf = async (gateway, traceId) => {
  await until('the line of a call', () => raw(gateway, traceId).length > 0);
  return only(raw(gateway, traceId), 'lines of a call');
};

test('a line of text says what a line of JSON says', async () => {
  const labels = [{ key: 'team', value: 'data science' }, { key: 'größe', value: 'a="b" \\ ü' }];
  const lines = {};
  for (const format of ['json', 'text']) {
    const env = { ARCHESTRA_LOG_FORMAT: format, OTEL_RESOURCE_ATTRIBUTES: 'no list' };
    await withGateway(upstream, env, async (gateway) => {
      const { id } = (await gateway.api('GET', '/agents')).json.data[0];
      assert.equal((await gateway.api('PUT', `/agents/${id}`, { name: 'Bot = 1', labels })).status, 200);
      const traceId = await call(gateway, { headers: { 'X-Archestra-Session-Id': 'one two=three "four"' } });
      const line = await lineOf(gateway, traceId);
      lines[format] = format === 'json' ? JSON.parse(line) : logfmt.parse(line);
      assert.equal(lines[format].trace_id, traceId);
      const own = gateway.program.stderr.find((text) => text.includes('serving'));
      const { message } = format === 'json' ? JSON.parse(own) : logfmt.parse(own);
      assert.equal(message, 'serving', 'the log of the process has the same format');
      const [warning] = gateway.program.stderr.filter((text) => text.includes('OTEL_RESOURCE_ATTRIBUTES'));
      assert.equal(warning.startsWith('{'), format === 'json', 'also of what there is to say of settings');
    });
  }
  const { json, text } = lines;
  const times = ['time', 'duration_ms', 'gateway_ms', 'time_to_first_byte_ms'];
  for (const changing of [...times, 'trace_id', 'span_id', 'request_bytes']) {
    assert.ok(changing in json && changing in text, changing);
    delete json[changing];
    delete text[changing];
  }
  const { labels: asObject, finish_reasons: reasons, ...rest } = json;
  const expected = { ...rest, finish_reasons: reasons.join(',') };
  for (const [key, value] of Object.entries(asObject)) expected[`labels.${key}`] = value;
  // A parser of logfmt gives texts back, apart from true and false.
  const asTexts = Object.fromEntries(
    Object.entries(expected).map(([key, value]) => [key, typeof value === 'number' ? String(value) : value]),
  );
  assert.deepEqual(text, asTexts);
  assert.equal(json.session_id, 'one two=three "four"');
});

test('the level is changed while the gateway runs', async () => {
  await withGateway(upstream, {}, async (gateway) => {
    assert.deepEqual((await gateway.api('GET', '/log-levels')).json, { log: 'info', accessLog: 'info' });
    await lineOf(gateway, await call(gateway));

    const off = await gateway.api('PUT', '/log-levels', { accessLog: 'warn' });
    assert.deepEqual(off.json, { log: 'info', accessLog: 'warn' });
    const silent = await call(gateway);
    // Lines are made of records some time after the answer, at the level of that time: then the call is in the history, too.
    await until('its record', async () => (await gateway.api('GET', '/recent-calls')).json.data.length === 2);

    await gateway.api('PUT', '/log-levels', { accessLog: 'debug', log: 'debug' });
    const health = newTrace();
    await exchange(gateway.apiPort, 'GET', '/health', { headers: { traceparent: health.traceparent } });
    assert.equal(JSON.parse(await lineOf(gateway, health.traceId)).route, '/health', 'debug has every request');
    // Lines of one shard come in order; the call may have been on the other one.
    const loud = await call(gateway);
    await lineOf(gateway, loud);
    assert.deepEqual(raw(gateway, silent), [], 'a call below the level has no line');

    const bad = await gateway.api('PUT', '/log-levels', { accessLog: 'loud' });
    assert.equal(bad.status, 400);
    assert.match(bad.json.error.message, /"accessLog" must be debug, info, warn, error or off/);
    const told = gateway.program.stderr.map((line) => JSON.parse(line)).filter(({ message }) => message === 'log levels set');
    assert.deepEqual(told.map(({ access_log: level }) => level), ['warn', 'debug']);
  });
});
