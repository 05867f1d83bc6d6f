// What the gateway refuses because it has enough to do, and clients it does not wait for.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Client, exchange, requestBytes } from '../support/client.mjs';
import { StatusCode } from '../support/collector.mjs';
import { chatRequest, completion } from '../support/openai_chat.mjs';
import { Scene, chatPath, newTrace, only } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';

const json = { 'Content-Type': 'application/json' };

/** Runs act(scene) with a gateway of one shard, whose limits are those of all. */
async function withScene(env, act) {
  const scene = await Scene.start({ env: { ARCHESTRA_THREADS: '1', ...env } });
  try {
    await act(scene);
  } finally {
    await scene.stop();
  }
}

/** A refusal for the moment: 503 that says when to come again, and one record without a try. */
async function assertRefusedOverload(scene, response, { traceId }, before) {
  assert.equal(response?.status, 503);
  assert.equal(response.fields.get('x-archestra-error'), 'overloaded');
  assert.match(response.fields.get('retry-after'), /^[1-9]\d*$/);
  assert.equal(typeof JSON.parse(response.body).error.message, 'string');
  await until('the log line', () => scene.gateway.linesOf(traceId).length > 0);
  const line = only(scene.gateway.linesOf(traceId), 'log lines');
  assert.equal(`${line.status_code} ${line.outcome}`, '503 refused_overload');
  await until('the span', () => scene.collector.spansOf(traceId).length > 0);
  const span = only(scene.collector.spansOf(traceId), 'spans');
  assert.equal(span.attributes['archestra.outcome'], 'refused_overload');
  assert.equal(span.status.code, StatusCode.ERROR);
  const after = await scene.gateway.scrape();
  assert.equal(after.since(before, 'llm_requests_total', { outcome: 'refused_overload' }), 1);
}

describe('refused_overload', () => {
  test('is a call that no connection to its provider became free for', () =>
    withScene({ ARCHESTRA_UPSTREAM_CONNECTIONS_LIMIT: '1', ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: '1000' }, async (scene) => {
      const release = Promise.withResolvers();
      const held = scene.script(async (own) => {
        await release.promise;
        await own.json200(completion);
      });
      const first = scene.post({ 'x-case': held }, chatRequest);
      await scene.upstream.only(held);
      const before = await scene.gateway.scrape();
      const trace = newTrace();
      const second = await scene.post({ traceparent: trace.traceparent }, chatRequest);
      assert.equal(second.status, 503);
      assert.equal(second.fields.get('x-archestra-error'), 'overloaded');
      assert.match(second.fields.get('retry-after'), /^[1-9]\d*$/);
      await until('the spans', () => scene.collector.spansOf(trace.traceId).length > 1);
      for (const span of scene.collector.spansOf(trace.traceId))
        assert.deepEqual([span.attributes['archestra.outcome'], span.status.code], ['refused_overload', StatusCode.ERROR]);
      const after = await scene.gateway.scrape();
      assert.equal(after.since(before, 'llm_requests_total', { outcome: 'refused_overload' }), 1);
      await until('the log line', () => scene.gateway.linesOf(trace.traceId).length > 0);
      assert.equal(only(scene.gateway.linesOf(trace.traceId), 'log lines').outcome, 'refused_overload');

      // One that waits has the connection as soon as it is free.
      const third = scene.post({ 'x-case': scene.script((own) => own.json200(completion)) }, chatRequest);
      release.resolve();
      assert.equal((await first).status, 200);
      assert.equal((await third).status, 200);
      assert.equal(scene.upstream.connections, 1);
    }));

  test('is a call beyond those that may be in flight', () =>
    withScene({ ARCHESTRA_CALLS_IN_FLIGHT_LIMIT: '1' }, async (scene) => {
      const release = Promise.withResolvers();
      const held = scene.script(async (own) => {
        await release.promise;
        await own.json200(completion);
      });
      const first = scene.post({ 'x-case': held }, chatRequest);
      try {
        await scene.upstream.only(held);
        const before = await scene.gateway.scrape();
        const trace = newTrace();
        const second = await scene.post({ traceparent: trace.traceparent }, chatRequest);
        await assertRefusedOverload(scene, second, trace, before);
        assert.equal((await exchange(scene.gateway.apiPort, 'GET', '/health')).status, 200, 'that is no call');
      } finally {
        release.resolve();
      }
      assert.equal((await first).status, 200);
      const name = scene.script((own) => own.json200(completion));
      assert.equal((await scene.post({ 'x-case': name }, chatRequest)).status, 200, 'there is room again');
    }));

  test('is a call whose body has no room beside the others', () =>
    withScene({ ARCHESTRA_API_BODY_LIMIT: '1000KB', ARCHESTRA_API_BODIES_LIMIT: '1500KB' }, async (scene) => {
      const messages = [{ role: 'user', content: 'x'.repeat(950_000) }];
      const body = Buffer.from(JSON.stringify({ ...chatRequest, messages }));
      const name = scene.script((own) => own.json200(completion));
      const headers = { ...json, 'x-case': name, 'Content-Length': body.length };
      const first = await Client.connect(scene.gateway.apiPort);
      const second = await Client.connect(scene.gateway.apiPort);
      try {
        const before = await scene.gateway.scrape();
        await first.send(requestBytes('POST', chatPath, headers, body.subarray(0, -10)));
        await until('its accounting', async () => (await scene.gateway.scrape()).sum('llm_requests_in_flight') === 1);
        const trace = newTrace();
        const traced = { ...headers, traceparent: trace.traceparent };
        second.send(requestBytes('POST', chatPath, traced, body));
        await assertRefusedOverload(scene, await second.response(), trace, before);
        await first.send(body.subarray(-10));
        assert.equal((await first.response())?.status, 200);
      } finally {
        first.close();
        second.close();
      }
      assert.equal((await scene.post({ 'x-case': name }, body)).status, 200, 'there is room again');
    }));
});

describe('a connection that is one too many', () => {
  /** Runs act() while `count` clients are connected, and known to be. */
  async function withClients(scene, count, act, options) {
    const clients = [];
    try {
      for (let i = 0; i < count; i += 1) {
        const client = await Client.connect(scene.gateway.apiPort, options);
        clients.push(client);
        await client.request('GET', '/health');
        assert.equal((await client.response()).status, 200);
      }
      await act(clients);
    } finally {
      for (const client of clients) client.close();
    }
  }

  const beyond = async (scene, limit) =>
    (await scene.gateway.scrape()).sum('runtime_connections_over_limit_total', { limit });

  /** Asks on a connection of its own; the answer, after which the connection has to end. */
  async function askOnce(scene, method, target, options = {}) {
    const client = await Client.connect(scene.gateway.apiPort, options);
    try {
      await client.request(method, target, options);
      const response = await client.response();
      assert.equal(await within('the end of the connection', client.bytes.over), 'ended');
      assert.equal(response.fields.get('connection'), 'close');
      return response;
    } finally {
      client.close();
    }
  }

  test('is told so in the words of its provider, and may ask how we are', () =>
    withScene({ ARCHESTRA_CONNECTIONS_LIMIT: '2' }, async (scene) => {
      await withClients(scene, 2, async () => {
        const before = await scene.gateway.scrape();
        const trace = newTrace();
        const headers = { ...json, traceparent: trace.traceparent };
        const refused = await askOnce(scene, 'POST', chatPath, { headers, body: JSON.stringify(chatRequest) });
        await assertRefusedOverload(scene, refused, trace, before);
        const other = await askOnce(scene, 'POST', '/v1/anthropic/v1/messages', { headers: json, body: '{}' });
        assert.equal(other.status, 503);
        assert.equal(JSON.parse(other.body).type, 'error');
        assert.equal((await askOnce(scene, 'GET', '/health')).status, 200);
        assert.equal((await askOnce(scene, 'GET', '/ready')).status, 200);
        assert.equal(await beyond(scene, 'total'), 4);
        assert.equal(scene.upstream.heads.length, 0);
      });
      const name = scene.script((own) => own.json200(completion));
      await until('room again', async () => (await scene.post({ 'x-case': name }, chatRequest)).status === 200);
    }));

  test('is one of its address alone, where that has a limit', () =>
    withScene({ ARCHESTRA_CONNECTIONS_PER_ADDRESS_LIMIT: '2' }, (scene) =>
      withClients(
        scene,
        2,
        async () => {
          const options = { headers: json, body: JSON.stringify(chatRequest), from: '127.0.0.5' };
          assert.equal((await askOnce(scene, 'POST', chatPath, options)).status, 503);
          const name = scene.script((own) => own.json200(completion));
          assert.equal((await scene.post({ 'x-case': name }, chatRequest)).status, 200, 'from another address');
          assert.equal(await beyond(scene, 'per_address'), 1);
          assert.equal(await beyond(scene, 'total'), 0);
        },
        { from: '127.0.0.5' },
      ),
    ));

  test('is not waited for', () =>
    withScene({ ARCHESTRA_CONNECTIONS_LIMIT: '1' }, (scene) =>
      withClients(scene, 1, async () => {
        const silent = await Client.connect(scene.gateway.apiPort);
        const slow = await Client.connect(scene.gateway.apiPort);
        await slow.send('GET /health HTTP/1.1\r\n');
        assert.equal(await within('the end of the silent one', silent.bytes.over, 5000), 'ended');
        assert.equal((await slow.response())?.status, 408);
        silent.close();
        slow.close();
      }),
    ));

  test('is reset where too many such wait already', () =>
    withScene({ ARCHESTRA_CONNECTIONS_LIMIT: '1' }, (scene) =>
      withClients(scene, 1, async () => {
        // A reset may come before Node has told of the connection.
        const connect = () => Client.connect(scene.gateway.apiPort).catch(({ code }) => code);
        const waiting = await Promise.all(Array.from({ length: 300 }, connect));
        const isReset = (client) => client === 'ECONNRESET' || client.bytes.state === 'reset';
        try {
          await until('resets', () => waiting.filter(isReset).length >= 300 - 256);
          await until('their count', async () => (await beyond(scene, 'total')) === waiting.length);
        } finally {
          for (const client of waiting) client.close?.();
        }
      }),
    ));
});

describe('a client that says nothing', () => {
  const timeouts = { ARCHESTRA_CLIENT_IDLE_TIMEOUT_MS: '300', ARCHESTRA_CLIENT_HEAD_TIMEOUT_MS: '300' };

  /** Connects, runs act(client), and expects the connection's end soon after the time-out. */
  async function assertClosed(scene, act) {
    const client = await Client.connect(scene.gateway.apiPort);
    try {
      await act(client);
      const since = performance.now();
      assert.equal(await within('the end of the connection', client.bytes.over), 'ended');
      const waited = performance.now() - since;
      assert.ok(waited > 200 && waited < 2000, `closed after ${waited} ms`);
      assert.equal(client.bytes.available, 0, 'without a word');
    } finally {
      client.close();
    }
  }

  test('is closed, from the start or after a request, and leaves no record', () =>
    withScene(timeouts, async (scene) => {
      const before = await scene.gateway.scrape();
      await assertClosed(scene, () => {});
      await assertClosed(scene, async (client) => {
        await client.request('GET', '/health');
        assert.equal((await client.response()).status, 200);
      });
      const after = await scene.gateway.scrape();
      const grown = after.grown(before, 'http_request_duration_seconds_count');
      const routes = grown.map(({ labels, value }) => [labels.route, value]);
      // The record of the /ready that a start waits for may come late.
      assert.deepEqual(routes.filter(([route]) => route !== '/ready'), [['/health', 1]]);
    }));
});
