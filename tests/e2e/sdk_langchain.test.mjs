// LangChain, whose models are pointed at the gateway by their base URLs alone.

import { ChatAnthropic } from '@langchain/anthropic';
import { tool as makeTool } from '@langchain/core/tools';
import { ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings } from '@langchain/google-genai';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { createAgent } from 'langchain';

import { apiKey, describeSdk, question, texts, tool, useStages } from '../support/sdk_scenarios.mjs';

const maxRetries = 0;
const { name, description, parameters: schema } = tool;
const tools = [makeTool(({ city }) => `sunny in ${city}`, { name, description, schema })];

const asReported = ({ input_tokens: input, output_tokens: output }) => ({ input, output });

/**
 * A client is {baseUrl, headers}; `model` and `embeddings` make of it what is asked. `usage` and `streamUsage` give the
 * tokens that usage_metadata tells, or undefined where it tells something else.
 */
function langchain(provider, dialect, { model, embeddings, usage = asReported, streamUsage = usage, ...rest }) {
  return {
    name: `langchain, ${provider}`,
    dialect,
    ...rest,
    connect: (client) => client,
    statuses: [401, 429, 500],
    isRefusal: (error, status) => error.status === status,
    errorOf,
    words: {
      chat: async (client) => answerOf(await model(client).invoke(question), usage),
      stream: (client, { onText, signal }) => streamed(model(client), { streamUsage, signal, onText }),
      toolCalls: async (client) => answerOf(await model(client).bindTools(tools).invoke(question), usage),
      streamedToolCalls: (client) => streamed(model(client).bindTools(tools), { streamUsage }),
      loop: async (client) => {
        const agent = createAgent({ model: model(client), tools });
        const { messages } = await agent.invoke({ messages: [{ role: 'user', content: question }] });
        const answers = messages.filter(({ type }) => type === 'ai').map((message) => answerOf(message, usage));
        const sum = (kind) => answers.reduce((total, answer) => total + answer.usage[kind], 0);
        return {
          parsed: plainly(messages.map(({ type, content }) => ({ type, content }))),
          text: messages.at(-1).text,
          usage: { input: sum('input'), output: sum('output') },
        };
      },
      ...(embeddings && {
        embed: async (client) => {
          const vectors = await embeddings(client).embedDocuments(texts);
          return { parsed: vectors, vectors };
        },
      }),
    },
  };
}

const stages = useStages();

function openai(provider, fields) {
  const optionsOf = ({ baseUrl, headers }) => ({
    apiKey,
    maxRetries,
    configuration: { baseURL: baseUrl, defaultHeaders: headers },
  });
  return langchain(provider, 'openai', {
    directPath: '/v1',
    gatewayPath: '',
    model: (client) => new ChatOpenAI({ model: 'gpt-4o-mini', ...optionsOf(client), ...fields }),
    embeddings: (client) => new OpenAIEmbeddings({ model: 'text-embedding-3-small', ...optionsOf(client) }),
  });
}

describeSdk(stages, openai('openai, chat completions', {}));
describeSdk(stages, openai('openai, responses', { useResponsesApi: true }));

describeSdk(
  stages,
  langchain('anthropic', 'anthropic', {
    directPath: '',
    gatewayPath: '',
    model: ({ baseUrl, headers }) =>
      new ChatAnthropic({
        model: 'claude-sonnet-4-6',
        apiKey,
        maxRetries,
        anthropicApiUrl: baseUrl,
        clientOptions: { defaultHeaders: headers },
      }),
    // It adds the output tokens of message_delta to those of message_start, which they include.
    streamUsage: () => undefined,
  }),
);

describeSdk(
  stages,
  langchain('google-genai', 'gemini', {
    directPath: '',
    gatewayPath: '',
    model: ({ baseUrl, headers }) =>
      new ChatGoogleGenerativeAI({ model: 'gemini-2.5-flash', apiKey, maxRetries, baseUrl, customHeaders: headers }),
    embeddings: ({ baseUrl, headers }) => {
      const model = new GoogleGenerativeAIEmbeddings({ model: 'gemini-embedding-001', apiKey, maxRetries, baseUrl });
      model.client._requestOptions.customHeaders = headers; // for which it has no option
      return model;
    },
    // Its output_tokens are without the thoughts.
    usage: ({ input_tokens: input, total_tokens: total }) => ({ input, output: total - input }),
    // It overlooks the first, and of a stream that fails it leaves a promise of its own rejected, out of reach.
    lacks: ['error event', 'stream that breaks off', 'aborted in mid-stream'],
  }),
);

function answerOf(message, usage) {
  const { content, tool_calls: calls, usage_metadata: told, response_metadata: metadata, id } = message;
  return {
    parsed: plainly({ content, calls, told, metadata, id }),
    text: message.text,
    toolCalls: calls.map(({ name: called, args }) => ({ name: called, args })),
    usage: told && usage(told),
  };
}

/** Without the ids that LangChain makes where the provider gave none. */
function plainly(value) {
  return JSON.parse(JSON.stringify(value).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'made'));
}

async function streamed(model, { streamUsage, signal, onText = () => {} }) {
  let message;
  const chunks = [];
  for await (const chunk of await model.stream(question, { signal })) {
    chunks.push(plainly(chunk));
    message = message?.concat(chunk) ?? chunk;
    if (chunk.text) onText(chunk.text);
  }
  const answer = answerOf(message, streamUsage);
  return { ...answer, parsed: { chunks, message: answer.parsed } };
}

function errorOf(error) {
  return {
    name: error.constructor.name,
    message: error.message.replace(/http:\S+(?=\/v1beta\/)/, ''),
    status: error.status,
    code: error.lc_error_code,
    ...(error.headers && { own: error.headers.get('x-archestra-error') }),
  };
}
