// What the official SDKs make of an answer, in words that all dialects share. Each `ask` makes one call to the base URL of
// an agent and parses what comes with the SDK's own types and accumulators.

import { createRequire } from 'node:module';

const require = createRequire(new URL('../e2e/package.json', import.meta.url));
const { default: Anthropic } = require('@anthropic-ai/sdk');
const { GoogleGenAI } = require('@google/genai');
const { default: OpenAI } = require('openai');

const apiKey = 'key-of-the-client';
const question = 'What is to be done?';

/** The SDK's call for a recording, or for anything of its path: ask({ origin, agentId, headers }). */
export function askOf({ provider, api_path: path, query, stream }) {
  if (provider === 'anthropic') return (call) => askAnthropic(call, stream);
  if (provider === 'gemini' && stream && !query.includes('alt=sse')) return askForArray;
  if (provider === 'gemini') return (call) => askGemini(call, stream);
  return path.endsWith('/responses') ? (call) => askResponses(call, stream) : (call) => askChat(call, stream);
}

const urlOf = (origin, provider, agentId) => `${origin}/v1/${provider}${agentId ? `/${agentId}` : ''}`;
const plain = (value) => JSON.parse(JSON.stringify(value));

async function askChat({ origin, agentId, headers }, stream) {
  const client = new OpenAI({ baseURL: urlOf(origin, 'openai', agentId), apiKey, maxRetries: 0, defaultHeaders: headers });
  const asked = { model: 'gpt-4o', messages: [{ role: 'user', content: question }] };
  const answer = stream
    ? await client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } }).finalChatCompletion()
    : await client.chat.completions.create(asked);
  return {
    raw: plain(answer),
    texts: answer.choices.map(({ message }) => message.content ?? ''),
    refusals: answer.choices.map(({ message }) => message.refusal ?? null),
    calls: answer.choices.flatMap(({ message }) =>
      (message.tool_calls ?? []).map((call) => (call.function ?? call.custom).name)),
    ends: answer.choices.map((choice) => choice.finish_reason),
    usage: plain(answer.usage ?? null),
    kept: [],
  };
}

async function askResponses({ origin, agentId, headers }, stream) {
  const client = new OpenAI({ baseURL: urlOf(origin, 'openai', agentId), apiKey, maxRetries: 0, defaultHeaders: headers });
  const asked = { model: 'gpt-4o', input: question };
  const answer = stream ? await client.responses.stream(asked).finalResponse() : await client.responses.create(asked);
  return {
    raw: plain(answer),
    texts: [answer.output_text],
    calls: answer.output.filter(({ type }) => /^(function|custom_tool)_call$/.test(type)).map(({ name }) => name),
    ends: [answer.status],
    usage: plain(answer.usage ?? null),
    kept: plain(answer.output.filter(({ type }) => type === 'reasoning')),
  };
}

async function askAnthropic({ origin, agentId, headers }, stream) {
  const client = new Anthropic({ baseURL: urlOf(origin, 'anthropic', agentId), apiKey, maxRetries: 0, defaultHeaders: headers });
  const asked = { model: 'claude-sonnet-4-6', max_tokens: 1024, messages: [{ role: 'user', content: question }] };
  const answer = stream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
  const server = ({ type }) => type !== 'text' && type !== 'tool_use';
  return {
    raw: plain(answer),
    texts: [answer.content.map(({ text }) => text ?? '').join('')],
    calls: answer.content.filter(({ type }) => type === 'tool_use').map(({ name }) => name),
    ends: [answer.stop_reason],
    usage: plain(answer.usage),
    kept: plain(answer.content.filter(server)),
  };
}

async function askGemini({ origin, agentId, headers }, stream) {
  const baseUrl = urlOf(origin, 'gemini', agentId);
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl, headers } });
  const asked = { model: 'gemini-2.5-flash', contents: question };
  const chunks = [];
  if (stream) for await (const chunk of await client.models.generateContentStream(asked)) chunks.push(chunk);
  else chunks.push(await client.models.generateContent(asked));
  return wordsOf(chunks);
}

/** The stream as one array, which the SDK does not ask for. */
async function askForArray({ origin, agentId, headers }) {
  const url = `${urlOf(origin, 'gemini', agentId)}/v1beta/models/gemini-2.5-flash:streamGenerateContent`;
  const response = await fetch(url, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: '{"contents":[]}' });
  return wordsOf(await response.json());
}

function wordsOf(chunks) {
  const parts = chunks.flatMap(({ candidates = [] }) => candidates.flatMap(({ content }) => content?.parts ?? []));
  return {
    raw: plain(chunks),
    texts: [parts.filter(({ thought }) => !thought).map(({ text }) => text ?? '').join('')],
    calls: parts.flatMap(({ functionCall }) => (functionCall ? [functionCall.name] : [])),
    ends: chunks.flatMap(({ candidates = [] }) => candidates.flatMap(({ finishReason }) => finishReason ?? [])),
    usage: plain(chunks.at(-1).usageMetadata ?? null),
    kept: plain(parts.filter(({ thought }) => thought).map(({ text }) => text)),
  };
}

/** What an answer says at its end whose tool calls were refused. */
export const endOfRefusal = { openai: 'stop', responses: 'completed', anthropic: 'end_turn', gemini: 'STOP' };
