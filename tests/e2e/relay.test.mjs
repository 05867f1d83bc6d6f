// Answers on their way to the client: large, oddly ended, broken off, to a client that is slow.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Client, exchange } from '../support/client.mjs';
import {
  chatRequest,
  completion,
  errorBody,
  events,
  streamRequest,
  streamRequestWithUsage,
  wholeStream,
} from '../support/openai_chat.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { within } from '../support/until.mjs';
import { chunk } from '../support/upstream.mjs';

const json = { 'Content-Type': 'application/json' };
const jsonText = JSON.stringify(completion);

let scene;
before(async () => (scene = await Scene.start()));
after(() => scene?.stop());

/** Makes one call whose upstream is scripted; {result, record}. */
function call(body, upstream) {
  return scene.observe((headers) => scene.post(headers, body), { upstream });
}

/** The modes in which a stream is relayed: with events that may be dropped, and only looked at. */
const streams = { 'that the gateway asked for usage': streamRequest, 'that is only read': streamRequestWithUsage };

test('a JSON answer beyond the bound of what is read arrives whole, and its usage is not known', async () => {
  const filler = randomBytes(1 << 20).toString('base64');
  const big = Buffer.from(JSON.stringify({ ...completion, filler: Array(29).fill(filler) }));
  assert.ok(big.length > 40e6);
  const { result, record } = await call(chatRequest, (own) => own.respond(200, json, big));
  assert.equal(result.end, 'complete');
  assert.ok(result.body.equals(big));
  record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  assert.equal(record.log.usage_provenance, 'unknown');
  assert.deepEqual(record.tokens, { input: 0, output: 0 });
  assert.equal((await exchange(scene.gateway.apiPort, 'GET', '/health')).status, 200);
});

describe('a stream', () => {
  for (const [mode, request] of Object.entries(streams)) {
    test(`${mode} arrives whole where its last event has no end, and the last chunk comes alone`, async () => {
      const unfinished = 'data: [DONE]\n';
      const { result } = await call(request, async (own) => {
        await own.streamHead();
        await own.chunk(events.role + events.word('one') + events.stop);
        await own.chunk(unfinished);
        await own.allArrived();
        await own.lastChunk();
      });
      assert.equal(result.end, 'complete');
      assert.equal(result.body.toString(), events.role + events.word('one') + events.stop + unfinished);
    });

    test(`${mode} is one with any way to write its media type`, async () => {
      for (const type of ['text/event-stream ;charset=utf-8', 'Text/Event-Stream', 'text/event-stream; charset=utf-8']) {
        const { result, record } = await call(request, async (own) => {
          await own.streamHead({ 'Content-Type': type });
          for (const event of wholeStream) await own.chunk(event);
          await own.lastChunk();
        });
        assert.equal(result.body.includes('"prompt_tokens"'), request === streamRequestWithUsage, type);
        record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
        assert.deepEqual(record.tokens, { input: 11, output: 7 }, type);
      }
    });

    for (const [how, leave] of Object.entries({ resets: (own) => own.reset(), closes: (own) => own.end() })) {
      test(`${mode} reaches a slow client as far as it came when the provider ${how}`, async () => {
        const block = events.word('x'.repeat(16_000)).repeat(4);
        const blocks = 192; // 12 MB, more than the kernel keeps for the client
        const { result, record } = await scene.observe(readSlowly(request), {
          upstream: async (own) => {
            await own.streamHead();
            for (let i = 0; i < blocks; i += 1) await own.send(chunk(block));
            await own.allArrived();
            leave(own);
          },
        });
        assert.notEqual(result.end, 'complete');
        assert.equal(result.body.length, blocks * block.length);
        assert.ok(result.body.equals(Buffer.from(block.repeat(blocks))));
        record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
      });
    }
  }
});

/** A client that reads only every few milliseconds; its kernel takes little meanwhile. */
function readSlowly(request) {
  return async (headers) => {
    const client = await Client.connect(scene.gateway.apiPort);
    const pulse = setInterval(() => {
      client.bytes.resume();
      setImmediate(() => client.bytes.pause());
    }, 2);
    try {
      await client.request('POST', chatPath, { headers: { ...json, ...headers }, body: JSON.stringify(request) });
      const head = await client.head();
      return { ...head, ...(await client.body(head)) };
    } finally {
      clearInterval(pulse);
      client.close();
    }
  };
}

test('the gateway\'s own field of errors is never the provider\'s', async () => {
  for (const status of [200, 429]) {
    const body = status === 200 ? jsonText : errorBody('requests', 'Slow down.');
    const { result } = await call(chatRequest, (own) =>
      own.respond(status, { ...json, 'x-archestra-error': 'forged', 'X-Archestra-More': '1', 'x-kept': '1' }, body),
    );
    assert.equal(result.status, status);
    assert.equal(result.fields.get('x-archestra-error'), undefined);
    assert.equal(result.fields.get('x-archestra-more'), undefined);
    assert.equal(result.fields.get('x-kept'), '1');
  }
});

// HTTP/1.0 has no chunks: only how the connection ends tells whether all has come.
describe('a stream that broke off ends with a reset for a client of HTTP/1.0', () => {
  for (const [name, behind] of Object.entries({ 'as it is': '', 'also with something unread behind its request': '\r\n' })) {
    test(name, async () => {
      const part = events.role;
      const { record } = await scene.observe(
        async (headers) => {
          const client = await Client.connect(scene.gateway.apiPort);
          const body = JSON.stringify(streamRequest);
          const fields = { ...json, ...headers, 'Content-Length': body.length };
          const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}\r\n`);
          await client.send(`POST ${chatPath} HTTP/1.0\r\n${lines.join('')}\r\n${body}${behind}`);
          const ended = await within('the end of the connection', client.bytes.over);
          client.close();
          assert.equal(ended, 'reset');
        },
        {
          upstream: async (own) => {
            await own.streamHead();
            await own.chunk(part);
            own.reset();
          },
        },
      );
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
    });
  }
});

describe('a response head', () => {
  const bad = {
    'that is too large': `HTTP/1.1 200 OK\r\n${`x-long: ${'x'.repeat(8000)}\r\n`.repeat(20)}\r\n`,
    'with too many fields': `HTTP/1.1 200 OK\r\n${'x-many: 1\r\n'.repeat(1000)}\r\n`,
    'that changes the protocol': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n',
  };
  for (const [name, bytes] of Object.entries(bad)) {
    test(`${name} is 502`, async () => {
      const { result, record } = await call(chatRequest, async (own) => {
        await own.send(bytes);
        await own.closed;
      });
      assert.equal(result.status, 502);
      assert.equal(result.fields.get('x-archestra-error'), 'upstream_malformed');
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_malformed' });
    });
  }
});

test('a client that takes nothing for too long has left', async () => {
  const own = await Scene.start({ env: { ARCHESTRA_CLIENT_SEND_TIMEOUT_MS: '300' } });
  let client;
  try {
    const block = events.word('x'.repeat(16_000)).repeat(8);
    const { record } = await own.observe(
      async (headers) => {
        client = await Client.connect(own.gateway.apiPort);
        await client.request('POST', chatPath, { headers: { ...json, ...headers }, body: JSON.stringify(streamRequest) });
        await client.head();
        client.bytes.pause();
        const { closed } = await own.upstream.only(headers['x-case']);
        await within('the end of the upstream exchange', closed);
      },
      {
        upstream: async (exchanged) => {
          await exchanged.streamHead();
          while (exchanged.closedAt === null && (await exchanged.chunk(block)));
        },
      },
    );
    record.assertOutcome({ outcome: 'client_cancelled', tryStatus: '200' });
    const heldMs = Number(record.server.end - record.client.end) / 1e6;
    assert.ok(heldMs < 250, `the upstream was held, paused, until the client was given up, and not ${heldMs} ms less`);
  } finally {
    client?.close();
    await own.stop();
  }
});
