// OpenAI's SDK, pointed at the gateway by its base URL alone: both of its ways to talk, and what surrounds them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import OpenAI, { APIConnectionError, APIError, toFile } from 'openai';

import { Gateway } from '../support/gateway.mjs';
import {
  apiKey,
  describeEnvironment,
  describeSdk,
  note,
  plain,
  question,
  texts,
  tool,
  useStages,
  wav,
} from '../support/sdk_scenarios.mjs';
import { within } from '../support/until.mjs';

const model = 'gpt-4o-mini';
const asked = { model, messages: [{ role: 'user', content: question }] };
const tools = [{ type: 'function', function: tool }];

const refusals = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  403: OpenAI.PermissionDeniedError,
  404: OpenAI.NotFoundError,
  429: OpenAI.RateLimitError,
};

const connect = ({ baseUrl, headers }) =>
  new OpenAI({ baseURL: baseUrl, defaultHeaders: headers, apiKey, maxRetries: 0 });

const openai = {
  dialect: 'openai',
  directPath: '/v1',
  gatewayPath: '',
  connect,
  isRefusal: (error, status) => error instanceof (refusals[status] ?? OpenAI.InternalServerError),
  errorOf: (error) => ({
    name: error.constructor.name,
    message: error.message,
    ...(error instanceof APIError && {
      status: error.status,
      code: error.code,
      param: error.param,
      type: error.type,
      requestId: error.requestID,
      retryAfter: error.headers?.get('retry-after'),
      own: error.headers?.get('x-archestra-error'),
    }),
  }),
};

const stages = useStages();

const chatCompletions = {
  ...openai,
  name: 'openai, chat completions',
  words: {
    chat: async (client) => chatAnswer(await client.chat.completions.create(asked)),
    stream: async (client, { onText, signal }) => {
      const request = { ...asked, stream: true, stream_options: { include_usage: true } };
      const stream = await client.chat.completions.create(request, { signal });
      const chunks = await collect(stream, (chunk) => onText?.(chunk.choices[0]?.delta.content));
      return { parsed: chunks, text: textOf(chunks), usage: chatUsage(chunks.at(-1).usage) };
    },
    streamWithoutUsage: async (client) => {
      const chunks = await collect(await client.chat.completions.create({ ...asked, stream: true }));
      assert.ok(chunks.every(({ usage }) => !usage), 'no chunk has usage');
      assert.ok(chunks.every(({ choices }) => choices.length === 1), 'each chunk has a choice');
      // Where the gateway asked for the usage, chunks say that it is null.
      return { parsed: chunks.map(({ usage: _, ...chunk }) => chunk), text: textOf(chunks) };
    },
    toolCalls: async (client) => chatAnswer(await client.chat.completions.create({ ...asked, tools })),
    streamedToolCalls: async (client) => {
      const request = { ...asked, tools, stream_options: { include_usage: true } };
      return chatAnswer(await client.chat.completions.stream(request).finalChatCompletion());
    },
    embed: async (client) => {
      const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input: texts, dimensions: 8 });
      return {
        parsed: plain(answer),
        vectors: answer.data.map(({ embedding }) => embedding),
        usage: { input: answer.usage.prompt_tokens, output: 0 },
      };
    },
    upload: async (client) => {
      const file = await client.files.create({ file: await toFile(note.bytes, note.name), purpose: 'user_data' });
      return { parsed: plain(file), id: file.id };
    },
    fileContent: async (client, { id }) => bytesOf(await client.files.content(id)),
    removeFile: async (client, { id }) => ({ parsed: plain(await client.files.delete(id)) }),
    speak: async (client) => {
      const request = { model: 'tts-1', voice: 'alloy', input: question, response_format: 'wav' };
      return bytesOf(await client.audio.speech.create(request));
    },
    transcribe: async (client) => {
      const file = await toFile(wav, 'speech.wav');
      const answer = await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file });
      return { parsed: plain(answer), text: answer.text };
    },
    models: async (client) => {
      const list = await Array.fromAsync(client.models.list());
      return { parsed: plain(list), ids: list.map(({ id }) => id) };
    },
    model: async (client) => {
      const one = await client.models.retrieve('gpt-4o');
      return { parsed: plain(one), id: one.id };
    },
  },
};

describeSdk(stages, chatCompletions);
describeEnvironment(
  stages,
  chatCompletions,
  'OPENAI_BASE_URL',
  ({ headers }) => new OpenAI({ defaultHeaders: headers, apiKey, maxRetries: 0 }),
);

const responses = {
  ...openai,
  name: 'openai, responses',
  words: {
    chat: async (client) => responseAnswer(await client.responses.create({ model, input: question })),
    stream: async (client, { onText, signal }) => {
      const stream = await client.responses.create({ model, input: question, stream: true }, { signal });
      const events = await collect(stream, (event) => {
        if (event.type === 'response.output_text.delta') onText?.(event.delta);
      });
      return { ...responseAnswer(events.at(-1).response), parsed: plain(events), text: deltasOf(events) };
    },
    toolCalls: async (client) => responseAnswer(await client.responses.create(responseWithTools)),
    streamedToolCalls: async (client) =>
      responseAnswer(await client.responses.stream(responseWithTools).finalResponse()),
  },
};

describeSdk(stages, responses);

const responseWithTools = { model, input: question, tools: [{ type: 'function', strict: false, ...tool }] };

function chatAnswer(completion) {
  const { message } = completion.choices[0];
  return {
    parsed: { ...plain(completion), requestId: completion._request_id },
    text: message.content,
    toolCalls: message.tool_calls?.map((call) => callOf(call.function)),
    usage: chatUsage(completion.usage),
  };
}

function responseAnswer(response) {
  return {
    parsed: { ...plain(response), requestId: response._request_id },
    text: response.output_text,
    toolCalls: response.output.filter(({ type }) => type === 'function_call').map(callOf),
    usage: { input: response.usage.input_tokens, output: response.usage.output_tokens },
  };
}

function callOf({ name, arguments: args }) {
  return { name, args: JSON.parse(args) };
}

function chatUsage({ prompt_tokens: input, completion_tokens: output }) {
  return { input, output };
}

async function collect(stream, onEach = () => {}) {
  const all = [];
  for await (const each of stream) {
    all.push(each);
    onEach(each);
  }
  return all;
}

function textOf(chunks) {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
}

function deltasOf(events) {
  return events.map(({ type, delta }) => (type === 'response.output_text.delta' ? delta : '')).join('');
}

async function bytesOf(response) {
  const bytes = Buffer.from(await response.arrayBuffer());
  return { parsed: { type: response.headers.get('content-type'), bytes: bytes.toString('hex') }, bytes };
}

describe('openai, what the provider gets', () => {
  const gatewayCall = async (behaviour, act, path = '') => {
    const { standIn } = stages.simulator;
    const headers = standIn.headers(behaviour);
    await act(connect({ baseUrl: `${stages.simulator.gatewayUrl(openai)}${path}`, headers }));
    return standIn.seen(headers);
  };

  test('is what the SDK sent', async () => {
    const seen = await gatewayCall('text', (client) => client.chat.completions.create({ ...asked, n: 3 }));
    assert.equal(seen.path, '/v1/chat/completions');
    assert.deepEqual(JSON.parse(seen.body), { ...asked, n: 3 });
    assert.match(seen.headers.authorization, /^Bearer /);
    assert.match(seen.headers['user-agent'], /OpenAI/i);
  });

  test('is the same with /v1 in the base URL', async () => {
    const seen = await gatewayCall('text', (client) => client.chat.completions.create(asked), '/v1');
    assert.equal(seen.path, '/v1/chat/completions');
  });

  test('asks for the usage of a stream, beside its other options', async () => {
    const seen = await gatewayCall('text', async (client) => {
      const request = { ...asked, stream: true, stream_options: { include_obfuscation: false } };
      await collect(await client.chat.completions.create(request));
    });
    assert.deepEqual(JSON.parse(seen.body).stream_options, { include_obfuscation: false, include_usage: true });
  });
});

test('openai, each retry of the SDK is a call of its own', async () => {
  const { lines } = await stages.simulator.logged(openai, '500', 2, (client) =>
    assert.rejects(client.chat.completions.create(asked, { maxRetries: 1 }), OpenAI.InternalServerError),
  );
  assert.deepEqual(lines.map(({ outcome }) => outcome), ['upstream_error', 'upstream_error']);
});

test('openai, a gateway that is gone', async () => {
  const doomed = await Gateway.start({ openaiBaseUrl: stages.simulator.directUrl(openai) });
  const client = connect({ baseUrl: doomed.openaiUrl });
  await client.models.list();
  doomed.program.kill('SIGKILL');
  await within('the end of the gateway', doomed.program.ended);
  await assert.rejects(client.chat.completions.create(asked), APIConnectionError);
  await doomed.discard();
});
