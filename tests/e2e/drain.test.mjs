// SIGTERM: nothing new is taken, what is running may finish, what was recorded is delivered, and the end is orderly.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from '../support/client.mjs';
import { StatusCode } from '../support/collector.mjs';
import { events, streamRequest, words } from '../support/openai_chat.mjs';
import { Scene, chatPath, newTrace, only } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';

test('a running stream completes, and its record is delivered', async () => {
  const scene = await Scene.start();
  const { client, trace, exchange } = await startStream(scene);
  const idle = await Client.connect(scene.gateway.apiPort);
  await idle.request('GET', '/health');
  await idle.response();

  scene.gateway.program.kill('SIGTERM');
  await until('new connections to be refused', () => refusesConnections(scene.gateway.apiPort));
  assert.notEqual(await within('the end of an idle connection', idle.bytes.over), 'open');
  assert.equal(client.bytes.state, 'open', 'the stream goes on');

  exchange.send(exchange.rest);
  const body = await client.body(client.responseHead);
  assert.equal(body.end, 'complete');
  assert.ok(body.body.toString().endsWith(events.done));

  await scene.stop(); // SIGTERM again changes nothing; exit status 0 is asserted there
  assert.equal(only(scene.gateway.linesOf(trace.traceId), 'log lines').outcome, 'completed');
  assert.equal(scene.collector.spansOf(trace.traceId).length, 2);
  client.close();
});

test('what is still running at the limit ends as shutdown', async () => {
  const scene = await Scene.start({ env: { ARCHESTRA_DRAIN_TIMEOUT_MS: '300' } });
  const { client, trace, exchange } = await startStream(scene);
  const stopped = scene.stop();
  const body = await client.body(client.responseHead);
  assert.notEqual(body.end, 'complete', 'the client sees that the stream was cut');
  await within('the end of the upstream exchange', exchange.closed);
  await stopped;
  assert.equal(only(scene.gateway.linesOf(trace.traceId), 'log lines').outcome, 'shutdown');
  const spans = scene.collector.spansOf(trace.traceId);
  assert.equal(spans.length, 2);
  assert.equal(spans.find(({ name }) => name === 'openai.chat.completions').status.code, StatusCode.ERROR);
  client.close();
});

test('SIGINT ends it just so', async () => {
  const scene = await Scene.start();
  scene.gateway.program.kill('SIGINT');
  const { code, signal } = await within('the end', scene.gateway.program.ended);
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  scene.gateway.program.assertNoReport();
  await scene.discard();
});

test('a collector that does not answer delays the end by seconds, not more', async () => {
  const scene = await Scene.start({ env: { OTEL_BSP_SCHEDULE_DELAY: '60000' } });
  scene.collector.isSilent = true;
  const name = scene.script((own) => own.json200({}));
  await scene.post({ 'x-case': name }, streamRequest);
  const started = performance.now();
  await scene.gateway.stop();
  assert.ok(performance.now() - started < 9_000, `it took ${performance.now() - started} ms`);
  await scene.discard();
});

test('nor does one that has a request and does not answer it', async () => {
  const scene = await Scene.start();
  scene.collector.isSilent = true;
  const name = scene.script((own) => own.json200({}));
  await scene.post({ 'x-case': name }, streamRequest);
  await until('an export that waits for its answer', () => scene.collector.requests.length > 0);
  const started = performance.now();
  await scene.gateway.stop();
  assert.ok(performance.now() - started < 7_500, `it took ${performance.now() - started} ms`);
  await scene.discard();
});

/** A stream whose first events are with the client; `exchange.rest` is what is missing. */
async function startStream(scene) {
  const trace = newTrace();
  const first = events.role + words(3).join('');
  const name = scene.script(async (exchange) => {
    await exchange.streamHead();
    await exchange.chunk(first);
    const rest = events.stop + events.done;
    exchange.rest = `${rest.length.toString(16)}\r\n${rest}\r\n0\r\n\r\n`;
    await exchange.closed;
  });
  const client = await Client.connect(scene.gateway.apiPort);
  const headers = { 'Content-Type': 'application/json', 'x-case': name, traceparent: trace.traceparent };
  await client.request('POST', chatPath, { headers, body: JSON.stringify(streamRequest) });
  client.responseHead = await client.head();
  await until('the first events', () => client.bytes.available >= first.length);
  return { client, trace, exchange: await scene.upstream.only(name) };
}

async function refusesConnections(port) {
  try {
    (await Client.connect(port)).close();
    return false;
  } catch (error) {
    return error.code === 'ECONNREFUSED';
  }
}
