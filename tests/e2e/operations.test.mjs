// OpenAI's other operations, in what recordings of them do not show: how they end, and what counts.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { completion, usage } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';

const request = { model: 'gpt-test', input: 'Say hello.' };
const streamRequest = { ...request, stream: true };
const responsesUsage = { input_tokens: 11, output_tokens: 7, output_tokens_details: { reasoning_tokens: 3 } };
const started = { id: 'resp_1', object: 'response', status: 'in_progress', model: 'gpt-test-0001', output: [], usage: null };
const answered = { ...started, status: 'completed', usage: responsesUsage };

const event = (type, members) => `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
const deltas = ['Hel', 'lo', '.'].map((delta, i) => event('response.output_text.delta', { sequence_number: i + 2, delta }));
const begin = [event('response.created', { sequence_number: 0, response: started }), ...deltas];

let scene;
before(async () => (scene = await Scene.start()));
after(() => scene.stop());

describe('a streamed response', () => {
  const cases = {
    'ends with its usage': {
      events: [...begin, event('response.completed', { response: answered })],
      outcome: 'completed',
      tokens: { input: 11, output: 7 },
      provenance: 'provider',
      reasons: ['completed'],
    },
    'is complete where the provider cut it short': {
      events: [
        ...begin,
        event('response.incomplete', {
          response: { ...answered, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
        }),
      ],
      outcome: 'completed',
      tokens: { input: 11, output: 7 },
      provenance: 'provider',
      reasons: ['max_output_tokens'],
    },
    'that failed is an error of the provider': {
      events: [...begin, event('response.failed', { response: { ...started, status: 'failed', error: { code: 'server_error', message: 'no' } } })],
      outcome: 'upstream_error',
      errorType: 'server_error',
      tokens: { input: 0, output: 0 },
      provenance: 'unknown',
      reasons: ['failed'],
    },
    'with an error in it is one, too': {
      events: [...begin, event('error', { code: 'rate_limit_exceeded', message: 'no', param: null, sequence_number: 5 })],
      outcome: 'upstream_error',
      errorType: 'rate_limit_exceeded',
      tokens: { input: 0, output: 0 },
      provenance: 'estimate',
      reasons: [],
    },
    'that stops short of its last event is truncated, and estimated': {
      events: begin,
      outcome: 'upstream_truncated',
      errorType: 'upstream_truncated',
      tokens: { input: 0, output: 0 },
      provenance: 'estimate',
      reasons: [],
    },
  };
  for (const [name, { events, outcome, errorType, tokens, provenance, reasons }] of Object.entries(cases)) {
    test(name, async () => {
      const { result, record, caseName } = await call('/responses', streamRequest, async (own) => {
        await own.streamHead();
        for (const text of events) await own.chunk(text);
        await own.lastChunk();
      });
      assert.equal(result.body.toString(), events.join(''));
      assert.deepEqual((await scene.upstream.only(caseName)).json, streamRequest, 'nothing is asked for');
      record.assertOutcome({ outcome, tryStatus: '200', errorType });
      assert.deepEqual(record.tokens, tokens);
      assert.equal(record.log.usage_provenance, provenance);
      const { attributes, events: spanEvents } = record.client;
      assert.deepEqual(attributes['gen_ai.response.finish_reasons'] ?? [], reasons);
      assert.equal(attributes['gen_ai.response.id'], 'resp_1');
      assert.equal(record.client.name, 'openai.responses');
      assert.equal(attributes['gen_ai.operation.name'], 'chat');
      assert.ok(record.log.time_to_first_token_ms > 0, JSON.stringify(spanEvents));
      if (provenance === 'estimate') assert.equal(record.growth('llm_estimated_tokens_total'), deltas.length);
    });
  }
});

test('a response in the background has no usage yet', async () => {
  const queued = { ...started, status: 'queued', background: true };
  const { record } = await call('/responses', { ...request, background: true }, (own) => own.json200(queued));
  record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  assert.equal(record.log.usage_provenance, 'unknown');
  assert.deepEqual(record.tokens, { input: 0, output: 0 });
  assert.equal(record.client.attributes['gen_ai.response.finish_reasons'], undefined);
});

test('tool results in the history are counted', async () => {
  const input = [
    { role: 'user', content: 'a' },
    { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: '1' },
    { type: 'custom_tool_call_output', call_id: 'c2', output: '1' },
  ];
  const output = [{ type: 'function_call', call_id: 'c3', name: 'f', arguments: '{}' }, { type: 'web_search_call' }];
  const { record } = await call('/responses', { ...request, input }, (own) => own.json200({ ...answered, output }));
  assert.equal(record.log.tool_results, 2);
  assert.equal(record.log.tool_calls, 1);
});

test('counting tokens uses none', async () => {
  const { result, record } = await call('/responses/input_tokens', request, (own) =>
    own.json200({ object: 'response.input_tokens', input_tokens: 11, usage: responsesUsage }),
  );
  assert.equal(JSON.parse(result.body).input_tokens, 11);
  assert.deepEqual(record.tokens, { input: 0, output: 0 });
  assert.equal(record.log.usage_provenance, 'unknown');
  assert.equal(record.requests.labels.model, 'gpt-test');
  assert.equal(record.client.name, 'openai.responses.input_tokens');
});

test('compacting a history uses tokens', async () => {
  const { record } = await call('/responses/compact', request, (own) =>
    own.json200({ id: 'cmp_1', object: 'response.compaction', output: [{ type: 'compaction' }], usage: responsesUsage }),
  );
  assert.deepEqual(record.tokens, { input: 11, output: 7 });
  assert.equal(record.client.name, 'openai.responses.compact');
});

test('large embeddings are read to the usage behind them', async () => {
  const embedding = Array.from({ length: 1536 }, (_, i) => -1 / (i + 3));
  const data = Array.from({ length: 100 }, (_, index) => ({ object: 'embedding', index, embedding }));
  const body = JSON.stringify({ object: 'list', data, model: 'embed-test-1', usage: { prompt_tokens: 11, total_tokens: 11 } });
  assert.ok(body.length > 2 << 20);
  const { result, record } = await call('/embeddings', { model: 'embed-test', input: ['a', 'b'] }, (own) =>
    own.respond(200, { 'Content-Type': 'application/json' }, body),
  );
  assert.equal(result.body.toString(), body);
  assert.deepEqual(record.tokens, { input: 11, output: 0 });
  assert.equal(record.client.attributes['gen_ai.response.model'], 'embed-test-1');
  assert.equal(record.client.attributes['gen_ai.operation.name'], 'embeddings');
});

describe('legacy completions', () => {
  const prompt = { model: 'davinci-test', prompt: 'Say hello.' };
  const part = (text, reason = null) =>
    `data: ${JSON.stringify({ id: 'cmpl-1', model: 'davinci-test-1', choices: [{ text, index: 0, logprobs: null, finish_reason: reason }] })}\n\n`;
  const usageChunk = `data: ${JSON.stringify({ id: 'cmpl-1', choices: [], usage })}\n\n`;

  test('are asked for the usage of a stream, which the client does not see', async () => {
    const kept = [part('Hel'), part('lo'), part('', 'stop'), 'data: [DONE]\n\n'];
    const { result, record, caseName } = await call('/completions', { ...prompt, stream: true }, async (own) => {
      await own.streamHead();
      for (const text of [...kept.slice(0, 3), usageChunk, kept[3]]) await own.chunk(text);
      await own.lastChunk();
    });
    assert.equal(result.body.toString(), kept.join(''));
    const { json } = await scene.upstream.only(caseName);
    assert.deepEqual(json, { ...prompt, stream: true, stream_options: { include_usage: true } });
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
    assert.equal(record.client.attributes['gen_ai.operation.name'], 'text_completion');
    assert.ok(record.log.time_to_first_token_ms > 0);
  });

  test('answer at once', async () => {
    const { record } = await call('/completions', prompt, (own) => own.json200({ ...completion, choices: [{ text: 'a', index: 0, finish_reason: 'length' }] }));
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
    assert.deepEqual(record.client.attributes['gen_ai.response.finish_reasons'], ['length']);
  });
});

function call(path, body, upstream) {
  return scene.observe((headers) => scene.post(headers, body, { path: `/v1/openai${path}` }), { upstream });
}
