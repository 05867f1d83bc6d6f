// Each outcome of a call, made in each way that is its own, and what it means for every signal at once: the try's observation,
// the call's count and its accounting, the SERVER and the CLIENT span, the log line, and the client. What they must say is
// in the table of support/outcome_table.mjs. More ways for an upstream to go wrong are in upstream_faults.test.mjs.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertBroken, assertGatewayError, streamOf } from '../support/answers.mjs';
import { requestBody as anthropicRequest } from '../support/anthropic_messages.mjs';
import { localhostCertificate } from '../support/certificate.mjs';
import { Client, requestBytes } from '../support/client.mjs';
import { refusingPort, silentPort } from '../support/dead_ends.mjs';
import { generateRequest, pathOf } from '../support/gemini.mjs';
import { chatRequest, completion, errorBody, events, streamRequest, wholeStream, words } from '../support/openai_chat.mjs';
import { Record, Scene, chatPath, newTrace } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';
import { Upstream, chunk } from '../support/upstream.mjs';

const timeouts = {
  ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: '800',
  ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '800',
  ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS: '800',
  ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS: '3000',
};
const json = { 'Content-Type': 'application/json' };
const jsonText = JSON.stringify(completion);
const cancelledWithinMs = 1000;
const dialects = {
  openai: { path: chatPath, body: chatRequest },
  anthropic: { path: '/v1/anthropic/v1/messages', body: anthropicRequest },
  gemini: { path: pathOf('generateContent'), body: generateRequest },
};

let scene;
before(async () => (scene = await Scene.start({ env: timeouts })));
after(() => scene.stop());

/** Makes one call whose upstream is scripted; {result, record}. */
function call(body, upstream) {
  return scene.observe((headers) => scene.post(headers, body), { upstream });
}

/** Runs act(scene) with a gateway of its own. */
async function withScene(options, act) {
  const own = await Scene.start(options);
  try {
    await act(own);
  } finally {
    await own.stop();
  }
}

/** Posts `bytes` as a body in chunks, whatever they are. */
async function sendRaw(own, path, headers, bytes) {
  const client = await Client.connect(own.gateway.apiPort);
  client.send(requestBytes('POST', path, { ...headers, 'Transfer-Encoding': 'chunked' }, bytes));
  const response = await client.response();
  client.close();
  return response;
}

describe('completed', () => {
  test('JSON', async () => {
    const { result, record } = await call(chatRequest, (exchange) => exchange.json200(completion));
    assert.equal(result.body.toString(), jsonText);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
  });

  test('a stream', async () => {
    const { result, record } = await call(streamRequest, (exchange) => streamOf(exchange, wholeStream));
    const expected = wholeStream.filter((event) => event !== events.usage).join('');
    assert.equal(result.body.toString(), expected);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
    assert.equal(record.growth('llm_time_to_first_token_seconds_count'), 1);
  });
});

describe('upstream_error', () => {
  for (const status of [400, 429, 500, 529]) {
    test(`a status: ${status} passes through untouched`, async () => {
      const body = errorBody('requests', 'No.', 'rate_limit_exceeded');
      const fields = { ...json, 'Retry-After': '7', 'x-ratelimit-remaining-tokens': '0' };
      const { result, record } = await call(chatRequest, (exchange) => exchange.respond(status, fields, body));
      assert.equal(result.status, status);
      assert.equal(result.body.toString(), body);
      for (const [name, value] of Object.entries(fields)) assert.equal(result.fields.get(name), value);
      assert.equal(result.fields.get('x-archestra-error'), undefined);
      record.assertOutcome({ outcome: 'upstream_error', tryStatus: `${status}`, errorType: `${status}` });
      assert.deepEqual(record.tokens, { input: 0, output: 0 });
    });
  }

  test('an error event inside a 200 stream', async () => {
    const sent = [events.role, ...words(3), events.error];
    const { result, record } = await call(streamRequest, (exchange) => streamOf(exchange, sent));
    assert.equal(result.body.toString(), sent.join(''));
    record.assertOutcome({ outcome: 'upstream_error', tryStatus: '200', errorType: 'server_error' });
  });
});

describe('upstream_unreachable', () => {
  /** A call in each dialect to a provider that is not there. */
  async function assertUnreachable(own, code) {
    for (const [dialect, { path, body }] of Object.entries(dialects)) {
      const { result, record } = await own.observe((headers) => own.post(headers, body, { path }));
      assertGatewayError(result, 502, code, dialect);
      record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: code });
      assert.equal(record.requests.labels.model, 'unknown');
    }
  }

  test('a connection that is refused', async () => {
    const dead = await refusingPort();
    try {
      const openaiBaseUrl = `http://127.0.0.1:${dead.port}/v1`;
      await withScene({ openaiBaseUrl }, (own) => assertUnreachable(own, 'connection_refused'));
    } finally {
      dead.release();
    }
  });

  test('a name that nobody knows', () =>
    withScene({ openaiBaseUrl: 'http://no-such-host.invalid/v1', env: timeouts }, (own) =>
      assertUnreachable(own, 'name_not_found'),
    ));

  test('a certificate that nobody vouches for', async () => {
    const { secure, remove } = await localhostCertificate();
    const upstream = await Upstream.start({ secure });
    try {
      const openaiBaseUrl = upstream.baseUrl('localhost');
      await withScene({ openaiBaseUrl }, (own) => assertUnreachable(own, 'tls_failure'));
      assert.deepEqual(upstream.heads, [], 'nothing of the calls was sent');
    } finally {
      await upstream.stop();
      await remove();
    }
  });
});

describe('upstream_timeout', () => {
  test('of the connecting', async () => {
    const dead = await silentPort();
    try {
      await withScene({ openaiBaseUrl: `http://127.0.0.1:${dead.port}/v1`, env: timeouts }, async (own) => {
        const { result, record } = await own.observe((headers) => own.post(headers, chatRequest));
        assertGatewayError(result, 504, 'connect_timeout');
        record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '0', errorType: 'connect_timeout' });
      });
    } finally {
      dead.release();
    }
  });

  for (const [dialect, { path, body }] of Object.entries(dialects)) {
    test(`of the wait for the head: ${dialect}`, async () => {
      const { result, record } = await scene.observe((headers) => scene.post(headers, body, { path }), {
        upstream: (exchange) => exchange.closed,
      });
      assertGatewayError(result, 504, 'first_byte_timeout', dialect);
      record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '0', errorType: 'first_byte_timeout' });
    });
  }

  test('of the whole call, before the head', () => {
    const env = { ...timeouts, ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS: '300' };
    return withScene({ env }, async (own) => {
      const { result, record } = await own.observe((headers) => own.post(headers, chatRequest), {
        upstream: (exchange) => exchange.closed,
      });
      assertGatewayError(result, 504, 'total_timeout');
      record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '0', errorType: 'total_timeout' });
    });
  });

  test('of the wait for more, after the head', async () => {
    const { result, record } = await call(streamRequest, async (exchange) => {
      await exchange.streamHead();
      await exchange.chunk(events.role);
      await exchange.closed;
    });
    assertBroken(result, events.role);
    record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '200', errorType: 'idle_timeout' });
  });

  test('of the whole call, after the head', async () => {
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
  test('a connection that breaks before the head', async () => {
    const { result, record } = await call(chatRequest, (exchange) => exchange.end());
    assertGatewayError(result, 502, 'upstream_truncated');
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_truncated' });
  });

  test('a connection that breaks after it', async () => {
    const part = events.role + words(3).join('');
    const { result, record } = await call(streamRequest, async (exchange) => {
      await exchange.streamHead();
      await exchange.chunk(part);
      exchange.end();
    });
    assertBroken(result, part);
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
  });

  test('a stream without its last event', async () => {
    const part = events.role + words(3).join('');
    const { result, record } = await call(streamRequest, (exchange) => streamOf(exchange, [part]));
    assert.equal(result.body.toString(), part);
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
    assert.notEqual(record.log.usage_provenance, 'provider');
  });
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
      assert.equal(record.growth('llm_usage_total', { provenance: 'estimate' }), 1);
      assert.equal(record.growth('llm_undelivered_tokens_total'), 0, 'all that came had gone to the client');
    });
  }

  test('a client that leaves with an answer on its way to it', async () => {
    let blocks = 0;
    const { record } = await cancelled(
      streamRequest,
      async (exchange) => {
        await exchange.streamHead();
        const block = words(200).join('');
        while (exchange.closedAt === null && (await exchange.chunk(block))) blocks += 1;
      },
      async (client) => {
        await client.head();
        client.bytes.pause();
        let before = -1;
        const isPaused = () => {
          const paused = blocks > 0 && blocks === before;
          before = blocks;
          return paused;
        };
        await until('the provider to be paused', isPaused, { everyMs: 300 });
      },
      (client) => client.close(),
    );
    record.assertOutcome({ outcome: 'client_cancelled', tryStatus: '200' });
    const undelivered = record.growth('llm_undelivered_tokens_total');
    assert.ok(undelivered > 0, 'what did not go to the client is counted');
    assert.ok(undelivered < record.log.output_tokens, 'what did is not');
    assert.equal(record.log.undelivered_tokens, undelivered);
  });

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
    record.assertOutcome({ outcome: 'client_cancelled' });
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
    return observed;
  }
});

// refused_auth and refused_limit: nothing makes them yet. Their rows come with virtual keys, and with limits on use.

describe('refused_overload', () => {
  // Where its length is not announced, the room for it is doubled, here from half of all the memory there is.
  test('a body for which there is no memory', () => {
    const env = { ARCHESTRA_API_BODY_LIMIT: '1MB', ARCHESTRA_API_BODIES_LIMIT: '1MB' };
    return withScene({ env }, async (own) => {
      const body = chunk(JSON.stringify({ ...chatRequest, filler: 'x'.repeat(700_000) }));
      const { result, record } = await own.observe((headers) => sendRaw(own, chatPath, headers, body), { tries: 0 });
      assertGatewayError(result, 503, 'overloaded');
      assert.match(result.fields.get('retry-after'), /^[1-9]\d*$/);
      record.assertOutcome({ outcome: 'refused_overload', errorType: 'overloaded' });
    });
  });
});

describe('invalid_request', () => {
  test('an agent that is not there', async () => {
    const path = '/v1/openai/00000000-0000-4000-8000-000000000000/chat/completions';
    const { result, record } = await scene.observe((headers) => scene.post(headers, chatRequest, { path }), { tries: 0 });
    assertGatewayError(result, 404, 'agent_not_found');
    record.assertOutcome({ outcome: 'invalid_request', errorType: 'agent_not_found', httpStatus: '404' });
    assert.equal(record.requests.labels.agent_id, 'unknown');
  });

  test('a body that makes no sense, before any try', async () => {
    const { result, record } = await scene.observe((headers) => sendRaw(scene, chatPath, headers, 'no chunk\r\n'), { tries: 0 });
    assertGatewayError(result, 400, 'bad_request');
    record.assertOutcome({ outcome: 'invalid_request', errorType: 'bad_request', httpStatus: '400' });
  });

  test('a body that makes no sense, on its way to the provider', async () => {
    const { result, record } = await scene.observe(
      (headers) => sendRaw(scene, '/v1/openai/files', headers, '3\r\nabc\r\nno chunk\r\n'),
      { upstreamHead: () => true },
    );
    assertGatewayError(result, 400, 'bad_request');
    record.assertOutcome({ outcome: 'invalid_request', tryStatus: '0', errorType: 'bad_request', httpStatus: '400' });
  });
});

describe('shutdown', () => {
  test('before the head', async () => {
    const { response, record } = await cutOff(chatRequest, (exchange) => exchange.closed);
    assertGatewayError(response, 503, 'shutting_down');
    record.assertOutcome({ outcome: 'shutdown', tryStatus: '0', errorType: 'shutting_down' });
  });

  test('after the head', async () => {
    const { response, record } = await cutOff(streamRequest, async (exchange) => {
      await exchange.streamHead();
      await exchange.chunk(events.role);
      await exchange.closed;
    });
    assertBroken(response, events.role);
    record.assertOutcome({ outcome: 'shutdown', tryStatus: '200', errorType: 'shutting_down' });
  });

  /** A call that is under way at the drain's limit: {response, record}. */
  async function cutOff(body, upstream) {
    const own = await Scene.start({ env: { ARCHESTRA_DRAIN_TIMEOUT_MS: '300' } });
    const trace = newTrace();
    const name = own.script(upstream);
    try {
      const before = await own.gateway.scrape();
      // A collector that wants the spans later holds up the end, so that the metrics can be looked at.
      own.collector.answer = { status: 503 };
      const sent = own.post({ 'x-case': name, traceparent: trace.traceparent }, body);
      await own.upstream.only(name);
      own.gateway.program.kill('SIGTERM');
      const response = await sent;
      let after;
      await until('the end of the call', async () => {
        after = await own.gateway.scrape();
        return after.since(before, 'llm_requests_total') > 0;
      });
      own.collector.answer = { status: 200 };
      const { code } = await within('the end', own.gateway.program.ended, 30_000);
      assert.equal(code, 0, own.gateway.program.stderr.join('\n'));
      own.gateway.program.assertNoReport();
      const spans = own.collector.spansOf(trace.traceId);
      const lines = own.gateway.linesOf(trace.traceId);
      return { response, record: new Record({ trace, before, after, spans, lines, tries: 1 }) };
    } finally {
      if (own.gateway.program.isRunning) own.gateway.program.kill('SIGKILL');
      await own.gateway.program.ended;
      await own.discard();
    }
  }
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
