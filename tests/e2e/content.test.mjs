// What is said in calls, on the span of the call, where an agent has it captured: in all dialects, as a document and as
// a stream, switched on and off while the gateway runs.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as anthropic from '../support/anthropic_messages.mjs';
import { streamOf } from '../support/answers.mjs';
import * as gemini from '../support/gemini.mjs';
import * as openai from '../support/openai_chat.mjs';
import { agentWith, block, decisionsOf } from '../support/policies.mjs';
import { run } from '../support/program.mjs';
import { Scene } from '../support/scene.mjs';
import { chatBody, chatCall, chatStream, chatToolCall } from '../support/tool_answers.mjs';

const names = ['gen_ai.system_instructions', 'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.tool.definitions'];
const key = 'sk-test-0123456789abcdef0123';
const own = 'the-clients-own-credential';

/** {system, input, output, tools} of a span, parsed; undefined for what it does not have. */
function contentOf(span) {
  const [system, input, output, tools] = names.map((name) => span.attributes[name] && JSON.parse(span.attributes[name]));
  return { system, input, output, tools };
}

function assertNone(span) {
  for (const name of names) assert.equal(span.attributes[name], undefined, name);
}

const text = (content) => ({ type: 'text', content });
const user = (content) => ({ role: 'user', parts: [text(content)] });
const assistant = (finish_reason, ...parts) => ({ role: 'assistant', finish_reason, parts });
const fiveWords = 'word0 word1 word2 word3 word4 ';

const tool = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } };
const responsesEvent = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
const responsesOutput = [{ type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] }];
const response = { id: 'resp_1', object: 'response', model: 'gpt-test', status: 'completed', output: responsesOutput };

/** Of each dialect: a call, what is answered, and what is captured. */
const calls = {
  'OpenAI chat': {
    path: (agent) => `/v1/openai/${agent}/chat/completions`,
    body: { ...openai.chatRequest, tools: [tool] },
    upstream: (own) => own.json200(openai.completion),
    input: [user('Say hello.')],
    output: [assistant('stop', text('Hello.'))],
    tools: [{ type: 'function', name: 'get_weather' }],
  },
  'OpenAI chat, as a stream': {
    path: (agent) => `/v1/openai/${agent}/chat/completions`,
    body: openai.streamRequest,
    upstream: (own) => streamOf(own, openai.wholeStream),
    input: [user('Say hello.')],
    output: [assistant('stop', text(fiveWords))],
  },
  'OpenAI responses': {
    path: (agent) => `/v1/openai/${agent}/responses`,
    body: { model: 'gpt-test', instructions: 'Be kind.', input: 'Say hello.' },
    upstream: (own) => own.json200(response),
    system: [text('Be kind.')],
    input: [user('Say hello.')],
    output: [assistant('stop', text('Hello.'))],
  },
  'OpenAI responses, as a stream': {
    path: (agent) => `/v1/openai/${agent}/responses`,
    body: { model: 'gpt-test', input: 'Say hello.', stream: true },
    upstream: (own) =>
      streamOf(own, [
        responsesEvent({ type: 'response.created', response: { ...response, status: 'in_progress', output: [] } }),
        responsesEvent({ type: 'response.output_item.added', output_index: 0, item: { type: 'message', content: [] } }),
        responsesEvent({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hel' }),
        responsesEvent({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'lo.' }),
        responsesEvent({ type: 'response.completed', response }),
      ]),
    input: [user('Say hello.')],
    output: [assistant('stop', text('Hello.'))],
  },
  'Anthropic messages': {
    path: (agent) => `/v1/anthropic/${agent}/v1/messages`,
    body: { ...anthropic.requestBody, system: 'Be kind.' },
    upstream: (own) => own.json200(anthropic.answer),
    system: [text('Be kind.')],
    input: [
      user('What is the weather in Lisbon?'),
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'toolu_0', name: 'get_place', arguments: { city: 'Lisbon' } }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'toolu_0', response: '38.7, -9.1' }] },
    ],
    output: [
      assistant('tool_call', text('Let me see.'), { type: 'tool_call', id: 'toolu_1', name: 'get_weather', arguments: { lat: 38.7 } }),
    ],
  },
  'Anthropic messages, as a stream': {
    path: (agent) => `/v1/anthropic/${agent}/v1/messages`,
    body: { ...anthropic.requestBody, messages: anthropic.requestBody.messages.slice(0, 1), stream: true },
    upstream: (own) => streamOf(own, anthropic.wholeStream),
    input: [user('What is the weather in Lisbon?')],
    output: [assistant('stop', text(fiveWords))],
  },
  Gemini: {
    path: (agent) => gemini.pathOf('generateContent', { agent }),
    body: { ...gemini.generateRequest, systemInstruction: { parts: [{ text: 'Be kind.' }] } },
    upstream: (own) => own.json200(gemini.chunk([{ text: 'Hello.' }], { finishReason: 'STOP' })),
    system: [text('Be kind.')],
    input: [user('Say hello.')],
    output: [assistant('stop', text('Hello.'))],
  },
  ...Object.fromEntries(
    Object.entries(gemini.forms).map(([form, { contentType, query, pieces, end }]) => [
      `Gemini, as a stream of ${form}`,
      {
        path: (agent) => gemini.pathOf('streamGenerateContent', { agent, query }),
        body: gemini.generateRequest,
        upstream: async (own) => {
          await own.head(200, { 'Content-Type': contentType, 'Transfer-Encoding': 'chunked' });
          for (const piece of [...pieces(gemini.chunks), ...end]) await own.chunk(piece);
          await own.lastChunk();
        },
        input: [user('Say hello.')],
        output: [assistant('stop', text('word1 word2 word3 word4 '))],
      },
    ]),
  ),
};

describe('captured content', () => {
  let scene;
  let agent;
  before(async () => {
    scene = await Scene.start({ env: { ARCHESTRA_CONTENT_LIMIT: '2KB', ARCHESTRA_CONTENT_REDACT: '[0-9]{4}-[0-9]{4}' } });
    agent = (await scene.gateway.api('POST', '/agents', { name: 'Captured', captureContent: true })).json.id;
  });
  after(() => scene?.stop());

  const capture = async (captureContent) => {
    const { status } = await scene.gateway.api('PUT', `/agents/${agent}`, { captureContent });
    assert.equal(status, 200);
  };
  const observe = async (path, body, upstream, headers) => {
    const { record } = await scene.observe((all) => scene.post(all, body, { path }), { upstream, headers });
    assertNone(record.server);
    return record.client;
  };
  const chat = (content, upstream = (answer) => answer.json200(openai.completion), headers) =>
    observe(`/v1/openai/${agent}/chat/completions`, { ...openai.chatRequest, messages: [{ role: 'user', content }] }, upstream, headers);

  for (const [name, { path, body, upstream, system, input, output, tools }] of Object.entries(calls)) {
    test(`${name}: on, off and on again`, async () => {
      for (const isOn of [true, false, true]) {
        await capture(isOn);
        const span = await observe(path(agent), body, upstream);
        if (isOn) assert.deepEqual(contentOf(span), { system, input, output, tools });
        else assertNone(span);
      }
    });
  }

  test('is none of agents that have not asked for it', async () => {
    assertNone(await observe('/v1/openai/chat/completions', openai.chatRequest, (own) => own.json200(openai.completion)));
  });

  test('has no credentials, wherever they are', async () => {
    const answer = {
      ...openai.completion,
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: `You said ${key}.`,
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: JSON.stringify({ k: `\n${key}`, own }) } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
    };
    const span = await chat(`${key}, ${own}, 1234-5678`, (upstream) => upstream.json200(answer), { Authorization: `Bearer ${own}` });
    assert.deepEqual(contentOf(span), {
      system: undefined,
      input: [user('[REDACTED], [REDACTED], [REDACTED]')],
      output: [
        assistant('tool_call', text('You said [REDACTED].'), {
          type: 'tool_call',
          id: 'c1',
          name: 'f',
          arguments: { k: '\n[REDACTED]', own: '[REDACTED]' },
        }),
      ],
      tools: undefined,
    });
  });

  test('has no credential that came in pieces', async () => {
    const pieces = [...`It is ${key}, is it?`].map((letter) => openai.events.word(letter));
    const stream = [openai.events.role, ...pieces, openai.events.stop, openai.events.done];
    const span = await observe(`/v1/openai/${agent}/chat/completions`, openai.streamRequest, (own) => streamOf(own, stream));
    assert.deepEqual(contentOf(span).output, [assistant('stop', text('It is [REDACTED], is it?'))]);
  });

  test('is cut where it is long, and says so', async () => {
    const long = '"é😀\n'.repeat(5000);
    const stream = [openai.events.role, ...Array(50).fill(openai.events.word(long.slice(0, 800))), openai.events.stop, openai.events.done];
    const body = { ...openai.streamRequest, messages: [{ role: 'user', content: long }, { role: 'user', content: 'And now?' }] };
    const span = await observe(`/v1/openai/${agent}/chat/completions`, body, (own) => streamOf(own, stream));
    for (const name of ['gen_ai.input.messages', 'gen_ai.output.messages']) {
      const bytes = Buffer.byteLength(span.attributes[name]);
      assert.ok(bytes <= 2048 && bytes > 1500, `${name}: ${bytes}`);
    }
    const { input, output } = contentOf(span);
    assert.deepEqual(input.at(-1), user('And now?'));
    for (const [part] of [input[0].parts, output[0].parts]) {
      assert.equal(part.truncated, true);
      assert.ok(long.startsWith(part.content));
    }
  });

  test('tells how a stream broke off', async () => {
    const span = await observe(`/v1/openai/${agent}/chat/completions`, openai.streamRequest, async (own) => {
      await own.streamHead();
      await own.chunk(openai.events.role + openai.events.word('Hel'));
      await own.end();
    });
    assert.deepEqual(contentOf(span).output, [assistant('error', text('Hel'))]);
  });

  test('is the request alone where the provider has an error', async () => {
    const span = await chat('Hello?', (own) => own.respond(400, { 'Content-Type': 'application/json' }, openai.errorBody('e', 'no')));
    assert.deepEqual(contentOf(span), { system: undefined, input: [user('Hello?')], output: undefined, tools: undefined });
  });

  test("is the provider's side where a policy stands between", async () => {
    const guarded = await agentWith(scene.gateway, {
      settings: { captureContent: true },
      invocation: [block('delete')],
      trust: [{ tool: 'fetch', action: 'block_always', description: 'not that' }],
    });
    const history = [
      { role: 'assistant', tool_calls: [{ id: 'c0', type: 'function', function: { name: 'fetch', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c0', content: 'what the model must not see' },
    ];
    const answers = {
      document: (own) => own.json200(chatBody({ tool_calls: [chatToolCall('delete', { path: '/' })] })),
      stream: (own) => streamOf(own, [chatStream(chatCall('delete', ['{"path":', '"/"}']))]),
    };
    for (const [form, upstream] of Object.entries(answers)) {
      const body = { ...openai.chatRequest, messages: history, ...(form === 'stream' && { stream: true }) };
      const { result, record } = await scene.observe((all) => scene.post(all, body, { path: `/v1/openai/${guarded}/chat/completions` }), { upstream });
      assert.ok(!result.body.toString().includes('"tool_calls":[{'), 'the client got no call');
      assert.deepEqual(decisionsOf(record.client).map(({ tool, decision }) => [tool, decision]), [['delete', 'blocked']]);
      const { input, output } = contentOf(record.client);
      assert.match(input[1].parts[0].response, /^\[Content blocked by policy: /);
      const { type, name, arguments: told } = output[0].parts[0];
      assert.deepEqual([output[0].finish_reason, type, name, told], ['tool_call', 'tool_call', 'delete', { path: '/' }]);
    }
  });

  test('is nowhere but in spans', async () => {
    const mark = 'a-mark-that-is-nowhere-else';
    const span = await chat(mark);
    assert.ok(span.attributes['gen_ai.input.messages'].includes(mark));
    const recent = await scene.gateway.api('GET', '/recent-calls');
    assert.equal(recent.status, 200);
    assert.ok(!JSON.stringify(recent.json).includes(mark));
    assert.ok(!scene.gateway.program.stdout.join('\n').includes(mark));
  });
});

test('a pattern that is none stops the start with one line', async () => {
  const { code, stderr } = await run(['serve'], { env: { ARCHESTRA_CONTENT_REDACT: '(' } });
  assert.notEqual(code, 0);
  assert.match(stderr.trim(), /^[^\n]*ARCHESTRA_CONTENT_REDACT[^\n]*$/);
});
