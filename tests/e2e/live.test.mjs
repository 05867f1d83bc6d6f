// /api/live: each second's figures as server-sent events, for as many as may watch, at no cost to anybody else.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client, exchange } from '../support/client.mjs';
import { Gateway, adminToken } from '../support/gateway.mjs';
import { completion, chatRequest } from '../support/openai_chat.mjs';
import { Scene, newTrace, only } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';

const bearer = { Authorization: `Bearer ${adminToken}` };
const kStreamsMax = 64;

/** A reader of /api/live: what came so far, event by event. */
class Watcher {
  events = [];
  /** How the stream ended, once it has: 'complete' with its last chunk, else 'cut'. */
  ended;
  client;
  head;

  static async start(gateway, { headers = {} } = {}) {
    const watcher = new Watcher();
    watcher.client = await Client.connect(gateway.apiPort);
    await watcher.client.request('GET', '/api/live', { headers: { ...bearer, ...headers } });
    watcher.head = await watcher.client.head();
    if (watcher.head.status === 200) watcher.ended = watcher.#read();
    return watcher;
  }

  /** The next events until `count` of a name are there. */
  async until(name, count) {
    await until(`${count} events ${name}`, () => this.of(name).length >= count);
    return this.of(name);
  }

  of(name) {
    return this.events.filter((event) => event.name === name);
  }

  async #read() {
    let text = '';
    for (;;) {
      const size = await this.client.bytes.line();
      if (size === null) return 'cut';
      const length = parseInt(size, 16);
      const content = await this.client.bytes.exactly(length);
      if (content.length < length || (await this.client.bytes.line()) === null) return 'cut';
      if (length === 0) return 'complete';
      text += content.toString('utf8');
      assert.ok(text.endsWith('\n\n'), 'a chunk is whole events');
      for (const event of text.slice(0, -2).split('\n\n')) this.#take(event);
      text = '';
    }
  }

  #take(event) {
    const fields = event.split('\n').map((line) => /^(\w+): (.*)$/.exec(line).slice(1));
    const { event: name, data } = Object.fromEntries(fields);
    this.events.push({ name, data: JSON.parse(data), at: Date.now() });
  }
}

let scene;
let gateway;
before(async () => {
  scene = await Scene.start();
  gateway = scene.gateway;
});
after(() => scene.stop());

const streamsOf = async () => (await gateway.scrape()).sum('http_request_duration_seconds_count', { route: '/api/live' });

describe('who watches', () => {
  test('sees a call within a second and a half, and each second once', async () => {
    const watcher = await Watcher.start(gateway);
    const { status, fields } = watcher.head;
    assert.deepEqual(
      [status, fields.get('content-type'), fields.get('cache-control'), fields.get('transfer-encoding')],
      [200, 'text/event-stream', 'no-store', 'chunked'],
    );
    await watcher.until('second', 1);
    const called = Date.now();
    const name = scene.script(async (upstream) => upstream.json200(completion));
    await scene.post({ 'x-case': name, traceparent: newTrace().traceparent }, chatRequest);
    const seen = await until('the call', () => watcher.of('second').find(({ data }) => data.calls > 0));
    assert.ok(seen.at - called < 2500, `after ${seen.at - called} ms`); // a second, and what a busy machine adds
    assert.deepEqual(
      [seen.data.calls, seen.data.errors, seen.data.inputTokens, seen.data.outputTokens, seen.data.blockedToolCalls],
      [1, 0, 11, 7, 0],
    );
    assert.ok(seen.data.latency.p50 > 0 && seen.data.gateway.p99 > 0);
    assert.equal(seen.data.timeToFirstToken, null);
    assert.ok(Math.abs(seen.data.time * 1000 - called) < 3000);
    await watcher.until('second', 2);
    const second = await Watcher.start(gateway);
    await second.until('second', 1);
    const times = (reader) => [...only(reader.of('history'), 'histories').data.seconds, ...reader.of('second').map(({ data }) => data)].map(({ time }) => time);
    for (const reader of [watcher, second]) {
      const all = times(reader);
      all.forEach((time, index) => assert.equal(time, all[0] + index, `in a row: ${all}`));
    }
    const [history] = second.of('history');
    assert.equal(history.data.seconds.filter(({ calls }) => calls > 0).length, 1, 'the call is in the history');
    assert.ok(history.data.seconds.length <= 120);
    assert.equal(second.events[0], history, 'first');
    for (const { client } of [watcher, second]) client.close();
  });

  test('sees how many calls are in flight', async () => {
    let release;
    const released = new Promise((settle) => (release = settle));
    const name = scene.script(async (upstream) => {
      await released;
      await upstream.json200(completion);
    });
    const watcher = await Watcher.start(gateway);
    const call = scene.post({ 'x-case': name, traceparent: newTrace().traceparent }, chatRequest);
    await until('one in flight', () => watcher.of('second').some(({ data }) => data.inFlight === 1));
    release();
    await call;
    await until('none in flight', () => watcher.of('second').at(-1).data.inFlight === 0);
    watcher.client.close();
  });

  test('is recorded once it has left', async () => {
    const before = await streamsOf();
    const watcher = await Watcher.start(gateway);
    await watcher.until('history', 1);
    assert.equal(await streamsOf(), before);
    watcher.client.halfClose();
    await until('the record', async () => (await streamsOf()) === before + 1);
    const labels = (await gateway.scrape()).samples('http_request_duration_seconds_count', { route: '/api/live' }).map((sample) => sample.labels.status_code);
    assert.ok(!labels.includes('499'), 'what has no end cannot be left too early');
  });

  test('gets the head alone for HEAD', async () => {
    const response = await exchange(gateway.apiPort, 'HEAD', '/api/live', { headers: bearer });
    assert.deepEqual([response.status, response.fields.get('content-type'), response.body.length], [200, 'text/event-stream', 0]);
  });

  test('is one of 64', async () => {
    await until('no other', async () => (await gateway.scrape()).sum('runtime_active_requests', { type: 'api_request' }) === 0);
    const watchers = await Promise.all(Array.from({ length: kStreamsMax }, () => Watcher.start(gateway)));
    assert.deepEqual([...new Set(watchers.map(({ head }) => head.status))], [200]);
    const surplus = await Watcher.start(gateway);
    assert.equal(surplus.head.status, 503);
    assert.equal(surplus.head.fields.get('retry-after'), '10');
    surplus.client.close();
    await Promise.all(watchers.map((watcher) => watcher.until('second', 1)));
    watchers[0].client.close();
    await until('a place', async () => {
      const next = await Watcher.start(gateway);
      next.client.close();
      return next.head.status === 200;
    });
    for (const { client } of watchers) client.close();
  });

  test('and takes nothing holds up nobody', async () => {
    const slow = await Watcher.start(gateway);
    slow.client.bytes.pause();
    const quick = await Watcher.start(gateway);
    await quick.until('second', 2);
    slow.client.bytes.resume();
    await slow.until('second', 1);
    for (const { client } of [slow, quick]) client.close();
  });
});

test('a drain does not wait for who watches', async () => {
  const own = await Gateway.start({ env: { ARCHESTRA_DRAIN_TIMEOUT_MS: '60000' } });
  const watchers = await Promise.all(Array.from({ length: 5 }, () => Watcher.start(own)));
  const old = await Client.connect(own.apiPort);
  await old.send(`GET /api/live HTTP/1.0\r\nHost: x\r\nAuthorization: ${bearer.Authorization}\r\n\r\n`);
  assert.equal((await old.head()).fields.get('transfer-encoding'), undefined);
  await Promise.all(watchers.map((watcher) => watcher.until('history', 1)));
  const began = performance.now();
  const stopped = own.stop();
  for (const watcher of watchers) assert.equal(await within('the end', watcher.ended), 'complete');
  const ended = performance.now() - began;
  assert.ok(ended < 2000, `the streams ended after ${ended} ms`);
  await stopped;
  assert.ok(performance.now() - began < 10_000, `the gateway ended after ${performance.now() - began} ms`);
  old.close();
});
