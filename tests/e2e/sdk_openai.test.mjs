// The official openai SDK, pointed at the gateway by its base URL alone, in front of the simulator: what it returns,
// what it throws, and what the provider saw of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import OpenAI, {
  APIConnectionError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';

import { Gateway, Simulator } from '../support/gateway.mjs';
import { until, within } from '../support/until.mjs';

const apiKey = 'sk-test-0123456789abcdef';
const messages = [{ role: 'user', content: 'What is the weather in Lisbon?' }];
const model = 'gpt-4o-mini';
const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
}));

let simulator;
let gateway;
let client;
let calls = 0;

before(async () => {
  simulator = await Simulator.start();
  gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
  client = sdkFor(gateway);
});
after(async () => {
  await gateway.stop();
  await simulator.stop();
});

function sdkFor({ openaiUrl }) {
  return new OpenAI({ baseURL: openaiUrl, apiKey, maxRetries: 0 });
}

/** Options of one SDK call: what the simulator is to do, and a name under which it remembers it. */
function simulated(fields = {}) {
  calls += 1;
  const id = `call-${calls}`;
  const headers = Object.entries(fields).map(([name, value]) => [`x-sim-${name}`, String(value)]);
  return { id, options: { headers: { ...Object.fromEntries(headers), 'x-sim-id': id } } };
}

async function seenBySimulator(id) {
  return (await simulator.calls()).find((call) => call.id === id);
}

describe('chat', () => {
  test('answers a completion', async () => {
    const { id, options } = simulated({ tokens: 9 });
    const completion = await client.chat.completions.create({ model, messages }, options);
    assert.equal(completion.object, 'chat.completion');
    assert.equal(completion.choices[0].message.role, 'assistant');
    assert.ok(completion.choices[0].message.content.length > 0);
    assert.equal(completion.choices[0].finish_reason, 'stop');
    assert.equal(completion.usage.completion_tokens, 9);
    assert.ok(completion._request_id, 'the x-request-id field reaches the SDK');

    const seen = await seenBySimulator(id);
    assert.equal(seen.path, '/v1/chat/completions');
    assert.deepEqual(JSON.parse(seen.body), { model, messages });
    assert.match(seen.headers.authorization, /^Bearer /);
    assert.match(seen.headers['user-agent'], /OpenAI/i);
  });

  test('also with /v1 in the base URL', async () => {
    const own = new OpenAI({ baseURL: `${gateway.openaiUrl}/v1`, apiKey, maxRetries: 0 });
    const { id, options } = simulated();
    await own.chat.completions.create({ model, messages }, options);
    assert.equal((await seenBySimulator(id)).path, '/v1/chat/completions');
  });

  test('answers several choices', async () => {
    const { options } = simulated();
    const completion = await client.chat.completions.create({ model, messages, n: 3 }, options);
    assert.deepEqual(completion.choices.map(({ index }) => index), [0, 1, 2]);
  });

  test('asks for tool calls', async () => {
    const { options } = simulated({ 'tool-calls': 2 });
    const completion = await client.chat.completions.create({ model, messages, tools }, options);
    assert.equal(completion.choices[0].finish_reason, 'tool_calls');
    assertToolCalls(completion.choices[0].message.tool_calls, 2);
  });
});

describe('streams', () => {
  test('without asking for the usage bring text and no usage chunk', async () => {
    const { id, options } = simulated({ tokens: 12 });
    const stream = await client.chat.completions.create({ model, messages, stream: true }, options);
    const chunks = await Array.fromAsync(stream);
    assert.ok(textOf(chunks).length > 0);
    assert.equal(finishReasonOf(chunks), 'stop');
    assert.ok(chunks.every((chunk) => chunk.choices.length === 1), 'each chunk has a choice');
    assert.ok(chunks.every((chunk) => !chunk.usage), 'no chunk has usage');
    assert.deepEqual(JSON.parse((await seenBySimulator(id)).body).stream_options, { include_usage: true });
  });

  test('end with the usage where it was asked for', async () => {
    const { options } = simulated({ tokens: 12 });
    const stream = await client.chat.completions.create(
      { model, messages, stream: true, stream_options: { include_usage: true } },
      options,
    );
    const chunks = await Array.fromAsync(stream);
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks.at(-1).usage.completion_tokens, 12);
    assert.equal(chunks.filter((chunk) => chunk.usage).length, 1);
  });

  test('keep the other stream options', async () => {
    const { id, options } = simulated();
    const stream = await client.chat.completions.create(
      { model, messages, stream: true, stream_options: { include_obfuscation: false } },
      options,
    );
    await Array.fromAsync(stream);
    const seen = JSON.parse((await seenBySimulator(id)).body);
    assert.deepEqual(seen.stream_options, { include_obfuscation: false, include_usage: true });
  });

  test('arrive as they are made', async () => {
    const { options } = simulated({ tokens: 5, 'token-interval-ms': 60 });
    const stream = await client.chat.completions.create({ model, messages, stream: true }, options);
    const arrivals = [];
    for await (const chunk of stream) if (textOf([chunk])) arrivals.push(performance.now());
    assert.ok(arrivals.length >= 4);
    // Held back for the end, they would all come at once.
    assert.ok(arrivals.at(-1) - arrivals[0] > 100, `content over ${arrivals.at(-1) - arrivals[0]} ms`);
  });

  test('of tool calls accumulate', async () => {
    const { options } = simulated({ 'tool-calls': 2 });
    const runner = client.chat.completions.stream({ model, messages, tools }, options);
    const seen = [];
    runner.on('tool_calls.function.arguments.done', ({ name }) => seen.push(name));
    const completion = await runner.finalChatCompletion();
    assert.equal(completion.choices[0].finish_reason, 'tool_calls');
    assertToolCalls(completion.choices[0].message.tool_calls, 2);
    assert.equal(seen.length, 2);
  });

  test('of text accumulate', async () => {
    const { options } = simulated({ tokens: 12 });
    const runner = client.chat.completions.stream({ model, messages }, options);
    let text = '';
    runner.on('content', (part) => (text += part));
    assert.equal(await runner.finalContent(), text);
    assert.ok(text.length > 0);
  });

  test('aborted in mid-stream end the provider\'s stream', async () => {
    const { id, options } = simulated({ tokens: 100_000, 'token-interval-ms': 20 });
    const abort = new AbortController();
    const stream = await client.chat.completions.create(
      { model, messages, stream: true },
      { ...options, signal: abort.signal },
    );
    let chunks = 0;
    for await (const _ of stream) {
      chunks += 1;
      if (chunks === 5) abort.abort();
    }
    assert.ok(chunks < 100);
    const seen = await until('the end of the provider\'s stream', async () => {
      const call = await seenBySimulator(id);
      return call.ended_ms !== null && call;
    });
    assert.equal(seen.client_closed, true);
  });

  test('aborted before the first byte end the provider\'s call', async () => {
    const { id, options } = simulated({ 'no-answer': 1 });
    const abort = new AbortController();
    const pending = client.chat.completions.create({ model, messages, stream: true }, { ...options, signal: abort.signal });
    const refused = assert.rejects(pending, APIUserAbortError);
    await until('the call at the provider', () => seenBySimulator(id));
    abort.abort();
    await refused;
    await until('the end of the provider\'s call', async () => (await seenBySimulator(id)).ended_ms !== null);
  });
});

describe('models', () => {
  test('are listed', async () => {
    const page = await client.models.list(simulated().options);
    assert.ok(page.data.some(({ id }) => id === 'gpt-4o'));
  });

  test('are retrieved', async () => {
    const { id, options } = simulated();
    assert.equal((await client.models.retrieve('gpt-4o', options)).id, 'gpt-4o');
    assert.equal((await seenBySimulator(id)).path, '/v1/models/gpt-4o');
  });
});

describe('provider errors raise the SDK\'s exceptions', () => {
  const cases = [
    [400, BadRequestError, { type: 'invalid_request_error' }],
    [401, AuthenticationError, { code: 'invalid_api_key' }],
    [403, PermissionDeniedError, {}],
    [404, NotFoundError, { code: 'model_not_found' }],
    [429, RateLimitError, { code: 'rate_limit_exceeded' }],
    [500, InternalServerError, { type: 'server_error' }],
    [503, InternalServerError, { type: 'server_error' }],
  ];
  for (const [status, Exception, expected] of cases) {
    for (const stream of [false, true]) {
      test(`${status}${stream ? ' of a stream' : ''}`, async () => {
        const { options } = simulated({ status });
        const error = await rejection(client.chat.completions.create({ model, messages, stream }, options));
        assert.ok(error instanceof Exception, error.constructor.name);
        assert.equal(error.status, status);
        for (const [key, value] of Object.entries(expected)) assert.equal(error[key], value);
        assert.equal(error.headers.get('x-archestra-error'), null, 'not the gateway\'s own');
        if (status === 429) assert.equal(error.headers.get('retry-after'), '1');
        assert.ok(error.requestID);
      });
    }
  }

  test('in mid-stream', async () => {
    const { options } = simulated({ tokens: 50, 'error-event': 4 });
    const stream = await client.chat.completions.create({ model, messages, stream: true }, options);
    const error = await rejection(Array.fromAsync(stream));
    assert.ok(error instanceof OpenAI.APIError, error.constructor.name);
    assert.equal(error.type, 'server_error');
  });
});

describe('the gateway\'s own errors raise the SDK\'s exceptions', () => {
  test('an agent that is not known', async () => {
    const own = new OpenAI({
      baseURL: `${gateway.openaiUrl}/3f0c5a1e-0000-4000-8000-000000000000`,
      apiKey,
      maxRetries: 0,
    });
    const error = await rejection(own.chat.completions.create({ model, messages }));
    assert.ok(error instanceof NotFoundError, error.constructor.name);
    assert.ok(error.message.length > 0 && error.error.type, 'it has message and type as OpenAI\'s have');
    assert.ok(error.headers.get('x-archestra-error'));
  });

  test('a provider that closes without a word', async () => {
    const { options } = simulated({ close: 1 });
    const error = await rejection(client.chat.completions.create({ model, messages }, options));
    assert.ok(error instanceof InternalServerError, error.constructor.name);
    assert.equal(error.status, 502);
    assert.equal(error.headers.get('x-archestra-error'), 'upstream_truncated');
  });

  test('a provider that breaks off a stream', async () => {
    const { options } = simulated({ tokens: 50, 'cut-after': 5 });
    const stream = await client.chat.completions.create({ model, messages, stream: true }, options);
    await assert.rejects(Array.fromAsync(stream), 'the stream must not look whole');
  });

  test('a gateway that is gone', async () => {
    const doomed = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
    const own = sdkFor(doomed);
    await own.models.list();
    doomed.program.kill('SIGKILL');
    await within('the end of the gateway', doomed.program.ended);
    const error = await rejection(own.chat.completions.create({ model, messages }));
    assert.ok(error instanceof APIConnectionError, error.constructor.name);
    await doomed.discard();
  });
});

async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('it did not fail');
}

function textOf(chunks) {
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
}

function finishReasonOf(chunks) {
  return chunks.findLast((chunk) => chunk.choices[0]?.finish_reason)?.choices[0].finish_reason;
}

function assertToolCalls(toolCalls, count) {
  assert.equal(toolCalls.length, count);
  assert.equal(new Set(toolCalls.map(({ id }) => id)).size, count, 'each has an id of its own');
  for (const { type, function: called } of toolCalls) {
    assert.equal(type, 'function');
    assert.ok(tools.some((tool) => tool.function.name === called.name), called.name);
    assert.equal(typeof JSON.parse(called.arguments), 'object');
  }
}
