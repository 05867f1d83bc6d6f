// Every way a call can go wrong: what the client gets, that the upstream is let go, and that exactly one record with the
// right outcome is left of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client, requestBytes } from '../support/client.mjs';
import { StatusCode } from '../support/collector.mjs';
import { refusingPort, silentPort } from '../support/dead_ends.mjs';
import {
  chatRequest,
  completion,
  errorBody,
  events,
  streamRequest,
  streamRequestWithUsage,
  wholeStream,
  words,
} from '../support/openai_chat.mjs';
import { Scene, chatPath, newTrace } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';

const timeouts = {
  ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: '800',
  ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '800',
  ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS: '800',
  ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS: '4000',
};
const json = { 'Content-Type': 'application/json' };
const jsonText = JSON.stringify(completion);
const cancelledWithinMs = 1000;

let scene;
before(async () => (scene = await Scene.start({ env: timeouts })));
after(() => scene.stop());

/** Makes one call whose upstream is scripted; {result, record}. */
function call(body, upstream) {
  return scene.observe((headers) => scene.post(headers, body), { upstream });
}

/** The gateway answered instead of the provider: in OpenAI's shape, and saying so. */
function assertGatewayError(response, status, code) {
  assert.equal(response.status, status);
  assert.equal(response.end, 'complete');
  assert.equal(response.fields.get('x-archestra-error'), code);
  assert.match(response.fields.get('content-type'), /^application\/json/);
  const { error } = JSON.parse(response.body);
  assert.equal(typeof error.message, 'string');
  assert.equal(typeof error.type, 'string');
  assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type']);
}

/** The provider's answer began and could not be finished: the client must not take it for whole. */
function assertBroken(response, received) {
  assert.equal(response.status, 200);
  assert.notEqual(response.end, 'complete');
  assert.equal(response.body.toString(), received);
}

describe('completed', () => {
  test('JSON', async () => {
    const { result, record } = await call(chatRequest, (exchange) => exchange.json200(completion));
    assert.equal(result.body.toString(), jsonText);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
    assert.equal(record.httpLabels.status_code, '200');
  });

  test('stream', async () => {
    const { result, record } = await call(streamRequest, (exchange) => streamOf(exchange, wholeStream));
    const expected = wholeStream.filter((event) => event !== events.usage).join('');
    assert.equal(result.body.toString(), expected);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
    assert.equal(record.growth('llm_time_to_first_token_seconds_count'), 1);
  });

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
  test('429 passes through untouched', async () => {
    const body = errorBody('requests', 'Rate limit reached.', 'rate_limit_exceeded');
    const fields = { ...json, 'Retry-After': '7', 'x-ratelimit-remaining-tokens': '0' };
    const { result, record } = await call(chatRequest, (exchange) => exchange.respond(429, fields, body));
    assert.equal(result.status, 429);
    assert.equal(result.body.toString(), body);
    for (const [name, value] of Object.entries(fields)) assert.equal(result.fields.get(name), value);
    assert.equal(result.fields.get('x-archestra-error'), undefined);
    record.assertOutcome({ outcome: 'upstream_error', tryStatus: '429', errorType: '429' });
    assert.deepEqual(record.tokens, { input: 0, output: 0 });
  });

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

  test('an error event inside a 200 stream', async () => {
    const sent = [events.role, ...words(3), events.error];
    const { result, record } = await call(streamRequest, (exchange) => streamOf(exchange, sent));
    assert.equal(result.body.toString(), sent.join(''));
    record.assertOutcome({ outcome: 'upstream_error', tryStatus: '200', errorType: 'server_error' });
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
  test('accepts and never answers', async () => {
    const { result, record } = await call(chatRequest, (exchange) => exchange.closed);
    assertGatewayError(result, 504, 'first_byte_timeout');
    record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '0', errorType: 'first_byte_timeout' });
    assert.equal(record.httpLabels.status_code, '504');
  });

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

  test('goes on for longer than a call may take', async () => {
    const { result, record } = await call(streamRequest, async (exchange) => {
      await exchange.streamHead();
      while (exchange.closedAt === null) {
        await exchange.chunk(events.word('on'));
        await Promise.race([exchange.closed, new Promise((resolve) => setTimeout(resolve, 100))]);
      }
    });
    assert.notEqual(result.end, 'complete');
    record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '200', errorType: 'total_timeout' });
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

  test('ends a stream without its last event', async () => {
    const { result, record } = await call(streamRequest, (exchange) => streamOf(exchange, [part]));
    assert.equal(result.body.toString(), part);
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
    assert.notEqual(record.log.usage_provenance, 'provider');
  });

  test('announces more than it has', async () => {
    const { result, record } = await call(chatRequest, async (exchange) => {
      await exchange.head(200, { ...json, 'Content-Length': jsonText.length + 10 });
      await exchange.send(jsonText);
      exchange.end();
    });
    assertBroken(result, jsonText);
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
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

describe('client_cancelled', () => {
  const leaving = {
    closes: (client) => client.close(),
    'half-closes': (client) => client.halfClose(),
    resets: (client) => client.reset(),
  };

  for (const [how, leave] of Object.entries(leaving)) {
    test(`a client that ${how} before the head`, async () => {
      const { record } = await cancelled(chatRequest, (exchange) => exchange.closed, () => {}, leave);
      record.assertOutcome({ outcome: 'client_cancelled', tryStatus: '0' });
    });

    test(`a client that ${how} in mid-stream`, async () => {
      const sent = events.role + words(4).join('');
      const { record } = await cancelled(
        streamRequest,
        async (exchange) => {
          await exchange.streamHead();
          await exchange.chunk(sent);
          await exchange.closed;
        },
        async (client) => {
          assert.equal((await client.head()).status, 200);
          await until('the first events', () => client.bytes.available >= sent.length);
        },
        leave,
      );
      record.assertOutcome({ outcome: 'client_cancelled', tryStatus: '200' });
      assert.deepEqual(record.tokens, { input: 0, output: 0 });
      assert.equal(record.log.usage_provenance, 'estimate');
      assert.ok(record.log.output_tokens > 0, 'what was streamed so far is counted, as an estimate');
      assert.equal(record.growth('llm_estimated_tokens_total', { type: 'output' }), record.log.output_tokens);
    });
  }

  test('a client that leaves while it does not read', async () => {
    const { record } = await cancelled(
      streamRequest,
      async (exchange) => {
        await exchange.streamHead();
        const block = words(200).join('');
        while (exchange.closedAt === null && (await exchange.chunk(block)));
      },
      async (client) => {
        await client.head();
        client.bytes.pause();
      },
      (client) => client.close(),
    );
    record.assertOutcome({ outcome: 'client_cancelled', tryStatus: '200' });
  });

  test('a client that leaves in the middle of its request', async () => {
    const { record } = await scene.observe(
      async (headers) => {
        const client = await Client.connect(scene.gateway.apiPort);
        await client.send(requestBytes('POST', chatPath, { ...headers, 'Content-Length': '1000' }, '{"model":'));
        client.close();
      },
      { tries: 0 },
    );
    assert.equal(record.outcome, 'client_cancelled');
    assert.equal(record.httpLabels.status_code, '499');
  });

  /** A call whose client leaves once ready(client); the upstream must feel it soon. */
  async function cancelled(body, upstream, ready, leave) {
    let client;
    const observed = await scene.observe(
      async (headers) => {
        client = await Client.connect(scene.gateway.apiPort);
        await client.request('POST', chatPath, { headers: { ...json, ...headers }, body: JSON.stringify(body) });
        const exchange = await scene.upstream.only(headers['x-case']);
        await ready(client);
        const left = performance.now();
        leave(client);
        await within('the end of the upstream exchange', exchange.closed);
        assert.ok(exchange.closedAt - left < cancelledWithinMs, `let go after ${exchange.closedAt - left} ms`);
      },
      { upstream },
    );
    client.close();
    assert.equal(observed.record.httpLabels.status_code, '499');
    assert.equal(observed.record.client.status.code, StatusCode.UNSET);
    assert.equal(observed.record.server.status.code, StatusCode.UNSET);
    return observed;
  }
});

describe('upstream_unreachable', () => {
  test('refuses the connection', async () => {
    const dead = await refusingPort();
    const own = await Scene.start({ openaiBaseUrl: `http://127.0.0.1:${dead.port}/v1` });
    try {
      const { result, record } = await own.observe((headers) => own.post(headers, chatRequest));
      assertGatewayError(result, 502, 'connection_refused');
      record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'connection_refused' });
    } finally {
      await own.stop();
      dead.release();
    }
  });

  test('has a name that nobody knows', async () => {
    const own = await Scene.start({ openaiBaseUrl: 'http://no-such-host.invalid/v1', env: timeouts });
    try {
      const { result, record } = await own.observe((headers) => own.post(headers, chatRequest));
      assertGatewayError(result, 502, 'name_not_found');
      record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'name_not_found' });
    } finally {
      await own.stop();
    }
  });

  test('never accepts the connection: a time-out', async () => {
    const dead = await silentPort();
    const own = await Scene.start({ openaiBaseUrl: `http://127.0.0.1:${dead.port}/v1`, env: timeouts });
    try {
      const { result, record } = await own.observe((headers) => own.post(headers, chatRequest));
      assertGatewayError(result, 504, 'connect_timeout');
      record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '0', errorType: 'connect_timeout' });
    } finally {
      await own.stop();
      dead.release();
    }
  });
});

test('many calls at once, of all kinds, are counted one by one', async () => {
  const kinds = {
    completed: { body: chatRequest, act: (exchange) => exchange.json200(completion) },
    upstream_error: { body: chatRequest, act: (exchange) => exchange.respond(429, json, errorBody('requests', 'slow')) },
    upstream_truncated: { body: chatRequest, act: (exchange) => exchange.reset() },
    upstream_timeout: { body: chatRequest, act: (exchange) => exchange.closed },
    client_cancelled: { body: streamRequest, act: (exchange) => exchange.closed, leaves: true },
  };
  const each = 8;
  const before = await scene.gateway.scrape();
  const traces = Array.from({ length: each * Object.keys(kinds).length }, newTrace);
  let next = 0;
  await Promise.all(
    Object.values(kinds).flatMap((kind) =>
      Array.from({ length: each }, () => oneOf(kind, traces[next++].traceparent)),
    ),
  );
  let after;
  await until('the end of all calls', async () => {
    after = await scene.gateway.scrape();
    return after.since(before, 'llm_requests_total') >= traces.length && after.sum('llm_requests_in_flight') === 0;
  });
  for (const outcome of Object.keys(kinds)) {
    assert.equal(after.since(before, 'llm_requests_total', { outcome }), each, outcome);
  }
  assert.equal(after.since(before, 'llm_requests_total'), traces.length);
  assert.deepEqual(after.since(before, 'llm_tokens_total', { type: 'input' }), each * 11);
  await until('all spans', () => traces.every(({ traceId }) => scene.collector.spansOf(traceId).length === 2));

  async function oneOf({ body, act, leaves }, traceparent) {
    const name = scene.script(act);
    const client = await Client.connect(scene.gateway.apiPort);
    const headers = { ...json, 'x-case': name, traceparent };
    await client.request('POST', chatPath, { headers, body: JSON.stringify(body) });
    if (leaves) await scene.upstream.only(name);
    else await client.response();
    client.close();
  }
});

async function streamOf(exchange, parts) {
  await exchange.streamHead();
  for (const part of parts) await exchange.chunk(part);
  await exchange.lastChunk();
}
