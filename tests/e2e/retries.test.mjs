// Calls that are tried again: when, how often, after which pause, and what is recorded of each try.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

import { answer, requestBody } from '../support/anthropic_messages.mjs';
import { Client, requestBytes } from '../support/client.mjs';
import { refusingPort, silentPort } from '../support/dead_ends.mjs';
import { chunk as geminiAnswer, generateRequest, model as geminiModel } from '../support/gemini.mjs';
import { chatRequest, completion, errorBody, events, streamRequest, wholeStream } from '../support/openai_chat.mjs';
import { Scene, chatPath, newTrace, only } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';

const json = { 'Content-Type': 'application/json' };
const jsonText = JSON.stringify(completion);
const waitMaxMs = 3000;
const settings = {
  ARCHESTRA_THREADS: '1', // one pool of connections, so that what becomes of them can be told
  ARCHESTRA_RETRIES: '2',
  ARCHESTRA_RETRY_BACKOFF_MS: '20',
  ARCHESTRA_RETRY_WAIT_MAX_MS: `${waitMaxMs}`,
};

let scene;
before(async () => (scene = await Scene.start({ env: settings })));
after(() => scene.stop());

const refusal = errorBody('server_error', 'Not now.');
const completed = { outcome: 'completed', tryStatus: '200' };
const refused = (status) => ({ outcome: 'upstream_error', tryStatus: `${status}`, errorType: `${status}` });

/** An upstream that does as `acts` say, one after the other; it notes its exchanges, each with the time `at`. */
function inOrder(acts) {
  const seen = [];
  const upstream = (exchange) => {
    exchange.at = performance.now();
    seen.push(exchange);
    const act = acts[Math.min(seen.length, acts.length) - 1];
    return typeof act === 'number' ? exchange.respond(act, json, refusal) : act(exchange);
  };
  return { seen, upstream };
}

/** One call whose upstream does as `acts` say: {result, record, seen}. */
async function call(acts, { own = scene, body = chatRequest, headers = {}, tries = acts.length } = {}) {
  const { seen, upstream } = inOrder(acts);
  const send = (identity) => own.post({ ...headers, ...identity }, body);
  return { ...(await own.observe(send, { upstream, tries })), seen };
}

const succeeds = (exchange) => exchange.json200(completion);
const asksFor = (status, retryAfter, body = refusal) => (exchange) =>
  exchange.respond(status, { ...json, 'Retry-After': retryAfter }, body);

async function withScene(env, act) {
  const own = await Scene.start({ env: { ...settings, ...env } });
  try {
    await act(own);
  } finally {
    await own.stop();
  }
}

/** {gateway, upstream} of a response, in ms. */
const serverTiming = ({ fields }) =>
  Object.fromEntries([...fields.get('server-timing').matchAll(/(\w+);dur=([\d.]+)/g)].map(([, name, ms]) => [name, Number(ms)]));

const milliseconds = ({ start, end }) => Number(end - start) / 1e6;

/** Between the end of each CLIENT span and the start of the next, in ms. */
const pausesOf = ({ clients }) => clients.slice(1).map(({ start }, i) => Number(start - clients[i].end) / 1e6);

describe('a call is tried again', () => {
  for (const status of [429, 502, 503, 529]) {
    test(`after ${status}`, async () => {
      const { result, record, seen } = await call([status, succeeds]);
      assert.equal(result.status, 200);
      assert.equal(result.body.toString(), jsonText);
      assert.equal(record.outcome, 'completed');
      record.assertTries([refused(status), completed]);
      assert.deepEqual(record.tokens, { input: 11, output: 7 });
      assert.equal(record.requests.labels.model, chatRequest.model);
      assert.equal(record.httpLabels.status_code, '200');
      assert.equal(record.server.attributes['error.type'], undefined);
      for (const { body, fields } of seen) {
        assert.deepEqual(body, seen[0].body);
        assert.equal(fields.get('x-case'), seen[0].fields.get('x-case'));
      }
    });
  }

  test('with a span of its own for each try, which the provider is told of', async () => {
    const { record, seen } = await call([503, 429, succeeds], { headers: { 'x-stainless-retry-count': '4' } });
    record.assertTries([refused(503), refused(429), completed]);
    const parents = seen.map(({ fields }) => fields.get('traceparent').split('-')[2]);
    assert.deepEqual(parents, record.clients.map(({ spanId }) => spanId));
    assert.equal(new Set(parents).size, 3);
    for (const { fields } of seen) assert.equal(fields.get('x-stainless-retry-count'), '4');
  });

  test('a stream too', async () => {
    const stream = async (exchange) => {
      await exchange.streamHead();
      for (const event of wholeStream) await exchange.chunk(event);
      await exchange.lastChunk();
    };
    const { result, record, seen } = await call([503, stream], { body: streamRequest });
    assert.equal(result.body.toString(), wholeStream.filter((event) => event !== events.usage).join(''));
    record.assertTries([refused(503), completed]);
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
    for (const own of seen) assert.equal(own.json.stream_options.include_usage, true);
  });

  test('over the same connection, where the refusal leaves it whole', async () => {
    const { seen } = await call([503, 429, succeeds]);
    assert.equal(new Set(seen.map(({ connection }) => connection)).size, 1);
  });

  const wasteful = {
    'is longer than it is worth': (exchange) => exchange.respond(503, json, 'x'.repeat(100_000)),
    'does not come': (exchange) => exchange.head(503, { ...json, 'Content-Length': '10' }),
    'ends with its connection': async (exchange) => {
      await exchange.head(503, { ...json, Connection: 'close' });
      await exchange.send(refusal);
      exchange.end();
    },
  };
  for (const [name, act] of Object.entries(wasteful)) {
    test(`over another connection, where the body of the refusal ${name}`, async () => {
      const { result, record, seen } = await call([act, succeeds]);
      assert.equal(result.body.toString(), jsonText);
      record.assertTries([refused(503), completed]);
      assert.notEqual(seen[0].connection, seen[1].connection);
      await within('the end of the first connection', seen[0].closed);
    });
  }

  test('where it has no body at all', async () => {
    const { seen, upstream } = inOrder([503, (exchange) => exchange.json200({ data: [] })]);
    const send = async (headers) => {
      const client = await Client.connect(scene.gateway.apiPort);
      await client.request('GET', '/v1/openai/models', { headers });
      const response = await client.response();
      client.close();
      return response;
    };
    const { result, record } = await scene.observe(send, { upstream, tries: 2 });
    assert.equal(result.status, 200);
    record.assertTries([refused(503), completed]);
    assert.equal(seen.length, 2);
  });

  const deadEnds = {
    'refuses the connection': {
      open: refusingPort,
      expected: { outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'connection_refused' },
      status: 502,
    },
    'never accepts it': {
      open: silentPort,
      expected: { outcome: 'upstream_timeout', tryStatus: '0', errorType: 'connect_timeout' },
      status: 504,
    },
  };
  for (const [name, { open, expected, status }] of Object.entries(deadEnds)) {
    test(`when the provider ${name}`, async () => {
      const dead = await open();
      const env = { ...settings, ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: '300' };
      const own = await Scene.start({ env, openaiBaseUrl: `http://127.0.0.1:${dead.port}/v1` });
      try {
        const { result, record } = await own.observe((headers) => own.post(headers, chatRequest), { tries: 3 });
        assert.equal(`${result.status} ${result.fields.get('x-archestra-error')}`, `${status} ${expected.errorType}`);
        assert.equal(record.outcome, expected.outcome);
        record.assertTries([expected, expected, expected]);
      } finally {
        await own.stop();
        dead.release();
      }
    });
  }
});

describe('the last answer goes to the client untouched', () => {
  test('when the tries are used up', async () => {
    const last = errorBody('requests', 'Slower, please.', 'rate_limit_exceeded');
    const { result, record } = await call([503, 502, asksFor(429, '0', last)]);
    assert.equal(result.status, 429);
    assert.equal(result.body.toString(), last);
    assert.equal(result.fields.get('retry-after'), '0');
    assert.equal(result.fields.get('x-archestra-error'), undefined);
    assert.equal(record.outcome, 'upstream_error');
    record.assertTries([refused(503), refused(502), refused(429)]);
    assert.equal(record.log.error_type, '429');
    assert.equal(record.requests.labels.model, 'unknown');
  });

  for (const status of [400, 401, 404, 408, 409, 500, 501, 504]) {
    test(`at once after ${status}`, async () => {
      const { result, record } = await call([status]);
      assert.equal(`${result.status} ${result.body}`, `${status} ${refusal}`);
      record.assertTries([refused(status)]);
    });
  }

  test('at once, where it asks for a longer pause than is waited for', async () => {
    const asked = `${waitMaxMs / 1000 + 1}`;
    const { result, record } = await call([asksFor(429, asked)]);
    assert.equal(`${result.status} ${result.fields.get('retry-after')} ${result.body}`, `429 ${asked} ${refusal}`);
    record.assertTries([refused(429)]);
  });

  test('at once, where the body was not kept', async () => {
    const { upstream } = inOrder([503]);
    const send = (headers) => scene.post(headers, 'x'.repeat(1000), { path: '/v1/openai/files' });
    const { result, record } = await scene.observe(send, { upstream });
    assert.equal(`${result.status} ${result.body}`, `503 ${refusal}`);
    record.assertTries([refused(503)]);
  });

  test('at once, when nothing is set', () =>
    withScene({ ARCHESTRA_RETRIES: undefined }, async (own) => {
      const { result, record } = await call([503], { own });
      assert.equal(`${result.status} ${result.body}`, `503 ${refusal}`);
      record.assertTries([refused(503)]);
    }));
});

test('what broke once its answer had begun is not tried again', async () => {
  const breaks = async (exchange) => {
    await exchange.head(200, { ...json, 'Content-Length': jsonText.length });
    await exchange.send(jsonText.slice(0, 10));
    await exchange.allArrived();
    exchange.end();
  };
  const { record } = await call([breaks]);
  record.assertTries([{ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' }]);
});

test('what broke before its answer, but after the request, is not tried again', async () => {
  const { result, record } = await call([(exchange) => exchange.reset()]);
  assert.equal(result.status, 502);
  record.assertTries([{ outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_truncated' }]);
});

describe('the pause', () => {
  test('is as long as the provider asks, in seconds', async () => {
    const { result, record, seen } = await call([asksFor(429, '1'), succeeds]);
    const waited = seen[1].at - seen[0].at;
    assert.ok(waited >= 990 && waited < 2500, `${waited} ms`);
    const [pause] = pausesOf(record);
    assert.ok(pause >= 990 && pause < 2500, `${pause} ms between the spans`);
    assert.ok(record.log.gateway_ms < 500, `what the provider asked for is not ours: ${record.log.gateway_ms} ms`);
    assert.ok(serverTiming(result).upstream >= 990, 'nor for the client');
  });

  test('is as long as the provider asks, until a date', async () => {
    const date = new Date(Math.ceil(Date.now() / 1000 + 1) * 1000);
    const { seen } = await call([asksFor(503, date.toUTCString()), succeeds]);
    const early = date - (performance.timeOrigin + seen[1].at);
    assert.ok(early <= 2 && early > -1500, `${early} ms early`);
  });

  test('that the gateway makes on its own is its own time', () =>
    withScene({ ARCHESTRA_RETRY_BACKOFF_MS: '1000', ARCHESTRA_RETRIES: '3' }, async (own) => {
      const { result, record } = await call([503, 503, 503, succeeds], { own });
      const pauses = pausesOf(record).reduce((sum, pause) => sum + pause, 0);
      assert.ok(pauses > 20, `three pauses of up to 1, 2 and 3 s together: ${pauses} ms`);
      const ours = record.log.gateway_ms;
      assert.ok(ours > pauses - 5 && ours < pauses + 1000, `${ours} ms of ours, ${pauses} ms of pauses`);
      assert.ok(serverTiming(result).gateway > pauses - 5, 'for the client too');
    }));

  test('ends with the client, and so does the call', async () => {
    const { seen, upstream } = inOrder([asksFor(429, '2')]);
    const { record } = await scene.observe(
      async (headers) => {
        const client = await Client.connect(scene.gateway.apiPort);
        await client.send(requestBytes('POST', chatPath, { ...json, ...headers }, JSON.stringify(chatRequest)));
        await scene.upstream.only(headers['x-case']);
        await seen[0].allArrived();
        client.close();
      },
      { upstream },
    );
    assert.equal(record.outcome, 'client_cancelled');
    assert.equal(record.httpLabels.status_code, '499');
    record.assertTries([refused(429)]);
    assert.equal(record.log.error_type, undefined);
    assert.ok(milliseconds(record.server) < 1500, 'the rest of the pause is not waited for');
    assert.equal(seen.length, 1);
  });

  test('ends with the drain', async () => {
    const own = await Scene.start({ env: { ...settings, ARCHESTRA_DRAIN_TIMEOUT_MS: '300' } });
    const { seen, upstream } = inOrder([asksFor(429, '3')]);
    const name = own.script(upstream);
    const client = await Client.connect(own.gateway.apiPort);
    try {
      await client.request('POST', chatPath, { headers: { 'x-case': name }, body: JSON.stringify(chatRequest) });
      await own.upstream.only(name);
      await seen[0].allArrived();
      own.gateway.program.kill('SIGTERM');
      const response = await client.response();
      assert.equal(`${response?.status} ${response?.fields.get('x-archestra-error')}`, '503 shutting_down');
      const { code } = await within('the end', own.gateway.program.ended, 30_000);
      assert.equal(code, 0);
      own.gateway.program.assertNoReport();
      const line = only(own.gateway.accessLog.filter(({ message }) => message === 'llm call'), 'log lines');
      assert.equal(`${line.outcome} ${line.tries}`, 'shutdown 1');
      const spans = own.collector.spansOf(line.trace_id).map(({ attributes }) => attributes['archestra.outcome']);
      assert.deepEqual(spans.sort(), ['shutdown', 'upstream_error']);
      assert.equal(seen.length, 1);
    } finally {
      client.close();
      await own.discard();
    }
  });
});

describe('the time of a call', () => {
  const totalMs = 1500;

  test('bounds all its tries together', () =>
    withScene({ ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS: `${totalMs}` }, async (own) => {
      const { result, record } = await call([asksFor(503, '1'), (exchange) => exchange.closed], { own });
      assert.equal(result.status, 504);
      assert.equal(record.outcome, 'upstream_timeout');
      assert.deepEqual(record.clients.map(({ attributes }) => attributes['archestra.outcome']), [
        'upstream_error',
        'upstream_timeout',
      ]);
      const took = milliseconds(record.server);
      assert.ok(took >= totalMs - 5 && took < totalMs + 800, `${took} ms`);
    }));

  test('leaves no pause that is longer than what is left of it', () =>
    withScene({ ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS: `${totalMs}` }, async (own) => {
      const { result, record } = await call([asksFor(503, '2')], { own });
      assert.equal(`${result.status} ${result.fields.get('retry-after')}`, '503 2');
      record.assertTries([refused(503)]);
    }));
});

test('many calls at once that are all tried again are counted one by one, and their tries too', async () => {
  const before = await scene.gateway.scrape();
  const calls = Array.from({ length: 40 }, () => {
    const { upstream } = inOrder([503, asksFor(429, '1'), succeeds]);
    return { ...newTrace(), name: scene.script(upstream) };
  });
  const answers = await Promise.all(
    calls.map(({ name, traceparent }) => scene.post({ 'x-case': name, traceparent }, chatRequest)),
  );
  for (const { status, body } of answers) assert.equal(`${status} ${body}`, `200 ${jsonText}`);
  let after;
  await until('the end of all calls', async () => {
    after = await scene.gateway.scrape();
    return after.since(before, 'llm_requests_total') >= calls.length;
  });
  assert.equal(after.since(before, 'llm_requests_total', { outcome: 'completed' }), calls.length);
  for (const status_code of ['503', '429', '200'])
    assert.equal(after.since(before, 'llm_request_duration_seconds_count', { status_code }), calls.length);
  assert.equal(after.since(before, 'llm_accounting_finalized_total'), calls.length);
  await until('all spans', () => calls.every(({ traceId }) => scene.collector.spansOf(traceId).length === 4));
});

describe('an SDK that leaves it to the gateway', () => {
  const port = () => scene.gateway.apiPort;
  const options = (headers) => ({ apiKey: 'sk-test', maxRetries: 0, defaultHeaders: headers });
  const dialects = {
    openai: {
      answer: completion,
      ask: (headers) =>
        new OpenAI({ ...options(headers), baseURL: `http://127.0.0.1:${port()}/v1/openai` }).chat.completions.create(
          chatRequest,
        ),
      textOf: ({ choices }) => choices[0].message.content,
      expected: completion.choices[0].message.content,
    },
    anthropic: {
      answer,
      ask: (headers) =>
        new Anthropic({ ...options(headers), baseURL: `http://127.0.0.1:${port()}/v1/anthropic` }).messages.create(
          requestBody,
        ),
      textOf: ({ content }) => content[0].text,
      expected: answer.content[0].text,
    },
    gemini: {
      answer: geminiAnswer([{ text: 'Hello.' }], { finishReason: 'STOP' }),
      ask: (headers) =>
        new GoogleGenAI({
          apiKey: 'test',
          httpOptions: { baseUrl: `http://127.0.0.1:${port()}/v1/gemini`, headers },
        }).models.generateContent({ model: geminiModel, ...generateRequest }),
      textOf: ({ text }) => text,
      expected: 'Hello.',
    },
  };
  for (const [provider, { ask, answer: body, textOf, expected }] of Object.entries(dialects)) {
    test(`gets the answer to the third try: ${provider}`, async () => {
      const { seen, upstream } = inOrder([529, asksFor(429, '1'), (exchange) => exchange.json200(body)]);
      const { result, record } = await scene.observe(ask, { upstream, tries: 3 });
      assert.equal(textOf(result), expected);
      assert.equal(record.outcome, 'completed');
      assert.equal(record.requests.labels.provider, provider);
      record.assertTries([refused(529), refused(429), completed]);
      assert.ok(pausesOf(record)[1] >= 990, 'the pause that was asked for');
      assert.equal(seen.length, 3);
    });

    test(`gets the last error: ${provider}`, async () => {
      const { upstream } = inOrder([503, 503, 529]);
      const send = (headers) => ask(headers).then(() => assert.fail('no error'), (error) => error);
      const { result, record } = await scene.observe(send, { upstream, tries: 3 });
      assert.equal(result.status, 529);
      record.assertTries([refused(503), refused(503), refused(529)]);
    });
  }
});
