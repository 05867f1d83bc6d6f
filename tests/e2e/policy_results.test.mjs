// Tool results that a trusted data policy keeps from the model: what the upstream is sent in their place, in every dialect,
// and what tools are learnt from requests.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { agentWith } from '../support/policies.mjs';
import { Scene } from '../support/scene.mjs';
import { answers, chatBody, chatToolCall, generateBody, messagesBody, responsesBody } from '../support/tool_answers.mjs';
import { until } from '../support/until.mjs';

const told = '[Content blocked by policy: secrets stay here "\\]';
const secret = JSON.stringify({ note: 'the secret of the house' });
const policy = {
  tool: 'read_note',
  conditions: [{ key: 'note', operator: 'contains', value: 'secret' }],
  action: 'block_always',
  description: 'secrets stay here "\\',
};

let scene;
let agent;
before(async () => {
  scene = await Scene.start();
  agent = await agentWith(scene.gateway, { trust: [policy] });
});
after(() => scene.stop());

const dialects = {
  chat: {
    path: (id) => `/v1/openai/${id}/chat/completions`,
    request: (content) => ({
      model: 'gpt-4o',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: null, tool_calls: [{ ...chatToolCall('read_note'), id: 'call_1' }] },
        { role: 'tool', tool_call_id: 'call_1', content },
        { role: 'user', content: 'the secret' },
      ],
      temperature: 1.0,
    }),
    answer: answers.json(chatBody({ content: 'Hi' })),
    contents: { 'a text': secret, 'a list of parts': [{ type: 'text', text: secret }] },
    sent: ({ messages }) => messages[2].content,
  },
  'the responses API': {
    path: (id) => `/v1/openai/${id}/responses`,
    request: (output) => ({
      model: 'gpt-4o',
      input: [
        { type: 'function_call', call_id: 'call_1', name: 'read_note', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output },
      ],
    }),
    answer: answers.json({ ...responsesBody('x'), output: [] }),
    contents: { 'a text': secret, 'a list of parts': [{ type: 'input_text', text: secret }] },
    sent: ({ input }) => input[1].output,
  },
  anthropic: {
    path: (id) => `/v1/anthropic/${id}/v1/messages`,
    request: (content) => ({
      model: 'claude-sonnet-4-6',
      max_tokens: 10,
      messages: [
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'read_note', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content }, { type: 'text', text: 'secret' }] },
      ],
    }),
    answer: answers.json({ ...messagesBody('x'), content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn' }),
    contents: { 'a text': secret, 'a list of blocks': [{ type: 'text', text: secret }] },
    sent: ({ messages }) => messages[1].content[0].content,
  },
  gemini: {
    path: (id) => `/v1/gemini/${id}/v1beta/models/gemini-2.5-flash:generateContent`,
    request: (response) => ({
      contents: [
        { role: 'model', parts: [{ functionCall: { name: 'read_note', args: {} } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'read_note', response } }] },
      ],
    }),
    answer: answers.json(generateBody([{ text: 'Hi' }])),
    contents: { 'an object': JSON.parse(secret) },
    sent: ({ contents }) => contents[1].parts[0].functionResponse.response.result,
  },
};

for (const [name, { path, request, answer, contents, sent }] of Object.entries(dialects)) {
  describe(name, () => {
    for (const [kind, content] of Object.entries(contents)) {
      test(`${kind} is replaced, and nothing else`, async () => {
        const text = JSON.stringify(request(content), null, 1);
        const { result, record, caseName } = await scene.observe(
          (headers) => scene.post(headers, text, { path: path(agent) }), { upstream: answer });
        assert.equal(result.status, 200);
        const upstream = (await scene.upstream.only(caseName)).body.toString('utf8');
        assert.equal(sent(JSON.parse(upstream)), told);
        assert.ok(!upstream.includes('of the house'), upstream);
        // But for the result it is the same text.
        const [before, behind, ...more] = upstream.split(name === 'gemini' ? JSON.stringify({ result: told }) : JSON.stringify(told));
        assert.deepEqual(more, []);
        assert.ok(text.startsWith(before) && text.endsWith(behind), upstream);
        assert.equal(record.log.blocked_tool_results, 1);
        assert.equal(record.growth('policy_evaluations_total', { decision: 'result_blocked' }), 1);
        assert.equal(record.growth('policy_evaluation_seconds_count'), 1);
      });
    }
    test('a result that the policy is not about passes byte for byte', async () => {
      const harmless = JSON.stringify(Object.values(contents)[0]).replaceAll('secret', 'weather');
      const text = JSON.stringify(request(JSON.parse(harmless)), null, 1);
      const { record, caseName } = await scene.observe(
        (headers) => scene.post(headers, text, { path: path(agent) }), { upstream: answer });
      assert.equal((await scene.upstream.only(caseName)).body.toString('utf8'), text);
      assert.equal(record.log.blocked_tool_results, undefined);
    });
  });
}

describe('a body that cannot be read', () => {
  const text = JSON.stringify(dialects.chat.request(secret));
  for (const [name, body, headers] of [
    ['because it is no JSON', `${text}}`, {}],
    ['because it is compressed', gzipSync(text), { 'Content-Encoding': 'gzip' }],
    ['because a member stands there twice', text.replace('"messages":', '"messages":[],"messages":'), {}],
  ]) {
    test(`${name} is refused`, async () => {
      const { result, record } = await scene.observe(
        (own) => scene.post({ ...own, ...headers }, body, { path: dialects.chat.path(agent) }), { tries: 0 });
      assert.deepEqual([result.status, result.fields.get('x-archestra-error')], [400, 'history_not_readable']);
      assert.equal(record.outcome, 'invalid_request');
    });
  }
});

test('the usage option still goes into a body whose results were replaced', async () => {
  const text = JSON.stringify({ ...dialects.chat.request(secret), stream: true });
  const { caseName } = await scene.observe(
    (headers) => scene.post(headers, text, { path: dialects.chat.path(agent) }),
    { upstream: answers.stream('data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n') });
  const sent = JSON.parse((await scene.upstream.only(caseName)).body);
  assert.equal(sent.messages[2].content, told);
  assert.deepEqual(sent.stream_options, { include_usage: true });
});

describe('tools that requests declare', () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } } };
  const declared = {
    chat: [{ type: 'function', function: { name: 'weather', description: 'Tells it', parameters: schema } }],
    'the responses API': [{ type: 'function', name: 'weather', description: 'Tells it', parameters: schema }],
    anthropic: [{ name: 'weather', description: 'Tells it', input_schema: schema }],
    gemini: [{ functionDeclarations: [{ name: 'weather', description: 'Tells it', parameters: schema }] }],
  };
  for (const [name, tools] of Object.entries(declared)) {
    test(`${name}: are known of its agent`, async () => {
      const { path, request, answer, contents } = dialects[name];
      const own = await agentWith(scene.gateway);
      const body = { ...request(Object.values(contents)[0]), tools };
      await scene.observe((headers) => scene.post(headers, body, { path: path(own) }), { upstream: answer });
      const { data: [tool] } = await until('a tool', async () => {
        const { json } = await scene.gateway.api('GET', `/tools?agentId=${own}`);
        return json.data.length > 0 && json;
      });
      assert.deepEqual([tool.name, tool.description, tool.agentId], ['weather', 'Tells it', own]);
      assert.deepEqual([tool.resultTreatment, tool.usableWithUntrustedData], ['untrusted', false]);
    });
  }

  test('may be used with untrusted data where their settings say so', async () => {
    const own = await agentWith(scene.gateway, { settings: { considerContextUntrusted: true, denyToolsInUntrustedContext: true } });
    const body = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }], tools: declared.chat };
    const ask = () => scene.observe((headers) => scene.post(headers, body, { path: dialects.chat.path(own) }),
      { upstream: answers.json(chatBody({ tool_calls: [chatToolCall('weather')] })) });
    assert.equal((await ask()).record.growth('llm_blocked_tool_total'), 1);
    const { data: [tool] } = await until('a tool', async () => {
      const { json } = await scene.gateway.api('GET', `/tools?agentId=${own}`);
      return json.data.length > 0 && json;
    });
    assert.equal((await scene.gateway.api('PUT', `/tools/${tool.id}`, { usableWithUntrustedData: true })).status, 200);
    assert.equal((await ask()).record.growth('llm_blocked_tool_total'), 0);
  });
});
