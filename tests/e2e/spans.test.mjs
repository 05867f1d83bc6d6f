// What the spans of a call carry: exactly these names, values and types, of each provider, streamed or not. Whatever is
// added to a span has to be added here.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { answer as message, requestBody as messagesRequest, wholeStream as messagesStream } from '../support/anthropic_messages.mjs';
import { SpanKind, StatusCode } from '../support/collector.mjs';
import { chunk, chunks, generateRequest, pathOf } from '../support/gemini.mjs';
import { chatRequest, completion, errorBody, event, events, streamRequestWithUsage } from '../support/openai_chat.mjs';
import { Scene, chatPath } from '../support/scene.mjs';

const defaultAgent = '00000000-0000-4000-8000-000000000001';

let scene;
before(async () => (scene = await Scene.start({ env: { ARCHESTRA_RETRIES: '1', ARCHESTRA_RETRY_BACKOFF_MS: '20' } })));
after(() => scene.stop());

// A value as OTLP types it.
const string = (value) => ({ type: 'string', value });
const int = (value) => ({ type: 'int', value });
const double = (value) => ({ type: 'double', value });
const bool = (value) => ({ type: 'bool', value });
const strings = (...value) => ({ type: 'string[]', value });

const typed = ({ attributes, types }) =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, { type: types[key], value }]));

/** The contract's attributes and those that every CLIENT span has beside them. */
const ofClient = ({ provider, genAiProvider = provider, model, stream = false, status = 200, outcome = 'completed' }) => ({
  'route.category': string('llm-proxy'),
  'llm.provider': string(provider),
  ...(model && { 'llm.model': string(model), 'gen_ai.request.model': string(model) }),
  'llm.stream': bool(stream),
  ...(stream && { 'gen_ai.request.stream': bool(true) }),
  'agent.id': string(defaultAgent),
  'agent.name': string('Default Agent'),
  'gen_ai.provider.name': string(genAiProvider),
  'http.request.method': string('POST'),
  ...(status && { 'http.response.status_code': int(status) }),
  'server.address': string('127.0.0.1'),
  'server.port': int(scene.upstream.port),
  'archestra.outcome': string(outcome),
});

const ofServer = ({ route, path = route, status = 200, outcome = 'completed' }) => ({
  'http.request.method': string('POST'),
  'http.response.status_code': int(status),
  'http.route': string(route),
  'url.path': string(path),
  'url.scheme': string('http'),
  'server.address': string('gateway.test'),
  'client.address': string('127.0.0.1'),
  'network.protocol.version': string('1.1'),
  'archestra.outcome': string(outcome),
});

const usage = (input, output, others = {}) => ({
  'gen_ai.usage.input_tokens': int(input),
  'gen_ai.usage.output_tokens': int(output),
  ...others,
});

const streams = (texts, contentType = 'text/event-stream') => async (exchange) => {
  await exchange.streamHead({ 'Content-Type': contentType });
  for (const text of texts) await exchange.chunk(text);
  await exchange.lastChunk();
};

const everyParameterOfChat = {
  max_completion_tokens: 64,
  temperature: 0,
  top_p: 0.5,
  frequency_penalty: 1,
  presence_penalty: -1.5,
  stop: ['END', 'é'],
  seed: -7,
  n: 2,
  service_tier: 'flex',
  response_format: { type: 'json_object' },
};
const parametersOfChat = {
  'gen_ai.request.max_tokens': int(64),
  'gen_ai.request.temperature': double(0),
  'gen_ai.request.top_p': double(0.5),
  'gen_ai.request.frequency_penalty': double(1),
  'gen_ai.request.presence_penalty': double(-1.5),
  'gen_ai.request.stop_sequences': strings('END', 'é'),
  'gen_ai.request.seed': int(-7),
  'gen_ai.request.choice.count': int(2),
  'gen_ai.output.type': string('json'),
  'openai.request.service_tier': string('flex'),
};
const ofChat = { 'gen_ai.operation.name': string('chat'), 'openai.api.type': string('chat_completions') };
const answerOfChat = {
  'gen_ai.response.id': string('chatcmpl-1'),
  'gen_ai.response.model': string('gpt-test-0001'),
  'gen_ai.response.finish_reasons': strings('stop'),
  ...usage(11, 7),
};
const tierAndFingerprint = {
  'openai.response.service_tier': string('default'),
  'openai.response.system_fingerprint': string('fp_1'),
};
const responseBegun = { id: 'resp_1', object: 'response', status: 'in_progress', model: 'gpt-test-0001', service_tier: 'auto' };
const response = {
  ...responseBegun,
  status: 'completed',
  service_tier: 'default',
  output: [],
  usage: { input_tokens: 9, output_tokens: 8, input_tokens_details: { cached_tokens: 4 }, output_tokens_details: { reasoning_tokens: 3 } },
};
const ofResponses = {
  'gen_ai.operation.name': string('chat'),
  'openai.api.type': string('responses'),
  'openai.response.service_tier': string('default'),
  'gen_ai.response.id': string('resp_1'),
  'gen_ai.response.model': string('gpt-test-0001'),
  'gen_ai.response.finish_reasons': strings('completed'),
  ...usage(9, 8, {
    'gen_ai.usage.cache_read.input_tokens': int(4),
    'gen_ai.usage.reasoning.output_tokens': int(3),
  }),
};
const ofMessages = {
  'gen_ai.operation.name': string('chat'),
  'gen_ai.request.max_tokens': int(64),
  'gen_ai.response.id': string('msg_1'),
  'gen_ai.response.model': string('claude-test-1'),
};
const cacheOfMessages = {
  'gen_ai.usage.cache_read.input_tokens': int(1000),
  'gen_ai.usage.cache_creation.input_tokens': int(200),
};
const gemini = { provider: 'gemini', genAiProvider: 'gcp.gemini', model: 'gemini-test' };
const geminiUsage = { promptTokenCount: 11, candidatesTokenCount: 47, thoughtsTokenCount: 5, totalTokenCount: 63 };
const ofGenerate = {
  'gen_ai.operation.name': string('generate_content'),
  'gen_ai.response.id': string('response-1'),
  'gen_ai.response.model': string('gemini-test-001'),
  'gen_ai.response.finish_reasons': strings('STOP'),
  ...usage(11, 52, { 'gen_ai.usage.reasoning.output_tokens': int(5) }),
};

const cases = {
  'a chat that asks for nothing': {
    path: chatPath,
    body: chatRequest,
    upstream: (exchange) => exchange.json200(completion),
    name: 'openai.chat.completions',
    genAiName: 'chat gpt-test',
    client: { provider: 'openai', model: 'gpt-test' },
    attributes: { ...ofChat, ...answerOfChat },
  },
  'a chat that asks for everything': {
    path: chatPath,
    body: { ...chatRequest, ...everyParameterOfChat },
    upstream: (exchange) => exchange.json200({ ...completion, service_tier: 'default', system_fingerprint: 'fp_1' }),
    name: 'openai.chat.completions',
    client: { provider: 'openai', model: 'gpt-test' },
    attributes: { ...ofChat, ...parametersOfChat, ...answerOfChat, ...tierAndFingerprint },
  },
  'a streamed chat': {
    path: chatPath,
    body: { ...streamRequestWithUsage, max_tokens: 5 },
    upstream: streams([
      events.role,
      event({ id: 'chatcmpl-1', model: 'gpt-test-0001', service_tier: 'default', system_fingerprint: 'fp_1', choices: [{ index: 0, delta: { content: 'Hi' } }] }),
      events.stop,
      events.usage,
      events.done,
    ]),
    name: 'openai.chat.completions',
    client: { provider: 'openai', model: 'gpt-test', stream: true },
    attributes: { ...ofChat, 'gen_ai.request.max_tokens': int(5), ...answerOfChat, ...tierAndFingerprint },
  },
  'a legacy completion': {
    path: '/v1/openai/completions',
    body: { model: 'gpt-test', prompt: 'a', stop: 'END', n: 1 },
    upstream: (exchange) => exchange.json200({ ...completion, choices: [{ index: 0, text: 'b', finish_reason: 'stop' }] }),
    name: 'openai.completions',
    client: { provider: 'openai', model: 'gpt-test' },
    attributes: {
      'gen_ai.operation.name': string('text_completion'),
      'gen_ai.request.stop_sequences': strings('END'),
      ...answerOfChat,
    },
  },
  'a response': {
    path: '/v1/openai/responses',
    body: { model: 'gpt-test', input: 'a', max_output_tokens: 99, text: { format: { type: 'json_schema', name: 'a', schema: {} } }, service_tier: 'auto' },
    upstream: (exchange) => exchange.json200(response),
    name: 'openai.responses',
    client: { provider: 'openai', model: 'gpt-test' },
    attributes: { 'gen_ai.request.max_tokens': int(99), 'gen_ai.output.type': string('json'), ...ofResponses },
  },
  'a streamed response': {
    path: '/v1/openai/responses',
    body: { model: 'gpt-test', input: 'a', stream: true },
    upstream: streams([
      event({ type: 'response.created', response: responseBegun }),
      event({ type: 'response.output_text.delta', delta: 'Hi' }),
      event({ type: 'response.completed', response }),
    ]),
    name: 'openai.responses',
    client: { provider: 'openai', model: 'gpt-test', stream: true },
    attributes: ofResponses,
  },
  'embeddings': {
    path: '/v1/openai/embeddings',
    body: { model: 'embed-test', input: 'a', dimensions: 256, encoding_format: 'base64' },
    upstream: (exchange) => exchange.json200({ object: 'list', data: [], model: 'embed-test-1', usage: { prompt_tokens: 4, total_tokens: 4 } }),
    name: 'openai.embeddings',
    genAiName: 'embeddings embed-test',
    client: { provider: 'openai', model: 'embed-test' },
    attributes: {
      'gen_ai.operation.name': string('embeddings'),
      'gen_ai.embeddings.dimension.count': int(256),
      'gen_ai.request.encoding_formats': strings('base64'),
      'gen_ai.response.model': string('embed-test-1'),
      ...usage(4, 0),
    },
  },
  'what only passes through': {
    path: '/v1/openai/images/generations',
    route: '/v1/openai/*',
    body: { model: 'gpt-test', prompt: 'a', n: 3 },
    upstream: (exchange) => exchange.json200({ data: [] }),
    name: 'openai.request',
    client: { provider: 'openai' },
    attributes: {},
  },
  'messages': {
    path: '/v1/anthropic/v1/messages',
    body: { ...messagesRequest, temperature: 1, top_p: 0.9, top_k: 40, stop_sequences: ['END'] },
    upstream: (exchange) => exchange.json200(message),
    name: 'anthropic.messages',
    client: { provider: 'anthropic', model: 'claude-test' },
    attributes: {
      ...ofMessages,
      'gen_ai.request.temperature': double(1),
      'gen_ai.request.top_p': double(0.9),
      'gen_ai.request.top_k': double(40),
      'gen_ai.request.stop_sequences': strings('END'),
      'gen_ai.response.finish_reasons': strings('tool_use'),
      ...usage(1203, 42, cacheOfMessages),
    },
  },
  'streamed messages': {
    path: '/v1/anthropic/v1/messages',
    body: { ...messagesRequest, stream: true },
    upstream: streams(messagesStream),
    name: 'anthropic.messages',
    client: { provider: 'anthropic', model: 'claude-test', stream: true },
    attributes: {
      ...ofMessages,
      'gen_ai.response.finish_reasons': strings('end_turn'),
      ...usage(1250, 42, cacheOfMessages),
    },
  },
  'generated content': {
    path: pathOf('generateContent'),
    route: '/v1/gemini/v1beta/models/:model:generateContent',
    body: {
      ...generateRequest,
      generationConfig: { maxOutputTokens: 8, temperature: 0.5, topP: 0.25, topK: 3, seed: 5, candidateCount: 2, stopSequences: ['END'], presencePenalty: 1, frequencyPenalty: 2, responseMimeType: 'application/json' },
    },
    upstream: (exchange) => exchange.json200(chunk([{ text: 'Hi' }], { finishReason: 'STOP', usage: geminiUsage })),
    name: 'gemini.generateContent',
    genAiName: 'generate_content gemini-test',
    client: gemini,
    attributes: {
      ...ofGenerate,
      'gen_ai.request.max_tokens': int(8),
      'gen_ai.request.temperature': double(0.5),
      'gen_ai.request.top_p': double(0.25),
      'gen_ai.request.top_k': double(3),
      'gen_ai.request.frequency_penalty': double(2),
      'gen_ai.request.presence_penalty': double(1),
      'gen_ai.request.seed': int(5),
      'gen_ai.request.choice.count': int(2),
      'gen_ai.request.stop_sequences': strings('END'),
      'gen_ai.output.type': string('json'),
    },
  },
  'a stream of generated content': {
    path: pathOf('streamGenerateContent', { query: 'alt=sse&key=credential' }),
    route: '/v1/gemini/v1beta/models/:model:streamGenerateContent',
    body: generateRequest,
    upstream: streams(chunks.map((each) => event(each))),
    name: 'gemini.generateContent',
    client: { ...gemini, stream: true },
    attributes: ofGenerate,
  },
  'embedded content': {
    path: pathOf('embedContent'),
    route: '/v1/gemini/v1beta/models/:model:embedContent',
    body: { content: { parts: [{ text: 'a' }] }, outputDimensionality: 64 },
    upstream: (exchange) => exchange.json200({ embedding: { values: [] } }),
    name: 'gemini.embedContent',
    client: gemini,
    attributes: { 'gen_ai.operation.name': string('embeddings'), 'gen_ai.embeddings.dimension.count': int(64) },
  },
};

describe('the spans of', () => {
  for (const [what, { path, route = path, body, upstream, name, client, attributes }] of Object.entries(cases)) {
    test(what, async () => {
      const headers = { 'x-api-key': 'credential', Authorization: 'Bearer credential' };
      const { record } = await scene.observe((own) => scene.post({ ...own, ...headers }, body, { path }), { upstream });
      const firstChunk = record.client.attributes['gen_ai.response.time_to_first_chunk'];
      const expected = { ...ofClient(client), ...attributes };
      if (client.stream) {
        assert.ok(firstChunk > 0 && firstChunk < 60, `${firstChunk} s to the first chunk`);
        expected['gen_ai.response.time_to_first_chunk'] = double(firstChunk);
      }
      assert.deepEqual(typed(record.client), expected);
      assert.deepEqual(typed(record.server), ofServer({ route, path: path.split('?')[0] }));
      assert.equal(record.client.name, name);
      assert.equal(record.server.name, `POST ${route}`);
      for (const { status, schemaUrl, droppedEvents } of [record.client, record.server]) {
        assert.deepEqual(status, { code: StatusCode.UNSET, message: '' });
        assert.equal(schemaUrl, 'https://opentelemetry.io/schemas/1.41.1');
        assert.equal(droppedEvents, 0);
      }
      assert.deepEqual(record.server.events, []);
      const [token, ...others] = record.client.events;
      assert.deepEqual(others, []);
      if (!client.stream) return assert.equal(token, undefined);
      assert.deepEqual([token.name, token.attributes], ['gen_ai.first_token', {}]);
      const at = BigInt(token.time);
      assert.ok(record.client.start < at && at <= record.client.end);
    });
  }

  test('an agent with labels', async () => {
    const labels = [{ key: 'environment', value: 'production' }, { key: 'cost-center', value: '' }];
    const { json: agent } = await scene.gateway.api('POST', '/agents', { name: 'Support Bot', labels });
    const path = `/v1/openai/${agent.id}/chat/completions`;
    const { record } = await scene.observe((own) => scene.post(own, chatRequest, { path }), {
      upstream: (exchange) => exchange.json200(completion),
    });
    assert.deepEqual(typed(record.client), {
      ...ofClient({ provider: 'openai', model: 'gpt-test' }),
      ...ofChat,
      ...answerOfChat,
      'agent.id': string(agent.id),
      'agent.name': string('Support Bot'),
      'agent.environment': string('production'),
      'agent.cost-center': string(''),
    });
    assert.equal(record.server.name, 'POST /v1/openai/:agentId/chat/completions');
  });

  test('a call that the provider refuses', async () => {
    const { record } = await scene.observe((own) => scene.post(own, chatRequest), {
      upstream: (exchange) => exchange.respond(400, { 'Content-Type': 'application/json' }, errorBody('invalid_request_error', 'No.')),
    });
    const failed = { status: 400, outcome: 'upstream_error' };
    const error = { 'error.type': string('400') };
    const model = 'gpt-test';
    assert.deepEqual(typed(record.client), { ...ofClient({ provider: 'openai', model, ...failed }), ...ofChat, ...error });
    assert.equal(record.client.status.code, StatusCode.ERROR);
    assert.deepEqual(typed(record.server), { ...ofServer({ route: chatPath, ...failed }), ...error });
    assert.equal(record.server.status.code, StatusCode.UNSET, 'no error of a server');
  });

  test('a stream that falls silent', async () => {
    const silentMs = 1_300;
    const { record } = await scene.observe((own) => scene.post(own, streamRequestWithUsage), {
      upstream: async (exchange) => {
        await exchange.streamHead();
        for (const text of [events.role, events.word('a')]) await exchange.chunk(text);
        await new Promise((resolve) => setTimeout(resolve, silentMs));
        for (const text of [events.word('b'), events.stop, events.usage, events.done]) await exchange.chunk(text);
        await exchange.lastChunk();
      },
    });
    const [token, stall, ...others] = record.client.events;
    assert.deepEqual(others, []);
    assert.equal(token.name, 'gen_ai.first_token');
    assert.equal(stall.name, 'archestra.stall');
    assert.deepEqual(Object.keys(stall.attributes), ['archestra.stall.duration']);
    const seconds = stall.attributes['archestra.stall.duration'];
    assert.ok(seconds > silentMs / 1000 - 0.1 && seconds < silentMs / 1000 + 2, `${seconds} s`);
    assert.equal(stall.time, token.time, 'it began with the last word before it');
    assert.equal(record.client.droppedEvents, 0);
    assert.equal(record.client.status.code, StatusCode.UNSET);
  });

  test('a call that is tried again', async () => {
    const left = [503, 200];
    const { record } = await scene.observe((own) => scene.post(own, { ...chatRequest, max_tokens: 3 }), {
      upstream: (exchange) => {
        const status = left.shift();
        if (status === 200) return exchange.json200(completion);
        return exchange.respond(status, { 'Content-Type': 'application/json' }, errorBody('server_error', 'Not now.'));
      },
      tries: 2,
    });
    const [first, second] = record.clients;
    const both = { ...ofChat, 'gen_ai.request.max_tokens': int(3) };
    const model = 'gpt-test';
    assert.deepEqual(typed(first), {
      ...ofClient({ provider: 'openai', model, status: 503, outcome: 'upstream_error' }),
      ...both,
      'error.type': string('503'),
    });
    assert.deepEqual(typed(second), {
      ...ofClient({ provider: 'openai', model }),
      ...both,
      ...answerOfChat,
      'http.request.resend_count': int(1),
    });
    const [{ name, time, attributes }, ...others] = first.events;
    assert.deepEqual(others, []);
    assert.equal(name, 'archestra.retry');
    assert.equal(BigInt(time), first.end);
    assert.deepEqual(Object.keys(attributes).sort(), ['archestra.retry.delay', 'error.type']);
    assert.equal(attributes['error.type'], '503');
    const paused = Number(second.start - first.end) / 1e9;
    assert.ok(Math.abs(attributes['archestra.retry.delay'] - paused) < 0.01, `${attributes['archestra.retry.delay']}, ${paused}`);
    assert.deepEqual(second.events, []);
    assert.equal(first.status.code, StatusCode.ERROR);
    assert.equal(second.status.code, StatusCode.UNSET);
  });
});

test('names by the GenAI conventions', async () => {
  const named = await Scene.start({ env: { ARCHESTRA_OTEL_SPAN_NAMES: 'genai' } });
  try {
    for (const { path, route = path, body, upstream, name, genAiName } of Object.values(cases)) {
      if (genAiName === undefined && name !== 'openai.request') continue;
      const { record } = await named.observe((own) => named.post(own, body, { path }), { upstream });
      assert.equal(record.client.name, genAiName ?? name);
      assert.equal(record.client.kind, SpanKind.CLIENT);
      assert.equal(record.server.name, `POST ${route}`);
    }
  } finally {
    await named.stop();
  }
});
