// Ways around a tool policy that somebody might think of, each tried: by the model and what it writes, by the provider and
// how it sends it, by the client and what it asks for. The tool that is forbidden is send_email.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

import { exchange } from '../support/client.mjs';
import { agentWith, block, decisionsOf } from '../support/policies.mjs';
import { Scene } from '../support/scene.mjs';
import {
  answers,
  callsIn,
  chatBody,
  chatCall,
  chatChunk,
  chatEnd,
  chatStream,
  chatToolCall,
  generateBody,
  messagesBody,
  messagesStream,
  named,
  responsesBody,
  sse,
} from '../support/tool_answers.mjs';

const forbidden = 'send_email';
const paths = {
  chat: (id) => `/v1/openai/${id}/chat/completions`,
  responses: (id) => `/v1/openai/${id}/responses`,
  messages: (id) => `/v1/anthropic/${id}/v1/messages`,
  generate: (id) => `/v1/gemini/${id}/v1beta/models/gemini-2.5-flash:generateContent`,
  streamGenerate: (id) => `/v1/gemini/${id}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`,
  streamArray: (id) => `/v1/gemini/${id}/v1beta/models/gemini-2.5-flash:streamGenerateContent`,
};
const asked = { model: 'gpt-4o', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };
const streamed = { ...asked, stream: true };

let scene;
let guarded; // never sends mail
let conditional; // not to evil.example
let wary; // not in an untrusted context
before(async () => {
  scene = await Scene.start({ env: { ARCHESTRA_USAGE_OPTION_OFF: 'openai' } });
  const condition = { key: 'to', operator: 'contains', value: 'evil.example' };
  guarded = await agentWith(scene.gateway, { invocation: [block(forbidden)] });
  conditional = await agentWith(scene.gateway, { invocation: [block(forbidden, { conditions: [condition] })] });
  wary = await agentWith(scene.gateway, {
    invocation: [block(forbidden, { action: 'block_when_context_is_untrusted' })],
    trust: [{ tool: 'read_inbox', conditions: [{ key: 'from', operator: 'endsWith', value: '@us.example' }], action: 'mark_as_trusted', description: 'ours' }],
  });
});
after(() => scene.stop());

/** Posts `body` for an agent, where the upstream does `upstream`. */
const call = (path, body, upstream, headers = {}) =>
  scene.observe((own) => scene.post({ ...own, ...headers }, body, { path }), { upstream });

/** That nothing of the answer would be called, and that the refusal is counted. */
async function assertRefused(path, body, upstream, { headers, calls, outcome = 'completed' } = {}) {
  const { result, record, caseName } = await call(path, body, upstream, headers);
  assert.equal(result.status, 200);
  assert.deepEqual(callsIn(result.body), [], result.body.toString('utf8').slice(0, 2000));
  const decisions = decisionsOf(record.client);
  assert.ok(decisions.length > 0 && decisions.every(({ decision }) => decision === 'blocked'), JSON.stringify(decisions));
  assert.equal(record.growth('llm_blocked_tool_total'), calls ?? decisions.length);
  assert.equal(record.outcome, outcome);
  return { text: result.body.toString('utf8'), result, record, caseName };
}

async function assertPasses(path, body, upstream, calls) {
  const { result, record } = await call(path, body, upstream);
  assert.equal(result.status, 200);
  assert.deepEqual(callsIn(result.body), calls);
  assert.equal(record.growth('llm_blocked_tool_total'), 0);
}

describe('names that are written otherwise', () => {
  const tricks = {
    'in capitals': 'Send_EMAIL',
    'with white space': ' send_email ',
    'with a zero width space': 'send\u200b_email',
    'in fullwidth letters': '\uff53\uff45\uff4e\uff44_email',
    'with a soft hyphen': 'send_\u00ademail',
    'with a prefix that Gemini gives': 'default_api.send_email',
  };
  for (const [name, tool] of Object.entries(tricks))
    test(name, () => assertRefused(paths.chat(guarded), asked, answers.json(chatBody({ tool_calls: [chatToolCall(tool)] }))));
  test('escaped', () =>
    assertRefused(paths.chat(guarded), asked, answers.json(
      JSON.stringify(chatBody({ tool_calls: [chatToolCall('NAME')] })).replace('NAME', 's\\u0065nd_email'))));
  test('in fragments', () =>
    assertRefused(paths.chat(guarded), streamed, answers.stream(chatStream(
      chatChunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'send_', arguments: '' } }] }),
      chatChunk({ tool_calls: [{ index: 0, function: { name: 'email', arguments: '{}' } }] })))));
});

describe('keys', () => {
  const body = JSON.stringify(chatBody({ tool_calls: [chatToolCall(forbidden)] }));
  const cases = {
    'tool_calls, escaped': body.replace('"tool_calls":', '"t\\u006fol_calls":'),
    'choices, escaped': body.replace('"choices"', '"\\u0063hoices"'),
    'name, escaped': body.replace('"name"', '"n\\u0061me"'),
    'name twice, the harmless one last': body.replace('"name":"send_email"', '"name":"send_email","name":"harmless"'),
    'name twice, the harmless one first': body.replace('"name":"send_email"', '"name":"harmless","name":"send_email"'),
    'tool_calls twice': body.replace('"tool_calls":', '"tool_calls":[],"tool_calls":'),
    'tool_calls twice, an empty list last': body.replace(/("tool_calls":\[.*?\])/, '$1,"tool_calls":[]'),
    'message twice': body.replace('"message":', '"message":{"role":"assistant","content":"Hi"},"message":'),
    'choices twice': body.replace('"choices":', '"choices":[],"choices":'),
    'the function of before tools': JSON.stringify(chatBody({ function_call: { name: forbidden, arguments: '{}' } })),
    'a custom tool': JSON.stringify(chatBody({ tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: forbidden, input: 'x' } }] })),
  };
  for (const [name, text] of Object.entries(cases)) test(name, () => assertRefused(paths.chat(guarded), asked, answers.json(text)));
});

describe('arguments', () => {
  const to = (address) => JSON.stringify({ to: address });
  test('what is not asked for passes', () =>
    assertPasses(paths.chat(conditional), asked, answers.json(chatBody({ tool_calls: [chatToolCall(forbidden, to('a@us.example'))] })), [forbidden]));
  const cases = {
    'as they are': to('a@evil.example'),
    'escaped': '{"to":"a@ev\\u0069l.example"}',
    'the key escaped': '{"t\\u006f":"a@evil.example"}',
    'twice, the harmless one last': '{"to":"a@evil.example","to":"a@us.example"}',
    'twice, the harmless one first': '{"to":"a@us.example","to":"a@evil.example"}',
    'no JSON': '{"to":',
    'a text': 'send it',
    'nested without end': `{"to":${'['.repeat(5000)}`,
    'nested deeply': `{"x":${'['.repeat(3000)}${']'.repeat(3000)},"to":"a@us.example"}`,
    'half a character': '{"to":"\\ud83d"}',
  };
  for (const [name, args] of Object.entries(cases)) {
    test(`${name}, in a body`, () =>
      assertRefused(paths.chat(conditional), asked, answers.json(chatBody({ tool_calls: [chatToolCall(forbidden, args)] }))));
    test(`${name}, byte by byte in events`, () =>
      assertRefused(paths.chat(conditional), streamed, answers.stream(chatStream(chatCall(forbidden, [...args].slice(0, 200).join('') === args ? [...args] : [args])))));
    test(`${name}, from Anthropic`, () =>
      assertRefused(paths.messages(conditional), streamed, answers.stream(messagesStream(forbidden, [args.slice(0, 5), args.slice(5)]))));
  }
  test('megabytes of them, in one event', () =>
    assertRefused(paths.chat(conditional), streamed, answers.stream(chatStream(chatCall(forbidden, [JSON.stringify({ to: 'x'.repeat(3_000_000) })])))));
  test('megabytes of them, in many events', () =>
    assertRefused(paths.chat(conditional), streamed,
      answers.stream(chatStream(chatCall(forbidden, Array(400).fill('x'.repeat(40_000)))))));
  test('megabytes of them, in a body', () =>
    assertRefused(paths.chat(conditional), asked, answers.json(chatBody({ tool_calls: [chatToolCall(forbidden, { to: `a@evil.example ${'x'.repeat(5_000_000)}` })] }))));
});

describe('calls among others', () => {
  test('in a later choice of a body', () =>
    assertRefused(paths.chat(guarded), { ...asked, n: 2 }, answers.json(chatBody({ content: 'Hi' }, { tool_calls: [chatToolCall(forbidden)] }))));
  test('in a later choice of a stream, whose first has ended', () =>
    assertRefused(paths.chat(guarded), { ...streamed, n: 2 }, answers.stream(sse(
      chatChunk({ role: 'assistant', content: 'Hi' }), chatChunk({}, { finish: 'stop' }),
      ...chatCall(forbidden, ['{}'], { choice: 1 }), chatEnd(1), '[DONE]'))));
  test('interleaved', () =>
    assertRefused(paths.chat(guarded), streamed, answers.stream(chatStream(
      ...(() => { const [one, two] = [chatCall('harmless', ['{', '}']), chatCall(forbidden, ['{', '}'], { index: 1 })];
        return one.flatMap((chunk, i) => [chunk, two[i]]); })()))));
  test('the second one', async () => {
    const { text } = await assertRefused(paths.chat(guarded), asked, answers.json(chatBody({ tool_calls: [chatToolCall('harmless'), chatToolCall(forbidden)] })), { calls: 2 });
    for (const name of ['harmless', forbidden]) assert.ok(text.includes(name), `${name} in ${text}`);
  });
  test('in a later candidate of Gemini', () =>
    assertRefused(paths.generate(guarded), { contents: [] }, answers.json(generateBody([{ text: 'Hi' }], [{ functionCall: { name: forbidden, args: {} } }]))));
  test('behind text in the same part list', () =>
    assertRefused(paths.generate(guarded), { contents: [] }, answers.json(generateBody([{ text: 'Hi' }, { functionCall: { name: forbidden, args: {} } }]))));
  test('in snake case, which Gemini reads as well', () =>
    assertRefused(paths.generate(guarded), { contents: [] }, answers.json(generateBody([{ function_call: { name: forbidden, args: {} } }]))));
  test('in a stream after its end', () =>
    assertRefused(paths.chat(guarded), streamed, answers.stream(sse(chatChunk({ content: 'Hi' }), chatChunk({}, { finish: 'stop' }), '[DONE]', ...chatCall(forbidden), '[DONE]'))));
  test('only in the event that closes a response', () =>
    assertRefused(paths.responses(guarded), { model: 'gpt-4o', input: 'Hi', stream: true }, answers.stream(named(
      { type: 'response.created', sequence_number: 0, response: { ...responsesBody(forbidden), status: 'in_progress', output: [] } },
      { type: 'response.completed', sequence_number: 1, response: responsesBody(forbidden) }))));
});

describe('how it comes', () => {
  const stream = chatStream(chatCall(forbidden));
  const body = JSON.stringify(chatBody({ tool_calls: [chatToolCall(forbidden)] }));
  const unended = { outcome: 'upstream_truncated' }; // the last event is not there, or not as one
  const codings = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
  for (const [coding, encode] of Object.entries(codings)) {
    test(`a body in ${coding}, against the word of the gateway`, async () => {
      const { result } = await assertRefused(paths.chat(guarded), asked, (own) =>
        own.respond(200, { 'Content-Type': 'application/json', 'Content-Encoding': coding }, encode(body)));
      assert.equal(result.fields.get('content-encoding'), undefined);
    });
    test(`a stream in ${coding}`, () =>
      assertRefused(paths.chat(guarded), streamed, (own) =>
        own.respond(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': coding }, encode(stream))));
  }
  test('the upstream is asked for no coding', async () => {
    const { caseName } = await assertRefused(paths.chat(guarded), asked, answers.json(body), { headers: { 'Accept-Encoding': 'gzip, br' } });
    assert.equal((await scene.upstream.only(caseName)).fields.get('accept-encoding'), 'identity');
  });
  test('in a coding that nobody knows', async () => {
    const { result, record } = await call(paths.chat(guarded), asked, (own) =>
      own.respond(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'rot13' }, body));
    assert.deepEqual([result.status, callsIn(result.body)], [502, []]);
    assert.equal(record.outcome, 'upstream_truncated');
  });

  const types = ['text/plain', 'application/octet-stream', 'text/event-stream-x', 'application/x-ndjson', '', 'application/json; charset=utf-8'];
  for (const type of types) {
    const fields = type ? { 'Content-Type': type } : {};
    test(`a body as ${type || 'nothing'}`, () => assertRefused(paths.chat(guarded), asked, (own) => own.respond(200, fields, body)));
    test(`a stream as ${type || 'nothing'}`, () => assertRefused(paths.chat(guarded), streamed, (own) => own.respond(200, fields, stream)));
  }
  test('a body as a stream', () =>
    assertRefused(paths.chat(guarded), streamed, (own) => own.respond(200, { 'Content-Type': 'text/event-stream' }, body), unended));
  test('several bodies in lines', () =>
    assertRefused(paths.chat(guarded), asked, (own) => own.respond(200, { 'Content-Type': 'application/x-ndjson' }, `{"choices":[]}\n${body}\n`)));
  test('with another status of success', () =>
    assertRefused(paths.chat(guarded), asked, (own) => own.respond(200, { 'Content-Type': 'application/json', 'X-Status': 'x' }, body)));
  test('lines that end in CR', () => assertRefused(paths.chat(guarded), streamed, answers.stream(stream.replaceAll('\n', '\r')), unended));
  test('lines that end in CRLF', () => assertRefused(paths.chat(guarded), streamed, answers.stream(stream.replaceAll('\n', '\r\n'))));
  test('behind a byte order mark', () => assertRefused(paths.chat(guarded), streamed, answers.stream(`\ufeff${stream}`)));
  test('data in several lines', () =>
    assertRefused(paths.chat(guarded), streamed, answers.stream(stream.replaceAll('"choices":', '\ndata: "choices":'))));
  test('a last event without its empty line', () =>
    assertRefused(paths.chat(guarded), streamed, answers.stream(sse(chatChunk({ content: 'Hi' })) + sse(chatCall(forbidden)[0]).trimEnd()), unended));
  test('bytes that are no UTF-8', () =>
    assertRefused(paths.chat(guarded), streamed, async (own) => {
      await own.streamHead();
      await own.chunk(Buffer.from(sse(...chatCall(`${forbidden}`)).replace('chatcmpl-1', 'chatcmpl-\u00e9'), 'latin1'));
      await own.lastChunk();
    }, unended));
  test('half a character beside it', () =>
    assertRefused(paths.chat(guarded), streamed, answers.stream(stream.replaceAll('chatcmpl-1', '\\ud83d'))));
  test('an array of Gemini that is none', () =>
    assertRefused(paths.streamArray(guarded), { contents: [] }, answers.json(sse(generateBody([{ functionCall: { name: forbidden, args: {} } }]))), unended));
  test('an array of Gemini', () =>
    assertRefused(paths.streamArray(guarded), { contents: [] }, answers.json(JSON.stringify([generateBody([{ text: 'Hi' }]), generateBody([{ functionCall: { name: forbidden, args: {} } }])], null, 2))));
  test('a stream that breaks off behind a call', async () => {
    const { result } = await call(paths.chat(guarded), streamed, async (own) => {
      await own.streamHead();
      await own.chunk(sse(chatChunk({ content: 'Hi' }), ...chatCall(forbidden)));
      own.end();
    });
    assert.deepEqual(callsIn(result.body), []);
    assert.ok(result.body.toString('utf8').includes('"Hi"'), 'the text before it');
  });
});

describe('operations whose answers nobody reads', () => {
  const refused = [
    ['GET', (id) => `/v1/openai/${id}/responses/resp_1`],
    ['GET', (id) => `/v1/openai/${id}/responses/resp_1?stream=true&starting_after=3`],
    ['GET', (id) => `/v1/openai/${id}/responses/resp_1/input_items`],
    ['GET', (id) => `/v1/openai/${id}/chat/completions/chatcmpl-1`],
    ['GET', (id) => `/v1/openai/${id}/chat/completions`],
    ['GET', (id) => `/v1/openai/${id}/conversations/conv_1/items`],
    ['POST', (id) => `/v1/openai/${id}/batches`],
    ['GET', (id) => `/v1/openai/${id}/files/file-1/content`],
    ['GET', (id) => `/v1/openai/${id}/v1/files/file-1/content`],
    ['POST', (id) => `/v1/openai/${id}/realtime/client_secrets`],
    ['POST', (id) => `/v1/openai/${id}/realtime/calls`],
    ['POST', (id) => `/v1/openai/${id}/threads/thread_1/runs`],
    ['PUT', (id) => `/v1/openai/${id}/chat/completions`],
    ['POST', (id) => `/v1/openai/${id}/chat/completions/`],
    ['POST', (id) => `/v1/openai/${id}//chat/completions`],
    ['POST', (id) => `/v1/anthropic/${id}/v1/messages/batches`],
    ['GET', (id) => `/v1/anthropic/${id}/v1/messages/batches/b_1/results`],
    ['GET', (id) => `/v1/anthropic/${id}/v1/files/file_1/content`],
    ['POST', (id) => `/v1/anthropic/${id}/v1/sessions`],
    ['POST', (id) => `/v1/gemini/${id}/v1beta/models/gemini-2.5-flash:batchGenerateContent`],
    ['GET', (id) => `/v1/gemini/${id}/v1beta/batches/b_1`],
    ['GET', (id) => `/v1/gemini/${id}/v1beta/operations/o_1`],
    ['POST', (id) => `/v1/gemini/${id}/v1beta/interactions`],
    ['GET', (id) => `/v1/gemini/${id}/v1beta/files/f_1:download`],
  ];
  for (const [method, path] of refused) {
    test(`${method} ${path(':id')}`, async () => {
      for (const agent of [guarded, wary]) {
        const body = method === 'GET' ? undefined : '{}';
        const { result, record } = await scene.observe((headers) => exchange(scene.gateway.apiPort, method, path(agent), { headers, body }), { tries: 0 });
        assert.deepEqual([result.status, result.fields.get('x-archestra-error')], [403, 'operation_not_checked']);
        assert.equal(record.outcome, 'invalid_request');
      }
    });
  }

  test('a web socket', async () => {
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' };
    const response = await exchange(scene.gateway.apiPort, 'GET', `/v1/openai/${guarded}/realtime?model=gpt-4o`, { headers });
    assert.equal(response.status, 501);
  });

  for (const [method, path] of [['GET', 'openai/:id/models'], ['GET', 'anthropic/:id/v1/models'], ['GET', 'gemini/:id/v1beta/models'], ['POST', 'openai/:id/moderations']]) {
    test(`${method} /v1/${path} passes`, async () => {
      const { result } = await scene.observe(
        (headers) => exchange(scene.gateway.apiPort, method, `/v1/${path.replace(':id', guarded)}`, { headers, body: method === 'GET' ? undefined : '{}' }),
        { upstream: answers.json({ data: [] }) });
      assert.equal(result.status, 200);
    });
  }
});

describe('a response that is made behind one', () => {
  test('in the background, whose result is fetched elsewhere', async () => {
    const { result } = await call(paths.responses(guarded), { model: 'gpt-4o', input: 'Hi', background: true },
      answers.json({ ...responsesBody(forbidden), status: 'queued', output: [] }));
    assert.equal(result.status, 200);
    const fetched = await exchange(scene.gateway.apiPort, 'GET', `/v1/openai/${guarded}/responses/resp_1`);
    assert.equal(fetched.status, 403);
  });
});

describe('a context that cannot be trusted', () => {
  const result = (content, extra = {}) => ({ role: 'tool', tool_call_id: 'call_1', content, ...extra });
  const asking = (name, id = 'call_1') => ({ role: 'assistant', content: null, tool_calls: [{ ...chatToolCall(name), id }] });
  const ours = JSON.stringify({ from: 'a@us.example' });
  const theirs = JSON.stringify({ from: 'a@evil.example' });
  const answer = answers.json(chatBody({ tool_calls: [chatToolCall(forbidden)] }));
  const history = (...messages) => ({ ...asked, messages: [...asked.messages, ...messages] });

  test('one that can', () => assertPasses(paths.chat(wary), history(asking('read_inbox'), result(ours)), answer, [forbidden]));
  test('and one without results', () => assertPasses(paths.chat(wary), asked, answer, [forbidden]));
  const cases = {
    'a result that nothing marks': history(asking('read_inbox'), result(theirs)),
    'a result of a tool that nobody marks': history(asking('read_web'), result(ours)),
    'a result whose call is not there': history(result(ours)),
    'an id that is used twice': history(asking('read_inbox'), asking('read_web'), result(ours)),
    'a call that stands behind its result': history(result(ours), asking('read_web')),
    'a harmless result behind a bad one': history(asking('read_inbox'), result(theirs), asking('read_inbox', 'call_2'), result(ours, { tool_call_id: 'call_2' })),
    'a result in parts, the second of them bad': history(asking('read_inbox'), result([{ type: 'text', text: ours }, { type: 'text', text: theirs }])),
    'a result with an image': history(asking('read_inbox'), result([{ type: 'text', text: ours }, { type: 'image_url', image_url: { url: 'data:,' } }])),
    'a result of a function of before tools': history({ role: 'function', name: 'read_web', content: ours }),
    'a name that only looks the same': history(asking('Read_Inbox'), result(ours)),
  };
  for (const [name, body] of Object.entries(cases)) test(name, () => assertRefused(paths.chat(wary), body, answer));

  const text = JSON.stringify(history(asking('read_inbox'), result(theirs)));
  const disguised = {
    'role, escaped': text.replace('"role":"tool"', '"r\\u006fle":"tool"'),
    'the value of role, escaped': text.replace('"role":"tool"', '"role":"t\\u006fol"'),
    'role twice': text.replace('"role":"tool"', '"role":"tool","role":"user"'),
    'messages twice': text.replace('"messages":', '"messages":[],"messages":'),
    'messages twice, the harmless ones last': text.replace(/\}$/, ',"messages":[]}'),
    'content twice': text.replace('"content":"{', `"content":${JSON.stringify(ours)},"content":"{`),
    'no JSON': `${text}x`,
  };
  for (const [name, body] of Object.entries(disguised)) test(name, () => assertRefused(paths.chat(wary), body, answer));

  test('a body that is compressed', () =>
    assertRefused(paths.chat(wary), gzipSync(JSON.stringify(asked)), answer, { headers: { 'Content-Encoding': 'gzip' } }));
  for (const [name, extra] of Object.entries({ previous_response_id: 'resp_0', conversation: 'conv_1' }))
    test(name, () => assertRefused(paths.responses(wary), { model: 'gpt-4o', input: 'Hi', [name]: extra }, answers.json(responsesBody(forbidden))));
  test('an item that is only referred to', () =>
    assertRefused(paths.responses(wary), { model: 'gpt-4o', input: [{ type: 'item_reference', id: 'fc_1' }] }, answers.json(responsesBody(forbidden))));
  test('content that Gemini has cached', () =>
    assertRefused(paths.generate(wary), { contents: [], cachedContent: 'cachedContents/1' }, answers.json(generateBody([{ functionCall: { name: forbidden, args: {} } }]))));
  test('results of Anthropic', () =>
    assertRefused(paths.messages(wary), { ...asked, messages: [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'read_inbox', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: theirs }] }] }, answers.json(messagesBody(forbidden))));
  test('results of Gemini', () =>
    assertRefused(paths.generate(wary), { contents: [{ parts: [{ functionResponse: { name: 'read_inbox', response: JSON.parse(theirs) } }] }] },
      answers.json(generateBody([{ functionCall: { name: forbidden, args: {} } }]))));
});

test('text that comes in halves of characters is no call', async () => {
  const stream = chatStream(...['Hi \ud83e', '\udd16'].map((content) => chatChunk({ content })), chatCall('harmless', ['{}']), chatChunk({ content: '\ud83e' }));
  const { result } = await call(paths.chat(guarded), streamed, answers.stream(stream));
  assert.equal(result.body.toString('utf8'), stream);
  const body = JSON.stringify(chatBody({ content: 'Hi \ud83e' })).replace('"tool_calls"', '"stop"');
  assert.equal((await call(paths.chat(guarded), asked, answers.json(body))).result.body.toString('utf8'), body);
});

test('but a call that does is one that nobody can read', () =>
  assertRefused(paths.chat(guarded), streamed, answers.stream(chatStream(chatCall('harmless', ['"\ud83e', '\udd16"'])))));

test('a tool that the request did not declare is judged like any other', () =>
  assertRefused(paths.chat(guarded), { ...asked, tools: [{ type: 'function', function: { name: 'harmless' } }] },
    answers.json(chatBody({ tool_calls: [chatToolCall(forbidden)] }))));
