// Every way an upstream can go wrong, beyond those that stand for the outcomes themselves (outcome_table.test.mjs): what the
// client gets, that the upstream is let go, and that exactly one record with the right outcome is left of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertBroken, assertGatewayError } from '../support/answers.mjs';
import { Client } from '../support/client.mjs';
import {
  chatRequest,
  completion,
  errorBody,
  event,
  events,
  streamRequest,
  streamRequestWithUsage,
  wholeStream,
  words,
} from '../support/openai_chat.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

const timeouts = {
  ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '800',
  ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS: '800',
};
const json = { 'Content-Type': 'application/json' };
const jsonText = JSON.stringify(completion);

let scene;
before(async () => (scene = await Scene.start({ env: timeouts })));
after(() => scene.stop());

/** Makes one call whose upstream is scripted; {result, record}. */
function call(body, upstream) {
  return scene.observe((headers) => scene.post(headers, body), { upstream });
}

describe('completed', () => {
  test('dribbled byte by byte, each within the idle time', async () => {
    const text = [events.role, events.word('slow'), events.stop, events.done].join('');
    const { result, record } = await call(streamRequest, async (exchange) => {
      await exchange.streamHead();
      for (const byte of Buffer.from(text)) {
        await exchange.chunk(Buffer.of(byte));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await exchange.lastChunk();
    });
    assert.equal(result.body.toString(), text);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  });

  test('a stream that ends with its connection', async () => {
    const { result, record } = await call(streamRequest, async (exchange) => {
      await exchange.head(200, { 'Content-Type': 'text/event-stream', Connection: 'close' });
      await exchange.send(wholeStream.join(''));
      exchange.end();
    });
    assert.equal(result.end, 'complete');
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  });

  test('after an interim response', async () => {
    const { result, record } = await call(chatRequest, async (exchange) => {
      await exchange.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      await exchange.json200(completion);
    });
    assert.equal(result.status, 200);
    assert.equal(result.body.toString(), jsonText);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  });
});

describe('upstream_error', () => {
  test('500 that is no JSON passes through untouched, also of a stream', async () => {
    const body = '<html>oops</html>';
    const { result, record } = await call(streamRequest, (exchange) =>
      exchange.respond(500, { 'Content-Type': 'text/html' }, body),
    );
    assert.equal(result.status, 500);
    assert.equal(result.body.toString(), body);
    assert.equal(result.fields.get('content-type'), 'text/html');
    record.assertOutcome({ outcome: 'upstream_error', tryStatus: '500', errorType: '500' });
  });

  test('a model the provider does not accept is no label', async () => {
    const body = errorBody('invalid_request_error', 'No such model.', 'model_not_found');
    const { record } = await call({ ...chatRequest, model: 'made-up-by-a-client' }, (exchange) =>
      exchange.respond(404, json, body),
    );
    assert.equal(record.requests.labels.model, 'unknown');
    assert.equal(record.client.attributes['llm.model'], 'made-up-by-a-client');
  });
});

describe('upstream_timeout', () => {
  test('stops in the middle of its head', async () => {
    const { result, record } = await call(chatRequest, async (exchange) => {
      await exchange.send('HTTP/1.1 200 OK\r\nContent-');
      await exchange.closed;
    });
    assertGatewayError(result, 504, 'first_byte_timeout');
    record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '0', errorType: 'first_byte_timeout' });
  });

  for (const [usage, request] of Object.entries({ 'not asked': streamRequest, asked: streamRequestWithUsage })) {
    test(`stalls in the middle of an event, usage ${usage} for`, async () => {
      const sent = events.role + events.word('half').slice(0, 20);
      const { result, record } = await call(request, async (exchange) => {
        await exchange.streamHead();
        await exchange.chunk(sent);
        await exchange.closed;
      });
      assertBroken(result, sent);
      record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '200', errorType: 'idle_timeout' });
    });
  }

  test('stalls in the middle of a JSON body', async () => {
    const { result, record } = await call(chatRequest, async (exchange) => {
      await exchange.head(200, { ...json, 'Content-Length': jsonText.length });
      await exchange.send(jsonText.slice(0, 10));
      await exchange.closed;
    });
    assertBroken(result, jsonText.slice(0, 10));
    record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '200', errorType: 'idle_timeout' });
  });
});

describe('upstream_truncated', () => {
  const beforeHead = {
    'closes without a word': (exchange) => exchange.end(),
    'resets without a word': (exchange) => exchange.reset(),
    'closes in the middle of its head': async (exchange) => {
      await exchange.send('HTTP/1.1 200 OK\r\nContent-Type: appl');
      exchange.end();
    },
  };
  for (const [name, upstream] of Object.entries(beforeHead)) {
    test(name, async () => {
      const { result, record } = await call(chatRequest, upstream);
      assertGatewayError(result, 502, 'upstream_truncated');
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_truncated' });
      assert.equal(record.httpLabels.status_code, '502');
    });
  }

  const malformed = {
    'is no HTTP': '\x16\x03\x01\x00\x02garbage\r\n\r\n',
    'has a bad status line': 'HTTP/1.1 abc Huh\r\nContent-Length: 0\r\n\r\n',
    'has both framings': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'has two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
    'is nothing but interim responses': 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100),
    'has no number for a length': 'HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc',
  };
  for (const [name, bytes] of Object.entries(malformed)) {
    test(`answers with what ${name}`, async () => {
      const { result, record } = await call(chatRequest, async (exchange) => {
        await exchange.send(Buffer.from(bytes, 'latin1'));
        exchange.end();
      });
      assertGatewayError(result, 502, 'upstream_malformed');
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_malformed' });
    });
  }

  const part = events.role + words(3).join('');
  const inStream = {
    'closes in mid-stream': { finish: (exchange) => exchange.end(), errorType: 'upstream_truncated' },
    'resets in mid-stream': { finish: (exchange) => exchange.reset(), errorType: 'upstream_truncated' },
    'closes in the middle of a chunk': {
      finish: async (exchange) => {
        await exchange.send('ff\r\n');
        exchange.end();
      },
      errorType: 'upstream_truncated',
    },
    'frames its chunks wrongly': {
      finish: async (exchange) => {
        await exchange.send('this is no chunk\r\n');
        await exchange.closed;
      },
      errorType: 'upstream_malformed',
    },
  };
  for (const [name, { finish, errorType }] of Object.entries(inStream)) {
    test(name, async () => {
      const delivered = Promise.withResolvers();
      const upstream = async (exchange) => {
        await exchange.streamHead();
        await exchange.chunk(part);
        await delivered.promise; // a reset may destroy what is still on its way
        await finish(exchange);
      };
      const { result, record } = await scene.observe(
        async (headers) => {
          const client = await Client.connect(scene.gateway.apiPort);
          await client.request('POST', chatPath, { headers: { ...json, ...headers }, body: JSON.stringify(streamRequest) });
          const head = await client.head();
          await until('the first events', () => client.bytes.available >= part.length);
          delivered.resolve();
          return { ...head, ...(await client.body(head)) };
        },
        { upstream },
      );
      assertBroken(result, part);
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType });
    });
  }

  test('announces more than it has', async () => {
    const { result, record } = await call(chatRequest, async (exchange) => {
      await exchange.head(200, { ...json, 'Content-Length': jsonText.length + 10 });
      await exchange.send(jsonText);
      exchange.end();
    });
    assertBroken(result, jsonText);
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
    assert.equal(record.growth('llm_undelivered_tokens_total'), 7, 'a document that breaks off is of no use');
    assert.equal(record.log.undelivered_tokens, 7);
  });
});

describe('the usage of a stream that breaks off', () => {
  const withUsage = (output) =>
    event({
      choices: [{ index: 0, delta: { content: 'a' } }],
      usage: { prompt_tokens: 11, completion_tokens: output, total_tokens: 11 + output },
    });
  const cases = {
    'is an estimate, where each chunk had told of it': { sent: [withUsage(4), withUsage(8)], expected: { input: 11, output: 8 } },
    'is an estimate, where an event had been too long to be read': {
      sent: [events.word('a'), events.word('x'.repeat(1_100_000)), events.word('b')],
      expected: { input: 0, output: 2 },
    },
  };
  for (const [name, { sent, expected }] of Object.entries(cases)) {
    test(name, async () => {
      const { record } = await call(streamRequest, async (exchange) => {
        await exchange.streamHead();
        for (const each of sent) await exchange.chunk(each);
        exchange.end();
      });
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
      assert.equal(record.log.usage_provenance, 'estimate');
      assert.deepEqual(record.tokens, { input: 0, output: 0 });
      for (const [type, count] of Object.entries(expected))
        assert.equal(record.growth('llm_estimated_tokens_total', { type }), count, type);
    });
  }

  test('is the provider\'s, where each chunk told of it and the stream ended', async () => {
    const { record } = await call(streamRequest, async (exchange) => {
      await exchange.streamHead();
      for (const each of [withUsage(4), withUsage(8), events.stop, events.done]) await exchange.chunk(each);
      await exchange.lastChunk();
    });
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.deepEqual(record.tokens, { input: 11, output: 8 });
  });
});

describe('what an upstream says too much', () => {
  const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  const cases = {
    'a body longer than announced': jsonText,
    'a second response': jsonText + poison,
  };
  for (const [name, bytes] of Object.entries(cases)) {
    test(`${name} never reaches another client`, async () => {
      const announced = name.startsWith('a body') ? jsonText.length - 5 : jsonText.length;
      const { result } = await call(chatRequest, (exchange) =>
        exchange.send(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${announced}\r\n\r\n${bytes}`),
      );
      assert.equal(result.status, 200);
      assert.equal(result.body.toString(), jsonText.slice(0, announced));
      for (let i = 0; i < 8; i += 1) {
        const own = JSON.stringify({ ...completion, id: `own-${i}` });
        const next = await call(chatRequest, (exchange) => exchange.respond(200, json, own));
        assert.equal(next.result.body.toString(), own);
        next.record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      }
    });
  }
});
