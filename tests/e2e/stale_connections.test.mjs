// Connections that the provider ends while they are unused, or just when they are used again: what is safe to send twice is
// sent twice, and nothing else is (docs/decisions/0007-stale-connections.md).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { assertGatewayError } from '../support/answers.mjs';
import { exchange } from '../support/client.mjs';
import { chatRequest, completion } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { Upstream } from '../support/upstream.mjs';

const json = { 'Content-Type': 'application/json' };
const ways = { 'its end': (own) => own.end(), 'a reset': (own) => own.reset() };

describe('on a connection that was used before', () => {
  let scene;
  before(async () => (scene = await Scene.start({ env: { ARCHESTRA_THREADS: '1' } })));
  after(() => scene.stop());

  /** A connection lies in the pool. */
  async function warmUp() {
    const { result } = await scene.observe((headers) => scene.post(headers, chatRequest), {
      upstream: (own) => own.json200(completion),
    });
    assert.equal(result.status, 200);
    return scene.upstream.exchanges.at(-1).connection;
  }

  /** One call whose first request is met by act(own) and whose second one is answered. */
  async function meet(method, act) {
    const warm = await warmUp();
    let requests = 0;
    const seen = [];
    const upstream = async (own) => {
      requests += 1;
      seen.push(own);
      await (requests === 1 ? act(own) : own.json200(completion));
    };
    const send = (headers) =>
      method === 'POST'
        ? scene.post(headers, chatRequest)
        : exchange(scene.gateway.apiPort, method, '/v1/openai/models', { headers });
    const { result, record } = await scene.observe(send, { upstream });
    assert.equal(seen[0].connection, warm, 'it was not sent on the connection of before');
    return { result, record, seen };
  }

  for (const [what, act] of Object.entries(ways)) {
    test(`${what} instead of an answer: a GET is sent again, in the same try`, async () => {
      const { result, record, seen } = await meet('GET', act);
      assert.equal(result.status, 200);
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assert.equal(seen.length, 2);
      assert.notEqual(seen[1].connection, seen[0].connection);
      assert.equal(seen[1].fields.get('traceparent'), seen[0].fields.get('traceparent'));
    });

    test(`${what} instead of an answer: a POST that had arrived is not`, async () => {
      const { result, record, seen } = await meet('POST', act);
      assertGatewayError(result, 502, 'upstream_truncated');
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_truncated' });
      assert.equal(seen.length, 1);
    });
  }

  test('nor is a GET whose answer had begun', async () => {
    const { result, seen } = await meet('GET', async (own) => {
      await own.send('HTTP/1.1 200 OK\r\nContent-Type: appl');
      own.end();
    });
    assertGatewayError(result, 502, 'upstream_truncated');
    assert.equal(seen.length, 1);
  });

  test('nor one that got an interim answer', async () => {
    const { result, seen } = await meet('GET', async (own) => {
      await own.send('HTTP/1.1 103 Early Hints\r\n\r\n');
      own.end();
    });
    assertGatewayError(result, 502, 'upstream_truncated');
    assert.equal(seen.length, 1);
  });

  test('nor is anything sent a third time', async () => {
    await warmUp();
    let requests = 0;
    const { result } = await scene.observe(
      (headers) => exchange(scene.gateway.apiPort, 'GET', '/v1/openai/models', { headers }),
      { upstream: (own) => (requests += 1, own.end()) },
    );
    assertGatewayError(result, 502, 'upstream_truncated');
    assert.equal(requests, 2);
  });
});

test('a connection is let go before the time that the provider names', async () => {
  const scene = await Scene.start({ env: { ARCHESTRA_THREADS: '1' } });
  try {
    const upstream = (own) => own.respond(200, { ...json, 'Keep-Alive': 'timeout=2' }, JSON.stringify(completion));
    await scene.observe((headers) => scene.post(headers, chatRequest), { upstream });
    const { closed } = scene.upstream.exchanges[0];
    const began = performance.now();
    await closed;
    const kept = performance.now() - began;
    assert.ok(kept > 500 && kept < 1800, `kept for ${kept} ms`);
  } finally {
    await scene.stop();
  }
});

test('connections that end at any moment: no call is carried out twice, and those that were not at all say so', async () => {
  const scene = await Scene.start({ env: { ARCHESTRA_THREADS: '1' } });
  const done = new Map(); // by the call's number
  scene.upstream.on('brief', async (own) => {
    const call = own.fields.get('x-call');
    done.set(call, (done.get(call) ?? 0) + 1);
    await own.json200(completion);
    setTimeout(() => own.close(), Math.random() * 3);
  });
  try {
    const worker = async (name) => {
      const statuses = [];
      for (let i = 0; i < 150; i += 1) {
        const { status } = await scene.post({ 'x-case': 'brief', 'x-call': `${name}-${i}` }, chatRequest);
        statuses.push({ call: `${name}-${i}`, status });
        await sleep(Math.random() * 3);
      }
      return statuses;
    };
    const all = (await Promise.all(['a', 'b', 'c'].map(worker))).flat();
    for (const { call, status } of all) {
      assert.ok(status === 200 || status === 502, `${status}`);
      assert.equal(done.get(call) ?? 0, status === 200 ? 1 : 0, `call ${call}, answered ${status}`);
    }
    // Here the request has mostly reached the kernel of a provider that closes without reading it: a reset, which proves
    // nothing.
    const completed = all.filter(({ status }) => status === 200).length;
    assert.ok(completed > all.length / 2, `${completed} of ${all.length} calls completed`);
  } finally {
    await scene.stop();
  }
});

test('a provider that comes and goes: every call has its outcome, and traffic recovers by itself', async () => {
  let port;
  const start = async () => {
    const upstream = await Upstream.start({ port });
    port = upstream.port;
    upstream.on('any', (own) => own.json200(completion));
    return upstream;
  };
  let upstream = await start();
  const scene = await Scene.start({ openaiBaseUrl: upstream.baseUrl() });
  try {
    const before = await scene.gateway.scrape();
    const statuses = [];
    let over = false;
    const worker = async () => {
      while (!over) {
        const { status, fields } = await scene.post({ 'x-case': 'any' }, chatRequest);
        statuses.push(`${status} ${fields.get('x-archestra-error') ?? ''}`.trim());
        await sleep(2);
      }
    };
    const workers = [worker(), worker(), worker(), worker()];
    for (let i = 0; i < 5; i += 1) {
      await sleep(150);
      await upstream.stop();
      await sleep(150);
      upstream = await start();
      // At once, and all of them: nothing remembers that it was away.
      const { status } = await scene.post({ 'x-case': 'any' }, chatRequest);
      statuses.push(`${status}`);
      assert.equal(status, 200);
    }
    over = true;
    await Promise.all(workers);
    const counts = Object.groupBy(statuses, (status) => status);
    assert.deepEqual(
      Object.keys(counts).filter((key) => !['200', '502 connection_refused', '502 upstream_truncated'].includes(key)),
      [],
    );
    assert.ok(counts['200'].length > 10 && counts['502 connection_refused'].length > 10);
    const after = await scene.gateway.scrape();
    const counted = (outcome) => after.since(before, 'llm_requests_total', { outcome });
    assert.equal(counted('completed'), counts['200'].length);
    assert.equal(counted('upstream_unreachable'), counts['502 connection_refused'].length);
    assert.equal(counted('upstream_truncated'), counts['502 upstream_truncated']?.length ?? 0);
    assert.equal(after.since(before, 'llm_requests_total'), statuses.length);
    assert.equal(after.sum('llm_requests_in_flight'), 0);
  } finally {
    await scene.stop();
    await upstream.stop();
  }
});
