// SIGTERM: nothing new is taken, what is running may finish, what was recorded is delivered, and the end is orderly.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Client, requestBytes } from '../support/client.mjs';
import { StatusCode } from '../support/collector.mjs';
import { chatRequest, completion, events, streamRequest, words } from '../support/openai_chat.mjs';
import { Scene, chatPath, newTrace, only } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';

/** Runs act(scene); the gateway is stopped after it unless it has ended. */
async function withScene(env, act) {
  const scene = await Scene.start({ env });
  try {
    await act(scene);
  } finally {
    if (scene.gateway.program.isRunning) await scene.stop();
    else await scene.discard();
  }
}

/** Waits for the orderly end that a signal has asked for. */
async function assertEnds(scene) {
  const { code, signal } = await within('the end', scene.gateway.program.ended, 30_000);
  scene.gateway.program.assertNoReport();
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, scene.gateway.program.stderr.join('\n'));
}

/** A call that the upstream answers. */
function chatCall(scene) {
  const name = scene.script((own) => own.json200(completion));
  return requestBytes('POST', chatPath, { 'x-case': name }, JSON.stringify(chatRequest));
}

/** The next answer is served, tells the client to go elsewhere, and is the last. */
async function assertServedForTheLastTime(scene, client) {
  const response = await client.response();
  assert.equal(response?.status, 200);
  assert.equal(response.fields.get('connection'), 'close');
  await assertEnds(scene);
}

const drainStarts = (scene) => until('the drain', () => refusesConnections(scene.gateway.apiPort));

describe('a running stream', () => {
  test('completes, and its record is delivered', () =>
    withScene({}, async (scene) => {
      const { client, trace, exchange } = await startStream(scene);
      const idle = await Client.connect(scene.gateway.apiPort);
      try {
        await idle.request('GET', '/health');
        await idle.response();

        scene.gateway.program.kill('SIGTERM');
        await drainStarts(scene);
        assert.notEqual(await within('the end of an idle connection', idle.bytes.over), 'open');
        assert.equal(client.bytes.state, 'open', 'the stream goes on');

        await assertStreamCompletes(client, exchange);
        await assertEnds(scene);
        assert.equal(only(scene.gateway.linesOf(trace.traceId), 'log lines').outcome, 'completed');
        assert.equal(scene.collector.spansOf(trace.traceId).length, 2);
      } finally {
        client.close();
        idle.close();
      }
    }));

  for (const [name, second] of Object.entries({ 'a second SIGTERM': 'SIGTERM', SIGHUP: 'SIGHUP' })) {
    test(`is not disturbed by ${name}`, () =>
      withScene({}, async (scene) => {
        const { client, trace, exchange } = await startStream(scene);
        try {
          scene.gateway.program.kill('SIGTERM');
          await drainStarts(scene);
          scene.gateway.program.kill(second);
          await assertStreamCompletes(client, exchange);
          await assertEnds(scene);
          assert.equal(only(scene.gateway.linesOf(trace.traceId), 'log lines').outcome, 'completed');
        } finally {
          client.close();
        }
      }));
  }

  test('ends as shutdown at the limit', () =>
    withScene({ ARCHESTRA_DRAIN_TIMEOUT_MS: '300' }, async (scene) => {
      const { client, trace, exchange } = await startStream(scene);
      try {
        scene.gateway.program.kill('SIGTERM');
        const body = await client.body(client.responseHead);
        assert.notEqual(body.end, 'complete', 'the client sees that the stream was cut');
        await within('the end of the upstream exchange', exchange.closed);
        await assertEnds(scene);
        assertShutdown(scene, trace);
      } finally {
        client.close();
      }
    }));
});

test('a call whose answer has not begun at the limit gets 503', () =>
  withScene({ ARCHESTRA_DRAIN_TIMEOUT_MS: '300' }, async (scene) => {
    const trace = newTrace();
    const name = scene.script((exchange) => exchange.closed);
    const client = await Client.connect(scene.gateway.apiPort);
    try {
      const headers = { 'x-case': name, traceparent: trace.traceparent };
      await client.request('POST', chatPath, { headers, body: JSON.stringify(chatRequest) });
      const exchange = await scene.upstream.only(name);
      scene.gateway.program.kill('SIGTERM');
      const response = await client.response();
      assert.equal(response?.status, 503);
      assert.equal(response.end, 'complete');
      assert.equal(response.fields.get('x-archestra-error'), 'shutting_down');
      assert.equal(response.fields.get('connection'), 'close');
      assert.equal(typeof JSON.parse(response.body).error.message, 'string');
      await within('the end of the upstream exchange', exchange.closed);
      await assertEnds(scene);
      assertShutdown(scene, trace);
    } finally {
      client.close();
    }
  }));

describe('a connection that was accepted before', () => {
  test('is served when its request comes together with SIGTERM', () =>
    withScene({}, async (scene) => {
      const rounds = 20;
      const request = chatCall(scene);
      const clients = await Promise.all(Array.from({ length: rounds }, () => Client.connect(scene.gateway.apiPort)));
      try {
        const sent = clients.map((client) => client.send(request));
        scene.gateway.program.kill('SIGTERM');
        await Promise.all(sent);
        for (const client of clients) {
          const response = await client.response();
          assert.equal(response?.status, 200);
          assert.equal(JSON.parse(response.body).id, completion.id);
        }
        await assertEnds(scene);
      } finally {
        for (const client of clients) client.close();
      }
    }));

  test('is served once more after it has been used, and is told to go elsewhere then', () =>
    withScene({}, async (scene) => {
      const request = chatCall(scene);
      const client = await Client.connect(scene.gateway.apiPort);
      try {
        await client.send(request);
        assert.equal((await client.response()).fields.get('connection'), undefined);
        scene.gateway.program.kill('SIGTERM');
        await drainStarts(scene);
        await client.send(request);
        await assertServedForTheLastTime(scene, client);
      } finally {
        client.close();
      }
    }));

  test('is served once more after a stream that began before', () =>
    withScene({}, async (scene) => {
      const { client, exchange } = await startStream(scene);
      try {
        scene.gateway.program.kill('SIGTERM');
        await drainStarts(scene);
        await assertStreamCompletes(client, exchange);
        await client.request('GET', '/health');
        assert.equal((await client.response())?.status, 200);
        await assertEnds(scene);
      } finally {
        client.close();
      }
    }));

  test('may finish the request that it has begun', () =>
    withScene({}, async (scene) => {
      const request = chatCall(scene);
      const client = await Client.connect(scene.gateway.apiPort);
      try {
        await client.send(request.subarray(0, 20));
        scene.gateway.program.kill('SIGTERM');
        await drainStarts(scene);
        await client.send(request.subarray(20));
        await assertServedForTheLastTime(scene, client);
      } finally {
        client.close();
      }
    }));
});

test('SIGINT ends it just so', () =>
  withScene({}, async (scene) => {
    scene.gateway.program.kill('SIGINT');
    await assertEnds(scene);
  }));

describe('at the end a collector', { concurrency: true }, () => {
  const late = { OTEL_BSP_SCHEDULE_DELAY: '60000' };

  test('that first answers 503 still gets the spans', () =>
    withScene(late, async (scene) => {
      scene.collector.next = [{ status: 503 }];
      const { traceId, traceparent } = newTrace();
      const name = scene.script((own) => own.json200(completion));
      await scene.post({ 'x-case': name, traceparent }, chatRequest);
      scene.gateway.program.kill('SIGTERM');
      await assertEnds(scene);
      assert.equal(scene.collector.requests.length, 2);
      assert.equal(scene.collector.spansOf(traceId).length, 2);
    }));

  test('that does not answer delays it by seconds, not more', () =>
    withScene(late, async (scene) => {
      scene.collector.isSilent = true;
      const name = scene.script((own) => own.json200({}));
      await scene.post({ 'x-case': name }, streamRequest);
      const started = performance.now();
      await scene.gateway.program.stop();
      assert.ok(performance.now() - started < 9_000, `it took ${performance.now() - started} ms`);
    }));

  test('that has a request and does not answer it neither', () =>
    withScene({}, async (scene) => {
      scene.collector.isSilent = true;
      const name = scene.script((own) => own.json200({}));
      await scene.post({ 'x-case': name }, streamRequest);
      await until('an export that waits for its answer', () => scene.collector.requests.length > 0);
      const started = performance.now();
      await scene.gateway.program.stop();
      assert.ok(performance.now() - started < 7_500, `it took ${performance.now() - started} ms`);
    }));
});

function assertShutdown(scene, { traceId }) {
  assert.equal(only(scene.gateway.linesOf(traceId), 'log lines').outcome, 'shutdown');
  const spans = scene.collector.spansOf(traceId);
  assert.equal(spans.length, 2);
  assert.equal(spans.find(({ name }) => name === 'openai.chat.completions').status.code, StatusCode.ERROR);
}

async function assertStreamCompletes(client, exchange) {
  exchange.send(exchange.rest);
  const { body, end } = await client.body(client.responseHead);
  assert.equal(end, 'complete');
  assert.ok(body.toString().endsWith(events.done));
}

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
