// Tool policies over recorded provider traffic: what the official SDKs make of the answer, and what metrics, span and log
// say of its tool calls.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { agentWith, assertDecided, block } from '../support/policies.mjs';
import { askOf, endOfRefusal } from '../support/policy_sdks.mjs';
import { cuts, recordingsMissing, recordingsOf } from '../support/recordings.mjs';
import { Scene } from '../support/scene.mjs';

const seeds = cuts.filter(({ name }) => name.startsWith('random'));
const recordings = ['openai', 'anthropic', 'gemini']
  .flatMap(recordingsOf)
  .filter(({ meta }) => meta.status === 200 && meta.expected.tool_calls?.length > 0);

describe('recordings with tool calls', { skip: recordingsMissing }, () => {
  let scene;
  // What the gateway would add to OpenAI's streams is tested elsewhere: here bytes are compared.
  before(async () => (scene = await Scene.start({ env: { ARCHESTRA_USAGE_OPTION_OFF: 'openai' } })));
  after(() => scene.stop());

  test('are there', () => assert.equal(recordings.length, 26));

  for (const recording of recordings) {
    const { meta, name } = recording;
    const names = meta.expected.tool_calls.map((call) => call.name);
    const [first] = names;
    const ask = askOf(meta);
    const origin = () => `http://127.0.0.1:${scene.gateway.apiPort}`;

    /** The recorded request, by a raw client: that the client gets what the upstream sent, byte for byte. */
    async function assertUntouched(agent, decision) {
      const agentId = await agentWith(scene.gateway, agent);
      const path = `/v1/${meta.provider}/${agentId}${meta.api_path}${meta.query && `?${meta.query}`}`;
      const { result, record } = await scene.observe((headers) => scene.post(headers, recording.request, { path }), {
        upstream: (exchange) => deliver(exchange, recording),
      });
      assert.equal(result.status, 200);
      assert.ok(result.body.equals(recording.response), 'the bytes of the upstream');
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      return assertDecided(record, names, decision);
    }

    /** That the SDK's calls are refused, and the rest is as without a policy. */
    async function assertRefused(agent) {
      const upstream = (exchange) => deliver(exchange, recording);
      const untouched = (await scene.observe((headers) => ask({ origin: origin(), headers }), { upstream })).result;
      assert.deepEqual(untouched.calls, names, 'the calls of the recording');
      const agentId = await agentWith(scene.gateway, agent);
      const call = (headers) => ask({ origin: origin(), agentId, headers });
      const { result, record } = await scene.observe(call, { upstream });
      assert.deepEqual(result.calls, []);
      const [before, said] = [untouched.texts.join(''), result.texts.join('')];
      assert.ok(said.startsWith(before), `${said} begins as ${before}`);
      for (const part of [...names, 'is not for you.']) assert.ok(said.slice(before.length).includes(part), `${part} in ${said}`);
      if (result.refusals) assert.equal(said.slice(before.length).trim(), result.refusals[0], 'refusal');
      const dialect = meta.api_path.endsWith('/responses') ? 'responses' : meta.provider;
      assert.deepEqual(new Set(result.ends), new Set([endOfRefusal[dialect]]));
      assert.deepEqual(result.usage, untouched.usage);
      assert.deepEqual(result.kept, untouched.kept, 'reasoning and what the provider ran itself');
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      const events = assertDecided(record, names, 'blocked');
      assert.ok(events.every(({ decision }) => decision === 'blocked'));
      assert.match(events[0].reason, /is not for you/);
      assert.match(events[0].policyId, /^[0-9a-f-]{36}$/);
    }

    test(`${name}: allowed, where a policy is about another tool`, async () => {
      const events = await assertUntouched({ invocation: [block('another_tool')] }, 'allowed');
      assert.ok(events.every(({ decision }) => decision === 'allowed'));
    });

    test(`${name}: blocked`, () => assertRefused({ invocation: [block(first)] }));

    test(`${name}: observed`, async () => {
      const events = await assertUntouched({ invocation: [block(first, { mode: 'observe' })] }, 'would_block');
      for (const { tool, decision } of events) assert.equal(decision, tool === first ? 'would_block' : 'allowed');
    });

    test(`${name}: blocked in an untrusted context`, () =>
      assertRefused({
        settings: { considerContextUntrusted: true },
        invocation: [block(first, { action: 'block_when_context_is_untrusted' })],
      }));
  }
});

async function deliver(exchange, { meta, response }) {
  await exchange.head(200, [...Object.entries(meta.response_headers), ['Transfer-Encoding', 'chunked']]);
  for (const piece of seeds[response.length % seeds.length].cut(response)) {
    await exchange.chunk(piece);
    await turn();
  }
  await exchange.lastChunk();
}
