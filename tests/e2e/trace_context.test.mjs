// W3C Trace Context, in and out: what becomes of the caller's traceparent, tracestate and baggage, and what the flags of
// the spans say of them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { SpanKind } from '../support/collector.mjs';
import { chatRequest, completion } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

let scene;
before(async () => (scene = await Scene.start()));
after(() => scene.stop());

const parentSpanId = '00f067aa0ba902b7';
const traceparentOf = (traceId, flags = '01') => `00-${traceId}-${parentSpanId}-${flags}`;

/** One call with these fields: what the provider got, and the spans of its trace. */
async function call(headers) {
  const name = scene.script((exchange) => exchange.json200(completion));
  await scene.post({ 'x-case': name, ...headers }, chatRequest);
  const { fields } = await scene.upstream.only(name);
  const [sent, ...others] = fields.all('traceparent');
  assert.deepEqual(others, []);
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(sent);
  const spans = () => scene.collector.spansOf(traceId);
  if (parseInt(flags, 16) & 1) await until('its spans', () => spans().length === 2);
  const server = spans().find(({ kind }) => kind === SpanKind.SERVER);
  const client = spans().find(({ kind }) => kind === SpanKind.CLIENT);
  return { fields, traceId, spanId, flags, server, client };
}

const newTraceId = () => randomBytes(16).toString('hex');

describe('a traceparent', () => {
  test('is the parent of the SERVER span, which is that of the CLIENT span, which is that of the provider', async () => {
    const traceId = newTraceId();
    const made = await call({ traceparent: traceparentOf(traceId) });
    assert.equal(made.traceId, traceId);
    assert.equal(made.server.parentSpanId, parentSpanId);
    assert.equal(made.client.parentSpanId, made.server.spanId);
    assert.equal(made.spanId, made.client.spanId);
    assert.notEqual(made.client.spanId, made.server.spanId);
  });

  test('may stand among white space', async () => {
    const traceId = newTraceId();
    assert.equal((await call({ traceparent: ` \t ${traceparentOf(traceId)} \t` })).traceId, traceId);
  });

  test('of a later version counts as far as it is known, and goes on as version 00', async () => {
    const traceId = newTraceId();
    const made = await call({ traceparent: `cc-${traceId}-${parentSpanId}-09-more` });
    assert.equal(made.traceId, traceId);
    assert.equal(made.flags, '01', 'flags that nobody knows are cleared');
  });

  const faults = {
    'in capitals': (traceId) => traceparentOf(traceId).toUpperCase(),
    'of version ff': (traceId) => traceparentOf(traceId).replace('00-', 'ff-'),
    'without a trace id': () => traceparentOf('0'.repeat(32)),
    'without a parent': (traceId) => `00-${traceId}-${'0'.repeat(16)}-01`,
    'with more than version 00 has': (traceId) => `${traceparentOf(traceId)}-00`,
  };
  for (const [fault, wrong] of Object.entries(faults)) {
    test(`${fault} is none, nor is its tracestate`, async () => {
      const traceId = newTraceId();
      const made = await call({ traceparent: wrong(traceId), tracestate: 'vendor=1' });
      assert.notEqual(made.traceId, traceId);
      assert.equal(made.fields.get('tracestate'), undefined);
      assert.equal(made.server.parentSpanId, '');
      assert.equal(made.server.traceState, '');
    });
  }

  test('that occurs twice is none', async () => {
    const [one, other] = [newTraceId(), newTraceId()];
    const made = await call({ traceparent: traceparentOf(one), Traceparent: traceparentOf(other) });
    assert.ok(![one, other].includes(made.traceId));
    assert.equal(made.server.parentSpanId, '');
  });
});

describe('the flags', () => {
  const parentIsRemote = 0x300;
  const parentIsHere = 0x100;

  test('of a trace that began here say that its id is random', async () => {
    const { flags, server, client } = await call({});
    assert.equal(flags, '03');
    assert.equal(server.flags, parentIsHere | 3);
    assert.equal(client.flags, parentIsHere | 3);
  });

  for (const given of ['01', '03']) {
    test(`${given} are kept`, async () => {
      const { flags, server, client } = await call({ traceparent: traceparentOf(newTraceId(), given) });
      assert.equal(flags, given);
      assert.equal(server.flags, parentIsRemote | parseInt(given, 16));
      assert.equal(client.flags, parentIsHere | parseInt(given, 16));
    });
  }

  test('02 are kept too, and leave no span', async () => {
    const made = await call({ traceparent: traceparentOf(newTraceId(), '02') });
    assert.equal(made.flags, '02');
    await call({}); // comes later
    assert.equal(made.server, undefined);
    assert.deepEqual(scene.collector.spansOf(made.traceId), []);
  });
});

describe('a tracestate', () => {
  test('is one list, however many fields it has; on its way it stays as it came', async () => {
    const traceparent = traceparentOf(newTraceId());
    const { fields, server, client } = await call({
      traceparent,
      tracestate: 'a=1 , ,b=2',
      Tracestate: 'c@d=3',
      TRACESTATE: '',
    });
    assert.deepEqual(fields.all('tracestate'), ['a=1 , ,b=2', 'c@d=3', '']);
    for (const span of [server, client]) assert.equal(span.traceState, 'a=1,b=2,c@d=3');
  });

  test('that breaks the grammar goes nowhere, and its traceparent is kept', async () => {
    const traceId = newTraceId();
    const made = await call({ traceparent: traceparentOf(traceId), tracestate: 'a=1', Tracestate: 'B=2' });
    assert.equal(made.traceId, traceId);
    assert.equal(made.fields.get('tracestate'), undefined);
    assert.equal(made.server.traceState, '');
  });

  test('that is long loses whole members in spans, large ones first', async () => {
    const large = `large=${'x'.repeat(200)}`;
    const rest = Array.from({ length: 5 }, (_, i) => `k${i}=${'y'.repeat(90)}`).join(',');
    const { fields, server } = await call({
      traceparent: traceparentOf(newTraceId()),
      tracestate: `${large},${rest}`,
    });
    assert.equal(fields.get('tracestate'), `${large},${rest}`);
    assert.equal(server.traceState, rest);
  });
});

test('baggage is not for the provider', async () => {
  const { fields } = await call({ traceparent: traceparentOf(newTraceId()), baggage: 'user=alice', Baggage: 'b=2' });
  assert.equal(fields.get('baggage'), undefined);
});
