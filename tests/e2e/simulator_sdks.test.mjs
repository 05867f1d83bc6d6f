// The official SDKs of three providers, pointed straight at the simulator: whatever it answers, they understand.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai';
import OpenAI, { toFile } from 'openai';

import { Simulator } from '../support/gateway.mjs';

const messages = [{ role: 'user', content: 'What is the weather in Lisbon?' }];
const schema = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } };
const toolNames = ['get_weather', 'get_time'];
const fileText = 'a file, and what is in it: é\r\n';

let simulator;
let origin;
let calls = 0;

before(async () => {
  simulator = await Simulator.start();
  origin = `http://127.0.0.1:${simulator.port}`;
});
after(() => simulator.stop());

/** Options of one SDK call: what the simulator is to do, and a name under which it remembers it. */
function simulated(fields = {}) {
  calls += 1;
  const id = `call-${calls}`;
  const named = Object.entries(fields).map(([name, value]) => [`x-sim-${name}`, String(value)]);
  return { id, headers: { ...Object.fromEntries(named), 'x-sim-id': id } };
}

/** What the journal says that the answer told of its tokens. */
async function toldUsage(id) {
  return (await simulator.calls()).find((call) => call.id === id).usage;
}

function assertArguments(args) {
  assert.deepEqual(args, { city: 'Zürich, "CH"', days: 42 });
}

describe('openai', () => {
  let client;
  before(() => (client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'sk-test-0123456789', maxRetries: 0 })));

  const model = 'gpt-5';
  const input = 'What is the weather in Lisbon?';
  const tools = toolNames.map((name) => ({ type: 'function', name, parameters: schema, strict: false }));

  test('responses', async () => {
    const { id, headers } = simulated({ tokens: 9 });
    const response = await client.responses.create({ model, input }, { headers });
    assert.equal(response.status, 'completed');
    assert.ok(response.output_text.length > 0);
    const told = await toldUsage(id);
    assert.equal(response.usage.output_tokens, 9);
    assert.equal(response.usage.input_tokens, told.input_tokens);
    assert.equal(response.usage.input_tokens_details.cached_tokens, told.cache_read_tokens);
    assert.equal(response.usage.output_tokens_details.reasoning_tokens, told.reasoning_tokens);
  });

  test('responses, streamed and put together by the SDK', async () => {
    const { headers } = simulated({ tokens: 9 });
    const stream = client.responses.stream({ model, input, reasoning: { effort: 'low', summary: 'auto' } }, { headers });
    let text = '';
    let number = 0;
    for await (const event of stream) {
      assert.equal(event.sequence_number, number++);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    const response = await stream.finalResponse();
    assert.equal(response.output_text, text);
    assert.deepEqual(response.output.map(({ type }) => type), ['reasoning', 'message']);
    assert.ok(response.output[0].summary[0].text.length > 0);
    assert.equal(response.usage.output_tokens, 9);
    assert.equal(response.usage.output_tokens_details.reasoning_tokens, 4);
  });

  for (const streamed of [false, true]) {
    test(`function calls of responses${streamed ? ', streamed' : ''}`, async () => {
      const { headers } = simulated({ 'tool-calls': 2 });
      const request = { model, input, tools };
      const response = streamed
        ? await client.responses.stream(request, { headers }).finalResponse()
        : await client.responses.create(request, { headers });
      assert.deepEqual(response.output.map(({ type, name }) => [type, name]), Array(2).fill(['function_call', 'get_weather']));
      assert.equal(new Set(response.output.map(({ call_id }) => call_id)).size, 2);
      for (const call of response.output) assertArguments(JSON.parse(call.arguments));
    });
  }

  test('an error inside a stream of responses', async () => {
    const { headers } = simulated({ 'error-event': 4 });
    const stream = await client.responses.create({ model, input, stream: true }, { headers });
    await assert.rejects(Array.fromAsync(stream), OpenAI.APIError);
  });

  test('legacy completions', async () => {
    const prompt = 'Once upon';
    const request = { model: 'gpt-3.5-turbo-instruct', prompt };
    const { id, headers } = simulated({ tokens: 7 });
    const completion = await client.completions.create(request, { headers });
    assert.ok(completion.choices[0].text.length > 0);
    assert.equal(completion.usage.prompt_tokens, (await toldUsage(id)).input_tokens);
    const chunks = await Array.fromAsync(
      await client.completions.create(
        { ...request, stream: true, stream_options: { include_usage: true } },
        { headers: simulated({ tokens: 7 }).headers },
      ),
    );
    assert.equal(chunks.at(-1).usage.completion_tokens, 7);
    assert.equal(chunks.filter(({ choices }) => choices[0]?.text).length, 7);
  });

  test('embeddings, which the SDK asks for in base64', async () => {
    const request = { model: 'text-embedding-3-small', input: ['one', 'two'], dimensions: 16 };
    const decoded = await client.embeddings.create(request);
    const plain = await client.embeddings.create({ ...request, encoding_format: 'float' });
    assert.deepEqual(decoded.data.map(({ embedding }) => embedding.length), [16, 16]);
    for (const [i, { embedding }] of decoded.data.entries())
      for (const [j, value] of embedding.entries()) assert.equal(Math.fround(plain.data[i].embedding[j]), value);
    assert.ok(decoded.usage.total_tokens > 0);
  });

  test('models', async () => {
    const { data } = await client.models.list();
    assert.ok(data.length > 2);
    assert.equal((await client.models.retrieve(data[0].id)).id, data[0].id);
  });

  test('files', async () => {
    const file = await client.files.create({ file: await toFile(Buffer.from(fileText), 'note.txt'), purpose: 'user_data' });
    assert.equal(file.bytes, Buffer.byteLength(fileText));
    assert.equal(file.filename, 'note.txt');
    assert.equal(file.purpose, 'user_data');
    assert.equal(await (await client.files.content(file.id)).text(), fileText);
    assert.ok((await Array.fromAsync(client.files.list())).some(({ id }) => id === file.id));
    assert.ok((await client.files.delete(file.id)).deleted);
    await assert.rejects(client.files.retrieve(file.id), OpenAI.NotFoundError);
  });

  test('speech, transcriptions and images', async () => {
    const speech = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'hello' });
    const wav = Buffer.from(await speech.arrayBuffer());
    assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
    const { headers } = simulated({ tokens: 5 });
    const transcription = await client.audio.transcriptions.create(
      { model: 'gpt-4o-transcribe', file: await toFile(wav, 'speech.wav') },
      { headers },
    );
    assert.ok(transcription.text.length > 0);
    assert.equal(transcription.usage.output_tokens, 5);
    const images = await client.images.generate({ model: 'gpt-image-1', prompt: 'a dot' });
    assert.equal(Buffer.from(images.data[0].b64_json, 'base64').toString('latin1', 1, 4), 'PNG');
  });

  test('errors', async () => {
    const refused = (status) => client.responses.create({ model, input }, { headers: simulated({ status }).headers });
    await assert.rejects(refused(401), OpenAI.AuthenticationError);
    await assert.rejects(refused(429), OpenAI.RateLimitError);
    await assert.rejects(refused(500), OpenAI.InternalServerError);
    await assert.rejects(client.responses.create({ model }), OpenAI.BadRequestError);
    await assert.rejects(client.get('/nowhere'), OpenAI.NotFoundError);
  });
});

describe('anthropic', () => {
  let client;
  before(() => (client = new Anthropic({ baseURL: origin, apiKey: 'sk-ant-test-0123456789', maxRetries: 0 })));

  const request = { model: 'claude-sonnet-4-6', max_tokens: 1024, messages };
  const tools = toolNames.map((name) => ({ name, input_schema: schema }));

  test('messages', async () => {
    const { id, headers } = simulated({ tokens: 9 });
    const { data: message, response } = await client.messages.create(request, { headers }).withResponse();
    assert.equal(message.role, 'assistant');
    assert.deepEqual(message.content.map(({ type }) => type), ['text']);
    assert.equal(message.stop_reason, 'end_turn');
    assert.match(response.headers.get('request-id'), /^req_/);
    assert.equal(message.usage.output_tokens, 9);
    assertAnthropicUsage(message.usage, await toldUsage(id));
  });

  test('messages, streamed and put together by the SDK', async () => {
    const { id, headers } = simulated({ tokens: 9 });
    const stream = client.messages.stream({ ...request, thinking: { type: 'adaptive' } }, { headers });
    let text = '';
    let thinking = '';
    stream.on('text', (delta) => (text += delta)).on('thinking', (delta) => (thinking += delta));
    const message = await stream.finalMessage();
    assert.deepEqual(message.content.map(({ type }) => type), ['thinking', 'text']);
    assert.equal(message.content[0].thinking, thinking);
    assert.ok(message.content[0].signature.length > 0);
    assert.equal(message.content[1].text, text);
    assert.equal(message.usage.output_tokens_details.thinking_tokens, 4);
    assertAnthropicUsage(message.usage, await toldUsage(id));
  });

  for (const streamed of [false, true]) {
    test(`tool use${streamed ? ', streamed' : ''}`, async () => {
      const { headers } = simulated({ 'tool-calls': 2 });
      const message = streamed
        ? await client.messages.stream({ ...request, tools }, { headers }).finalMessage()
        : await client.messages.create({ ...request, tools }, { headers });
      assert.equal(message.stop_reason, 'tool_use');
      assert.deepEqual(message.content.map(({ type, name }) => [type, name]), Array(2).fill(['tool_use', 'get_weather']));
      assert.equal(new Set(message.content.map(({ id }) => id)).size, 2);
      for (const { input } of message.content) assertArguments(input);
    });
  }

  test('an error inside a stream', async () => {
    const { headers } = simulated({ 'error-event': 5 });
    const stream = await client.messages.create({ ...request, stream: true }, { headers });
    await assert.rejects(Array.fromAsync(stream), /overloaded_error/);
  });

  test('token counts and models', async () => {
    const { input_tokens } = await client.messages.countTokens({ model: request.model, messages });
    assert.ok(input_tokens > 0);
    const models = await Array.fromAsync(client.models.list());
    assert.ok(models.length > 2);
    assert.equal((await client.models.retrieve(models[0].id)).id, models[0].id);
  });

  test('files', async () => {
    const file = await client.files.upload({ file: await toFile(Buffer.from(fileText), 'note.txt', { type: 'text/plain' }) });
    assert.equal(file.size_bytes, Buffer.byteLength(fileText));
    assert.equal(file.mime_type, 'text/plain');
    assert.equal(await (await client.files.download(file.id)).text(), fileText);
    assert.ok((await Array.fromAsync(client.files.list())).some(({ id }) => id === file.id));
    assert.equal((await client.files.delete(file.id)).type, 'file_deleted');
    await assert.rejects(client.files.retrieveMetadata(file.id), Anthropic.NotFoundError);
  });

  test('errors', async () => {
    const refused = (status) => client.messages.create(request, { headers: simulated({ status }).headers });
    await assert.rejects(refused(401), Anthropic.AuthenticationError);
    await assert.rejects(refused(429), Anthropic.RateLimitError);
    await assert.rejects(refused(529), (error) => {
      assert.ok(error instanceof Anthropic.InternalServerError);
      assert.equal(error.error.error.type, 'overloaded_error');
      assert.equal(error.requestID, error.error.request_id);
      return true;
    });
    await assert.rejects(client.messages.create({ ...request, messages: undefined }), Anthropic.BadRequestError);
    await assert.rejects(client.get('/v1/nowhere'), Anthropic.NotFoundError);
  });
});

function assertAnthropicUsage(usage, told) {
  assert.equal(usage.cache_read_input_tokens, told.cache_read_tokens);
  assert.equal(usage.cache_creation_input_tokens, told.cache_write_tokens);
  assert.equal(
    usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens,
    told.input_tokens,
  );
  assert.equal(usage.output_tokens, told.output_tokens);
}

describe('gemini', () => {
  const model = 'gemini-2.5-flash';
  const contents = 'What is the weather in Lisbon?';
  const tools = [{ functionDeclarations: toolNames.map((name) => ({ name, parametersJsonSchema: schema })) }];
  const generationConfig = { thinkingConfig: { includeThoughts: true } };

  function sdk(fields = {}, options = {}) {
    const { id, headers } = simulated(fields);
    return { id, client: new GoogleGenAI({ apiKey: 'test-0123456789', ...options, httpOptions: { baseUrl: origin, headers } }) };
  }

  for (const apiVersion of [undefined, 'v1beta', 'v1alpha']) {
    test(`generateContent of ${apiVersion ?? 'the default version'}`, async () => {
      const { id, client } = sdk({ tokens: 9 }, { apiVersion });
      const response = await client.models.generateContent({ model, contents });
      assert.ok(response.text.length > 0);
      assert.equal(response.candidates[0].finishReason, 'STOP');
      assert.equal(response.modelVersion, model);
      assertGeminiUsage(response.usageMetadata, await toldUsage(id));
    });
  }

  test('generateContentStream with thoughts', async () => {
    const { id, client } = sdk({ tokens: 9 });
    const chunks = await Array.fromAsync(await client.models.generateContentStream({ model, contents, config: generationConfig }));
    const parts = chunks.flatMap(({ candidates }) => candidates[0].content.parts);
    assert.equal(parts.filter(({ thought }) => thought).length, 4);
    assert.equal(parts.filter(({ thought, text }) => !thought && text).length, 9);
    assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
    assert.equal(chunks.at(-1).usageMetadata.thoughtsTokenCount, 4);
    const totals = chunks.map(({ usageMetadata }) => usageMetadata.totalTokenCount);
    assert.deepEqual(totals, totals.toSorted((a, b) => a - b));
    assertGeminiUsage(chunks.at(-1).usageMetadata, await toldUsage(id));
  });

  test('a stream without alt=sse is one JSON array', async () => {
    const { headers } = simulated({ tokens: 3 });
    const response = await fetch(`${origin}/v1beta/models/${model}:streamGenerateContent`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: contents }] }] }),
    });
    assert.match(response.headers.get('content-type'), /^application\/json/);
    assert.equal((await response.json()).length, 4);
  });

  for (const streamed of [false, true]) {
    test(`function calls${streamed ? ', streamed' : ''}`, async () => {
      const { client } = sdk({ 'tool-calls': 2 });
      const request = { model, contents, config: { tools } };
      const calls = streamed
        ? (await Array.fromAsync(await client.models.generateContentStream(request))).flatMap((chunk) => chunk.functionCalls ?? [])
        : (await client.models.generateContent(request)).functionCalls;
      assert.deepEqual(calls.map(({ name }) => name), ['get_weather', 'get_weather']);
      for (const { args } of calls) assertArguments(args);
    });
  }

  test('functions that may not be called are not', async () => {
    const { client } = sdk({ 'tool-call-fraction': 1 });
    const toolConfig = { functionCallingConfig: { mode: FunctionCallingConfigMode.NONE } };
    const free = await client.models.generateContent({ model, contents, config: { tools } });
    const forbidden = await client.models.generateContent({ model, contents, config: { tools, toolConfig } });
    assert.equal(free.functionCalls.length, 1);
    assert.equal(forbidden.functionCalls, undefined);
  });

  test('an error inside a stream', async () => {
    const { client } = sdk({ 'error-event': 2 });
    const stream = await client.models.generateContentStream({ model, contents });
    await assert.rejects(Array.fromAsync(stream), (error) => error instanceof ApiError && error.status === 503);
  });

  test('token counts, embeddings and models', async () => {
    const { client } = sdk();
    assert.ok((await client.models.countTokens({ model, contents })).totalTokens > 0);
    const { embeddings } = await client.models.embedContent({
      model: 'gemini-embedding-001',
      contents: ['one', 'two'],
      config: { outputDimensionality: 16 },
    });
    assert.deepEqual(embeddings.map(({ values }) => values.length), [16, 16]);
    const models = await Array.fromAsync(await client.models.list());
    assert.ok(models.some(({ name }) => name === `models/${model}`));
    assert.equal((await client.models.get({ model })).name, `models/${model}`);
  });

  test('files, uploaded in steps', async () => {
    const { client } = sdk();
    const file = await client.files.upload({
      file: new Blob([fileText], { type: 'text/plain' }),
      config: { displayName: 'note' },
    });
    assert.equal(Number(file.sizeBytes), Buffer.byteLength(fileText));
    assert.equal(file.displayName, 'note');
    assert.equal(file.mimeType, 'text/plain');
    assert.equal(file.state, 'ACTIVE');
    assert.equal(await (await fetch(`${file.uri}:download?alt=media`)).text(), fileText);
    assert.ok((await Array.fromAsync(await client.files.list())).some(({ name }) => name === file.name));
    await client.files.delete({ name: file.name });
    await assert.rejects(client.files.get({ name: file.name }), ApiError);
  });

  test('errors', async () => {
    for (const [status, name] of [[400, 'INVALID_ARGUMENT'], [401, 'UNAUTHENTICATED'], [429, 'RESOURCE_EXHAUSTED'], [503, 'UNAVAILABLE']]) {
      const { client } = sdk({ status });
      await assert.rejects(client.models.generateContent({ model, contents }), (error) => {
        assert.ok(error instanceof ApiError, String(error));
        assert.equal(error.status, status);
        assert.equal(JSON.parse(error.message).error.status, name);
        return true;
      });
    }
    const { client } = sdk();
    await assert.rejects(client.caches.get({ name: 'cachedContents/none' }), (error) => error.status === 404);
  });
});

function assertGeminiUsage(usage, told) {
  assert.equal(usage.promptTokenCount, told.input_tokens);
  assert.equal(usage.cachedContentTokenCount ?? 0, told.cache_read_tokens);
  assert.equal(usage.thoughtsTokenCount ?? 0, told.reasoning_tokens);
  assert.equal(usage.candidatesTokenCount + (usage.thoughtsTokenCount ?? 0), told.output_tokens);
  assert.equal(usage.totalTokenCount, told.input_tokens + told.output_tokens);
}
