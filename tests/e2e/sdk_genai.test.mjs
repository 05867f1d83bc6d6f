// Google's SDK for Gemini, pointed at the gateway by its base URL alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApiError, GoogleGenAI } from '@google/genai';

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
} from '../support/sdk_scenarios.mjs';

const model = 'gemini-2.5-flash';
const asked = { model, contents: question };
const { name, description, parameters } = tool;
const tools = [{ functionDeclarations: [{ name, description, parametersJsonSchema: parameters }] }];

const stages = useStages();

const genai = (apiVersion) => ({
  name: `genai, ${apiVersion ?? 'its own version'}`,
  dialect: 'gemini',
  directPath: '',
  gatewayPath: '',
  connect: ({ baseUrl, headers }) => new GoogleGenAI({ apiKey, apiVersion, httpOptions: { baseUrl, headers } }),
  isRefusal: (error) => error instanceof ApiError,
  errorOf: (error) => ({
    name: error.constructor.name,
    message: error.message, // the answer's body
    status: error.status,
    type: /"status": *"(\w+)"/.exec(error.message)?.[1],
  }),
  words: {
    chat: async (client) => answerOf([await client.models.generateContent(asked)]),
    stream: async (client, { onText, signal }) => {
      const chunks = [];
      const stream = await client.models.generateContentStream({ ...asked, config: { abortSignal: signal } });
      for await (const chunk of stream) {
        chunks.push(chunk);
        if (chunk.text) onText?.(chunk.text);
      }
      return answerOf(chunks);
    },
    toolCalls: async (client) => answerOf([await client.models.generateContent({ ...asked, config: { tools } })]),
    streamedToolCalls: async (client) =>
      answerOf(await Array.fromAsync(await client.models.generateContentStream({ ...asked, config: { tools } }))),
    embed: async (client) => {
      const answer = await client.models.embedContent({ model: 'gemini-embedding-001', contents: texts });
      return { parsed: parsedOf(answer), vectors: answer.embeddings.map(({ values }) => values) };
    },
    models: async (client) => {
      const list = await Array.fromAsync(await client.models.list());
      return { parsed: plain(list), ids: list.map(({ name }) => name) };
    },
    model: async (client) => {
      const one = await client.models.get({ model });
      return { parsed: parsedOf(one), id: one.name };
    },
    countTokens: async (client) => {
      const answer = await client.models.countTokens(asked);
      return { parsed: parsedOf(answer), count: answer.totalTokens };
    },
  },
});

// By itself this SDK asks for /v1, which aimock does not know.
describeSdk({ simulator: stages.simulator }, genai());
describeSdk({ aimock: stages.aimock }, genai('v1beta'));
describeEnvironment(
  stages,
  genai(),
  'GOOGLE_GEMINI_BASE_URL',
  ({ headers }) => new GoogleGenAI({ apiKey, httpOptions: { headers } }),
);

test('genai, a file goes through the gateway to the end of its upload', async () => {
  const { simulator: stage } = stages;
  const sdk = genai();
  const uploaded = async (client) => {
    const file = new Blob([note.bytes], { type: note.type });
    return parsedOf(await client.files.upload({ file, config: { displayName: note.name } }));
  };
  const direct = sdk.connect({ baseUrl: stage.directUrl(sdk), headers: stage.standIn.headers('plain') });
  const expected = await uploaded(direct);
  // One call tells it the URL for the bytes, the other brings them there.
  const { result, lines } = await stage.logged(sdk, 'plain', 2, uploaded);
  assert.equal(result.sizeBytes, `${note.bytes.length}`);
  assert.deepEqual(stage.standIn.normalised(withoutOrigin(result)), stage.standIn.normalised(withoutOrigin(expected)));
  assert.deepEqual(lines.map(({ outcome }) => outcome), ['completed', 'completed']);
});

/** A file's uri names the provider, or the gateway. */
function withoutOrigin({ uri, ...file }) {
  return { ...file, uri: uri?.replace(/^.*(?=\/files\/)/, '') };
}

function answerOf(chunks) {
  const usage = chunks.at(-1).usageMetadata;
  return {
    parsed: chunks.map(parsedOf),
    text: chunks.map(({ text }) => text ?? '').join(''),
    toolCalls: chunks.flatMap(({ functionCalls }) => functionCalls ?? []).map(({ name, args }) => ({ name, args })),
    usage: {
      input: usage.promptTokenCount + (usage.toolUsePromptTokenCount ?? 0),
      output: usage.candidatesTokenCount + (usage.thoughtsTokenCount ?? 0),
    },
  };
}

/** Without the fields of the HTTP response, which the gateway may add to. */
function parsedOf({ sdkHttpResponse: _, ...answer }) {
  return plain(answer);
}
