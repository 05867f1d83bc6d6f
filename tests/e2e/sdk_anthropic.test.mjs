// Anthropic's SDK, pointed at the gateway by its base URL alone.

import Anthropic, { APIError, toFile } from '@anthropic-ai/sdk';

import {
  apiKey,
  describeEnvironment,
  describeSdk,
  note,
  plain,
  question,
  tool,
  useStages,
} from '../support/sdk_scenarios.mjs';

const model = 'claude-sonnet-4-6';
const asked = { model, max_tokens: 1024, messages: [{ role: 'user', content: question }] };
const { name, description, parameters } = tool;
const tools = [{ name, description, input_schema: parameters }];

const refusals = {
  400: Anthropic.BadRequestError,
  401: Anthropic.AuthenticationError,
  403: Anthropic.PermissionDeniedError,
  404: Anthropic.NotFoundError,
  429: Anthropic.RateLimitError,
};

const anthropic = {
  name: 'anthropic',
  dialect: 'anthropic',
  directPath: '',
  gatewayPath: '',
  connect: ({ baseUrl, headers }) =>
    new Anthropic({ baseURL: baseUrl, defaultHeaders: headers, apiKey, maxRetries: 0 }),
  isRefusal: (error, status) => error instanceof (refusals[status] ?? Anthropic.InternalServerError),
  errorOf: (error) => ({
    name: error.constructor.name,
    message: error.message,
    ...(error instanceof APIError && {
      status: error.status,
      type: error.type,
      body: error.error,
      requestId: error.requestID,
      retryAfter: error.headers?.get('retry-after'),
      own: error.headers?.get('x-archestra-error'),
    }),
  }),
  words: {
    chat: async (client) => answerOf(await client.messages.create(asked)),
    stream: async (client, { onText, signal }) => {
      const stream = client.messages.stream(asked, { signal });
      const events = [];
      for await (const event of stream) {
        events.push(plain(event));
        if (event.delta?.type === 'text_delta') onText?.(event.delta.text);
      }
      const answer = answerOf(await stream.finalMessage());
      return { ...answer, parsed: { events, message: answer.parsed } };
    },
    toolCalls: async (client) => answerOf(await client.messages.create({ ...asked, tools })),
    streamedToolCalls: async (client) => answerOf(await client.messages.stream({ ...asked, tools }).finalMessage()),
    upload: async (client) => {
      const file = await client.files.upload({ file: await toFile(note.bytes, note.name, { type: note.type }) });
      return { parsed: plain(file), id: file.id };
    },
    fileContent: async (client, { id }) => {
      const bytes = Buffer.from(await (await client.files.download(id)).arrayBuffer());
      return { parsed: bytes.toString('hex'), bytes };
    },
    removeFile: async (client, { id }) => ({ parsed: plain(await client.files.delete(id)) }),
    models: async (client) => {
      const list = await Array.fromAsync(client.models.list());
      return { parsed: plain(list), ids: list.map(({ id }) => id) };
    },
    model: async (client) => {
      const one = await client.models.retrieve(model);
      return { parsed: plain(one), id: one.id };
    },
    countTokens: async (client) => {
      const answer = await client.messages.countTokens({ model, messages: asked.messages });
      return { parsed: plain(answer), count: answer.input_tokens };
    },
  },
};

const stages = useStages();
describeSdk(stages, anthropic);
describeEnvironment(
  stages,
  anthropic,
  'ANTHROPIC_BASE_URL',
  ({ headers }) => new Anthropic({ defaultHeaders: headers, apiKey, maxRetries: 0 }),
);

function answerOf(message) {
  const { input_tokens: fresh, cache_read_input_tokens: read, cache_creation_input_tokens: written } = message.usage;
  const toolUses = message.content.filter(({ type }) => type === 'tool_use');
  return {
    parsed: { ...plain(message), requestId: message._request_id },
    text: message.content.map(({ text }) => text ?? '').join(''),
    toolCalls: toolUses.map(({ name: called, input }) => ({ name: called, args: input })),
    usage: { input: fresh + (read ?? 0) + (written ?? 0), output: message.usage.output_tokens },
  };
}
