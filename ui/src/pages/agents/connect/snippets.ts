// How each client is pointed at the gateway. Data: a client more is an entry more.

export type Dialect = 'openai' | 'anthropic' | 'gemini';

export interface Step {
  /** What to do with the code: a command to run, a file to write. */
  title: string;
  language: 'shell' | 'python' | 'javascript' | 'toml' | 'json';
  code: string;
}

export interface Client {
  id: string;
  group: string;
  name: string;
  dialect: Dialect;
  /** What is worth knowing beside the code. */
  note?: string;
  /** `base` is the agent's base URL at a provider of this dialect. */
  steps: (base: string) => Step[];
}

const kModels: Record<Dialect, string> = {
  openai: 'gpt-5.4-mini',
  anthropic: 'claude-sonnet-5-5',
  gemini: 'gemini-3.8-flash',
};

const install = (command: string): Step => ({ title: 'Install', language: 'shell', code: command });
const python = (code: string): Step => ({ title: 'main.py', language: 'python', code });
const javascript = (code: string): Step => ({ title: 'main.mjs', language: 'javascript', code });

export const clients: Client[] = [
  // --- SDKs of the providers
  {
    id: 'openai-python',
    group: 'OpenAI SDK',
    name: 'Python',
    dialect: 'openai',
    steps: (base) => [
      install('pip install openai'),
      python(`from openai import OpenAI

# The key stays in OPENAI_API_KEY.
client = OpenAI(base_url="${base}")

response = client.chat.completions.create(
    model="${kModels.openai}",
    messages=[{"role": "user", "content": "Say hello."}],
)
print(response.choices[0].message.content)`),
    ],
  },
  {
    id: 'openai-js',
    group: 'OpenAI SDK',
    name: 'JavaScript',
    dialect: 'openai',
    steps: (base) => [
      install('npm install openai'),
      javascript(`import OpenAI from 'openai';

// The key stays in OPENAI_API_KEY.
const client = new OpenAI({ baseURL: '${base}' });

const response = await client.chat.completions.create({
  model: '${kModels.openai}',
  messages: [{ role: 'user', content: 'Say hello.' }],
});
console.log(response.choices[0].message.content);`),
    ],
  },
  {
    id: 'anthropic-python',
    group: 'Anthropic SDK',
    name: 'Python',
    dialect: 'anthropic',
    steps: (base) => [
      install('pip install anthropic'),
      python(`from anthropic import Anthropic

# The key stays in ANTHROPIC_API_KEY.
client = Anthropic(base_url="${base}")

message = client.messages.create(
    model="${kModels.anthropic}",
    max_tokens=256,
    messages=[{"role": "user", "content": "Say hello."}],
)
print(message.content[0].text)`),
    ],
  },
  {
    id: 'anthropic-js',
    group: 'Anthropic SDK',
    name: 'JavaScript',
    dialect: 'anthropic',
    steps: (base) => [
      install('npm install @anthropic-ai/sdk'),
      javascript(`import Anthropic from '@anthropic-ai/sdk';

// The key stays in ANTHROPIC_API_KEY.
const client = new Anthropic({ baseURL: '${base}' });

const message = await client.messages.create({
  model: '${kModels.anthropic}',
  max_tokens: 256,
  messages: [{ role: 'user', content: 'Say hello.' }],
});
console.log(message.content[0].text);`),
    ],
  },
  {
    id: 'gemini-python',
    group: 'Gemini SDK',
    name: 'Python',
    dialect: 'gemini',
    steps: (base) => [
      install('pip install google-genai'),
      python(`from google import genai

# The key stays in GEMINI_API_KEY.
client = genai.Client(http_options={"base_url": "${base}"})

response = client.models.generate_content(
    model="${kModels.gemini}",
    contents="Say hello.",
)
print(response.text)`),
    ],
  },
  {
    id: 'gemini-js',
    group: 'Gemini SDK',
    name: 'JavaScript',
    dialect: 'gemini',
    steps: (base) => [
      install('npm install @google/genai'),
      javascript(`import { GoogleGenAI } from '@google/genai';

const client = new GoogleGenAI({
  apiKey: process.env.GEMINI_API_KEY,
  httpOptions: { baseUrl: '${base}' },
});

const response = await client.models.generateContent({
  model: '${kModels.gemini}',
  contents: 'Say hello.',
});
console.log(response.text);`),
    ],
  },

  // --- Vercel AI SDK
  {
    id: 'vercel-openai',
    group: 'Vercel AI SDK',
    name: 'OpenAI',
    dialect: 'openai',
    steps: (base) => [
      install('npm install ai @ai-sdk/openai'),
      javascript(`import { createOpenAI } from '@ai-sdk/openai';
import { generateText } from 'ai';

// The key stays in OPENAI_API_KEY.
const openai = createOpenAI({ baseURL: '${base}' });

const { text } = await generateText({ model: openai('${kModels.openai}'), prompt: 'Say hello.' });
console.log(text);`),
    ],
  },
  {
    id: 'vercel-anthropic',
    group: 'Vercel AI SDK',
    name: 'Anthropic',
    dialect: 'anthropic',
    note: 'This package wants the /v1 at the end.',
    steps: (base) => [
      install('npm install ai @ai-sdk/anthropic'),
      javascript(`import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText } from 'ai';

// The key stays in ANTHROPIC_API_KEY.
const anthropic = createAnthropic({ baseURL: '${base}/v1' });

const { text } = await generateText({ model: anthropic('${kModels.anthropic}'), prompt: 'Say hello.' });
console.log(text);`),
    ],
  },
  {
    id: 'vercel-google',
    group: 'Vercel AI SDK',
    name: 'Google',
    dialect: 'gemini',
    note: 'This package wants the /v1beta at the end.',
    steps: (base) => [
      install('npm install ai @ai-sdk/google'),
      javascript(`import { createGoogle } from '@ai-sdk/google';
import { generateText } from 'ai';

// The key stays in GOOGLE_GENERATIVE_AI_API_KEY.
const google = createGoogle({ baseURL: '${base}/v1beta' });

const { text } = await generateText({ model: google('${kModels.gemini}'), prompt: 'Say hello.' });
console.log(text);`),
    ],
  },

  // --- LangChain
  {
    id: 'langchain-python-openai',
    group: 'LangChain, Python',
    name: 'OpenAI',
    dialect: 'openai',
    steps: (base) => [
      install('pip install langchain-openai'),
      python(`from langchain_openai import ChatOpenAI

model = ChatOpenAI(model="${kModels.openai}", base_url="${base}")
print(model.invoke("Say hello.").text)`),
    ],
  },
  {
    id: 'langchain-python-anthropic',
    group: 'LangChain, Python',
    name: 'Anthropic',
    dialect: 'anthropic',
    steps: (base) => [
      install('pip install langchain-anthropic'),
      python(`from langchain_anthropic import ChatAnthropic

model = ChatAnthropic(model="${kModels.anthropic}", base_url="${base}")
print(model.invoke("Say hello.").text)`),
    ],
  },
  {
    id: 'langchain-python-gemini',
    group: 'LangChain, Python',
    name: 'Gemini',
    dialect: 'gemini',
    note: 'Needs langchain-google-genai 4 or later.',
    steps: (base) => [
      install('pip install "langchain-google-genai>=4"'),
      python(`from langchain_google_genai import ChatGoogleGenerativeAI

model = ChatGoogleGenerativeAI(model="${kModels.gemini}", base_url="${base}")
print(model.invoke("Say hello.").text)`),
    ],
  },
  {
    id: 'langchain-js-openai',
    group: 'LangChain, JavaScript',
    name: 'OpenAI',
    dialect: 'openai',
    steps: (base) => [
      install('npm install @langchain/openai @langchain/core'),
      javascript(`import { ChatOpenAI } from '@langchain/openai';

const model = new ChatOpenAI({
  model: '${kModels.openai}',
  configuration: { baseURL: '${base}' },
});
console.log((await model.invoke('Say hello.')).text);`),
    ],
  },
  {
    id: 'langchain-js-anthropic',
    group: 'LangChain, JavaScript',
    name: 'Anthropic',
    dialect: 'anthropic',
    steps: (base) => [
      install('npm install @langchain/anthropic @langchain/core'),
      javascript(`import { ChatAnthropic } from '@langchain/anthropic';

const model = new ChatAnthropic({
  model: '${kModels.anthropic}',
  anthropicApiUrl: '${base}',
});
console.log((await model.invoke('Say hello.')).text);`),
    ],
  },
  {
    id: 'langchain-js-gemini',
    group: 'LangChain, JavaScript',
    name: 'Gemini',
    dialect: 'gemini',
    steps: (base) => [
      install('npm install @langchain/google-genai @langchain/core'),
      javascript(`import { ChatGoogleGenerativeAI } from '@langchain/google-genai';

const model = new ChatGoogleGenerativeAI({
  model: '${kModels.gemini}',
  baseUrl: '${base}',
});
console.log((await model.invoke('Say hello.')).text);`),
    ],
  },

  // --- Agents in the terminal
  {
    id: 'claude-code',
    group: 'Terminal',
    name: 'Claude Code',
    dialect: 'anthropic',
    note: 'It adds /v1/messages itself. /status in Claude Code shows the base URL in use.',
    steps: (base) => [
      {
        title: 'Start it with this base URL',
        language: 'shell',
        code: `export ANTHROPIC_BASE_URL=${base}\nclaude`,
      },
      {
        title: 'Or for good, in ~/.claude/settings.json',
        language: 'json',
        code: JSON.stringify({ env: { ANTHROPIC_BASE_URL: base } }, null, 2),
      },
    ],
  },
  {
    id: 'codex',
    group: 'Terminal',
    name: 'Codex CLI',
    dialect: 'openai',
    note: 'model_provider stands above all tables of the file. The key is read from OPENAI_API_KEY.',
    steps: (base) => [
      {
        title: '~/.codex/config.toml',
        language: 'toml',
        code: `model_provider = "archestra"

[model_providers.archestra]
name = "Archestra"
base_url = "${base}"
env_key = "OPENAI_API_KEY"
wire_api = "responses"`,
      },
      { title: 'Start it', language: 'shell', code: 'codex' },
    ],
  },
  {
    id: 'gemini-cli',
    group: 'Terminal',
    name: 'Gemini CLI',
    dialect: 'gemini',
    note: 'Where it asks how to sign in, choose the Gemini API key: a Google account goes past this URL.',
    steps: (base) => [
      {
        title: 'Start it with this base URL',
        language: 'shell',
        code: `export GOOGLE_GEMINI_BASE_URL=${base}\nexport GEMINI_API_KEY=...\ngemini`,
      },
    ],
  },

  // --- By hand
  {
    id: 'curl-openai',
    group: 'curl',
    name: 'OpenAI',
    dialect: 'openai',
    steps: (base) => [
      {
        title: 'A call',
        language: 'shell',
        code: `curl ${base}/chat/completions \\
  -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "${kModels.openai}", "messages": [{"role": "user", "content": "Say hello."}]}'`,
      },
    ],
  },
  {
    id: 'curl-anthropic',
    group: 'curl',
    name: 'Anthropic',
    dialect: 'anthropic',
    steps: (base) => [
      {
        title: 'A call',
        language: 'shell',
        code: `curl ${base}/v1/messages \\
  -H "x-api-key: $ANTHROPIC_API_KEY" \\
  -H 'anthropic-version: 2023-06-01' \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "${kModels.anthropic}", "max_tokens": 256, "messages": [{"role": "user", "content": "Say hello."}]}'`,
      },
    ],
  },
  {
    id: 'curl-gemini',
    group: 'curl',
    name: 'Gemini',
    dialect: 'gemini',
    steps: (base) => [
      {
        title: 'A call',
        language: 'shell',
        code: `curl ${base}/v1beta/models/${kModels.gemini}:generateContent \\
  -H "x-goog-api-key: $GEMINI_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"contents": [{"parts": [{"text": "Say hello."}]}]}'`,
      },
    ],
  },
];

/** The base URL of one agent; the default one needs no id in it. */
export function agentBaseUrl(providerBaseUrl: string, agent: { id: string; isDefault: boolean }): string {
  return agent.isDefault ? providerBaseUrl : `${providerBaseUrl}/${agent.id}`;
}
