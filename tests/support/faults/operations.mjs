// The operations that a run of faults calls, in each dialect: where, with what body, and what an answer says of its
// tokens.

/** {input, output} in the words of the log of calls; undefined where the answer does not say. */
const ofOpenAi = (usage) =>
  usage && {
    input: usage.prompt_tokens ?? usage.input_tokens,
    output: usage.completion_tokens ?? usage.output_tokens ?? 0,
  };

function ofAnthropic(usage) {
  if (!usage) return undefined;
  const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  return { input: usage.input_tokens + cached, output: usage.output_tokens };
}

const ofGemini = (usage) =>
  usage && {
    input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
    output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
  };

const events = (text) =>
  text
    .split(/\r?\n\r?\n/)
    .map((event) => /^data: ?(\{.*)$/m.exec(event)?.[1])
    .filter(Boolean)
    .map((data) => JSON.parse(data));

/** The last thing that `read` finds in a list. */
const last = (list, read) => list.map(read).filter(Boolean).at(-1);

const schema = { type: 'object', properties: { to: { type: 'string' } } };
const say = 'Say something that nobody has said.';
const chat = ({ model, tool, stream, usage }) => ({
  model,
  messages: [{ role: 'user', content: say }],
  ...(tool && { tools: [{ type: 'function', function: { name: tool, parameters: schema } }] }),
  ...(stream && { stream }),
  ...(usage && { stream_options: { include_usage: true } }),
});
const responses = ({ model, tool, stream }) => ({
  model,
  input: say,
  ...(tool && { tools: [{ type: 'function', name: tool, parameters: schema }] }),
  ...(stream && { stream }),
});
const message = ({ model, tool, stream }) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user', content: say }],
  ...(tool && { tools: [{ name: tool, input_schema: schema }] }),
  ...(stream && { stream }),
});
const generate = ({ tool }) => ({
  contents: [{ role: 'user', parts: [{ text: say }] }],
  ...(tool && { tools: [{ functionDeclarations: [{ name: tool, parameters: schema }] }] }),
});

const openai = { provider: 'openai', models: ['gpt-4o', 'gpt-5'] };
const anthropic = {
  provider: 'anthropic',
  models: ['claude-sonnet-4-5'],
  headers: { 'anthropic-version': '2023-06-01', 'x-api-key': 'none' },
};
const gemini = { provider: 'gemini', models: ['gemini-2.5-pro'] };
const geminiPath =
  (method) =>
  ({ model }) =>
    `/v1beta/models/${model}:${method}`;

/** Of a message's stream: the input is told at the start, the output at the end. */
function ofMessageStream(text) {
  const all = events(text);
  const start = last(all, (event) => event.message?.usage);
  const end = last(all, (event) => event.type === 'message_delta' && event.usage);
  return (
    start &&
    end &&
    ofAnthropic({ ...start, ...Object.fromEntries(Object.entries(end).filter(([, value]) => value !== null)) })
  );
}

/**
 * name -> {provider, models, path(plan), body(plan) or none, weight, isStream, hasTools, usage(text)}; `usage` reads the
 * figures from a whole answer that is no error. `tellsNone`: no answer of it counts tokens.
 */
export const operations = {
  'chat, JSON': {
    ...openai,
    weight: 14,
    path: () => '/chat/completions',
    body: chat,
    hasTools: true,
    usage: (text) => ofOpenAi(JSON.parse(text).usage),
  },
  'chat, a stream': {
    ...openai,
    weight: 16,
    path: () => '/chat/completions',
    body: (plan) => chat({ ...plan, stream: true }),
    isStream: true,
    hasTools: true,
  },
  'chat, a stream with usage': {
    ...openai,
    weight: 12,
    path: () => '/chat/completions',
    body: (plan) => chat({ ...plan, stream: true, usage: true }),
    isStream: true,
    hasTools: true,
    usage: (text) => ofOpenAi(last(events(text), (event) => event.usage)),
  },
  'responses, JSON': {
    ...openai,
    weight: 5,
    path: () => '/responses',
    body: responses,
    hasTools: true,
    usage: (text) => ofOpenAi(JSON.parse(text).usage),
  },
  'responses, a stream': {
    ...openai,
    weight: 6,
    path: () => '/responses',
    body: (plan) => responses({ ...plan, stream: true }),
    isStream: true,
    hasTools: true,
    usage: (text) => ofOpenAi(last(events(text), (event) => event.response?.usage)),
  },
  embeddings: {
    ...openai,
    weight: 4,
    path: () => '/embeddings',
    body: ({ model }) => ({ model, input: [say, say] }),
    usage: (text) => ofOpenAi(JSON.parse(text).usage),
  },
  'pass-through': { ...openai, weight: 4, path: () => '/models', tellsNone: true },
  'messages, JSON': {
    ...anthropic,
    weight: 7,
    path: () => '/v1/messages',
    body: message,
    hasTools: true,
    usage: (text) => ofAnthropic(JSON.parse(text).usage),
  },
  'messages, a stream': {
    ...anthropic,
    weight: 10,
    path: () => '/v1/messages',
    body: (plan) => message({ ...plan, stream: true }),
    isStream: true,
    hasTools: true,
    usage: ofMessageStream,
  },
  'count of tokens': {
    ...anthropic,
    weight: 2,
    path: () => '/v1/messages/count_tokens',
    body: message,
    tellsNone: true,
  },
  'generateContent, JSON': {
    ...gemini,
    weight: 6,
    path: geminiPath('generateContent'),
    body: generate,
    hasTools: true,
    usage: (text) => ofGemini(JSON.parse(text).usageMetadata),
  },
  'generateContent, events': {
    ...gemini,
    weight: 7,
    path: (plan) => `${geminiPath('streamGenerateContent')(plan)}?alt=sse`,
    body: generate,
    isStream: true,
    hasTools: true,
    usage: (text) => ofGemini(last(events(text), (event) => event.usageMetadata)),
  },
  'generateContent, an array': {
    ...gemini,
    weight: 5,
    path: geminiPath('streamGenerateContent'),
    body: generate,
    isStream: true,
    hasTools: true,
    usage: (text) => ofGemini(last(JSON.parse(text), (chunk) => chunk.usageMetadata)),
  },
  embedContent: {
    ...gemini,
    weight: 2,
    path: geminiPath('embedContent'),
    body: () => ({ content: { parts: [{ text: say }] } }),
  },
};
