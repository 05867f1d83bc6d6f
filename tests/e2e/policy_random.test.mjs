// Answers that are put together by chance, of text, reasoning and calls of several tools in any order, streamed in any
// pieces: what a policy makes of them always parses with the official SDKs, and never has a call in it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { agentWith, assertDecided, block } from '../support/policies.mjs';
import { askOf, endOfRefusal } from '../support/policy_sdks.mjs';
import { Scene } from '../support/scene.mjs';
import { chatCall, chatChunk, named, sse } from '../support/tool_answers.mjs';

const forbidden = 'send_email';
const answersOfEach = 40;

let scene;
let agentId;
before(async () => {
  scene = await Scene.start({ env: { ARCHESTRA_USAGE_OPTION_OFF: 'openai' } });
  agentId = await agentWith(scene.gateway, { invocation: [block(forbidden)] });
});
after(() => scene.stop());

/** Numbers from 0 to 1 that are the same for the same seed. */
function chance(seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (bound) => Math.floor(next() * bound);
  // Between characters: half of one is no text, and makes an event unread.
  const pieces = (text) => {
    const characters = [...text];
    const cut = [];
    while (characters.length) cut.push(characters.splice(0, 1 + below(6)).join(''));
    return cut;
  };
  return { next, below, pieces, pick: (list) => list[below(list.length)] };
}

/** What the answer says, in order: {text} or {tool, args}; at least one call of the forbidden tool among them. */
function contentOf({ below, next, pick }) {
  const words = ['Let me see. ', 'Ümlaut 🤖 "quoted" \\ ', 'a\nb\r\n', '{"tool_calls":[]} '];
  const content = Array.from({ length: 1 + below(5) }, () =>
    next() < 0.5 ? { text: pick(words) } : { tool: pick(['read', 'search', forbidden]), args: pick([{}, { to: 'x"\\ü🤖' }, { deep: [[{ a: null }]] }]) });
  content.splice(below(content.length + 1), 0, { tool: forbidden, args: { to: 'a@b' } });
  return content;
}

const dialects = {
  openai: {
    meta: { provider: 'openai', api_path: '/v1/chat/completions', stream: true },
    // Text and calls of several choices, their events mixed.
    stream: (random) => {
      const choices = Array.from({ length: 1 + random.below(3) }, () => contentOf(random));
      const queues = choices.map((content, choice) => {
        let index = 0;
        const events = content.flatMap((part) =>
          part.text
            ? random.pieces(part.text).map((text) => chatChunk({ content: text }, { index: choice }))
            : chatCall(part.tool, random.pieces(JSON.stringify(part.args)), { index: index++, choice }));
        return [chatChunk({ role: 'assistant', content: '' }, { index: choice }), ...events, chatChunk({}, { index: choice, finish: 'tool_calls' })];
      });
      const mixed = [];
      while (queues.some(({ length }) => length)) mixed.push(random.pick(queues.filter(({ length }) => length)).shift());
      const usage = { ...chatChunk({}), choices: [], usage: { prompt_tokens: 8, completion_tokens: 9, total_tokens: 17 } };
      return { text: sse(...mixed, usage, '[DONE]'), contents: choices };
    },
  },
  responses: {
    meta: { provider: 'openai', api_path: '/v1/responses', stream: true },
    stream: (random) => {
      const content = contentOf(random);
      const events = [];
      const emit = (type, fields) => events.push({ type, sequence_number: events.length, ...fields });
      const response = (status, output) => ({ id: 'resp_1', object: 'response', created_at: 1, status, model: 'gpt-4o', output,
        parallel_tool_calls: true, tools: [], usage: status === 'completed' ? { input_tokens: 8, output_tokens: 9, total_tokens: 17 } : null });
      emit('response.created', { response: response('in_progress', []) });
      const items = content.map((part, i) =>
        part.text
          ? { id: `msg_${i}`, type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', text: part.text, annotations: [], logprobs: [] }] }
          : { id: `fc_${i}`, type: 'function_call', status: 'completed', call_id: `call_${i}`, name: part.tool, arguments: JSON.stringify(part.args) });
      items.forEach((item, output_index) => {
        const at = { item_id: item.id, output_index };
        if (item.type === 'message') {
          const [whole] = item.content;
          emit('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', content: [] } });
          emit('response.content_part.added', { ...at, content_index: 0, part: { ...whole, text: '' } });
          for (const delta of random.pieces(whole.text)) emit('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] });
          emit('response.output_text.done', { ...at, content_index: 0, text: whole.text, logprobs: [] });
          emit('response.content_part.done', { ...at, content_index: 0, part: whole });
        } else {
          emit('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', arguments: '' } });
          for (const delta of random.pieces(item.arguments)) emit('response.function_call_arguments.delta', { ...at, delta });
          emit('response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments });
        }
        emit('response.output_item.done', { output_index, item });
      });
      emit('response.completed', { response: response('completed', items) });
      return { text: named(...events), contents: [content] };
    },
  },
  anthropic: {
    meta: { provider: 'anthropic', api_path: '/v1/messages', stream: true },
    stream: (random) => {
      const content = contentOf(random);
      const blocks = content.flatMap((part, index) => {
        const own = part.text ? { type: 'text', text: '' } : { type: 'tool_use', id: `toolu_${index}`, name: part.tool, input: {} };
        const deltas = part.text
          ? random.pieces(part.text).map((text) => ({ type: 'text_delta', text }))
          : random.pieces(JSON.stringify(part.args)).map((partial_json) => ({ type: 'input_json_delta', partial_json }));
        return [
          { type: 'content_block_start', index, content_block: own },
          ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
          { type: 'content_block_stop', index },
        ];
      });
      const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 8, output_tokens: 1 } };
      return {
        text: named({ type: 'message_start', message }, { type: 'ping' }, ...blocks,
          { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 9 } }, { type: 'message_stop' }),
        contents: [content],
      };
    },
  },
  gemini: {
    meta: { provider: 'gemini', api_path: '', query: 'alt=sse', stream: true },
    stream: (random) => {
      const content = contentOf(random);
      const parts = content.map((part) => (part.text ? { text: part.text } : { functionCall: { name: part.tool, args: part.args } }));
      const chunks = [];
      while (parts.length) chunks.push({ candidates: [{ index: 0, content: { role: 'model', parts: parts.splice(0, 1 + random.below(3)) } }] });
      Object.assign(chunks.at(-1).candidates[0], { finishReason: 'STOP' });
      Object.assign(chunks.at(-1), { usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 9, totalTokenCount: 17 } });
      return { text: sse(...chunks), contents: [content] };
    },
  },
};

for (const [name, { meta, stream }] of Object.entries(dialects)) {
  describe(`${name}, by chance`, () => {
    for (let seed = 1; seed <= answersOfEach; seed += 1) {
      test(`seed ${seed}`, async () => {
        const random = chance(seed * 7919);
        const { text, contents } = stream(random);
        const ask = (headers) => askOf(meta)({ origin: `http://127.0.0.1:${scene.gateway.apiPort}`, agentId, headers });
        const { result, record } = await scene.observe(ask, {
          upstream: async (exchange) => {
            const bytes = Buffer.from(text);
            await exchange.streamHead();
            for (let at = 0; at < bytes.length; ) {
              const size = 1 + random.below(700);
              await exchange.chunk(bytes.subarray(at, at + size));
              at += size;
              await turn();
            }
            await exchange.lastChunk();
          },
        });
        const calls = contents.flat().filter(({ tool }) => tool);
        assert.deepEqual(result.calls, []);
        assert.deepEqual(new Set(result.ends), new Set([endOfRefusal[name]]));
        const said = result.texts.join('');
        for (const part of contents.flat()) assert.ok(said.includes(part.text ?? `${part.tool}(`), `${part.text ?? part.tool} in ${said}`);
        assert.equal(record.growth('llm_blocked_tool_total'), calls.length);
        assert.deepEqual(record.tokens, { input: 8, output: 9 });
        if (contents.length === 1) assertDecided(record, calls.map(({ tool }) => tool), 'blocked');
      });
    }
  });
}
