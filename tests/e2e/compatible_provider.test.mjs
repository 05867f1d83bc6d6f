// A provider that speaks as OpenAI does is a line of configuration: it has its own path, its own upstream, and its own
// name in metrics, spans and log.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import OpenAI, { InternalServerError, NotFoundError } from 'openai';

import { exchange } from '../support/client.mjs';
import { chatRequest, completion, streamRequest, wholeStream } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { Upstream } from '../support/upstream.mjs';

const unknownAgent = '3f0c5a1e-0000-4000-8000-000000000000';

let upstream; // where both of them are; OpenAI is elsewhere
let scene;
before(async () => {
  upstream = await Upstream.start();
  scene = await Scene.start({
    env: {
      ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: `groq=${upstream.baseUrl().replace('/v1', '/openai/v1')},ol-2=${upstream.baseUrl()}`,
      ARCHESTRA_USAGE_OPTION_OFF: 'ol-2',
    },
  });
});
after(async () => {
  await scene.stop();
  await upstream.stop();
});

describe('a compatible provider', () => {
  test('has its own path, upstream and name', async () => {
    const { result, record, seen } = await call('/v1/groq/chat/completions', chatRequest, (own) => own.json200(completion));
    assert.deepEqual(JSON.parse(result.body), completion);
    assert.equal(seen.target, '/openai/v1/chat/completions');
    assertIsOf(record, 'groq', '/v1/groq/chat/completions');
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.equal(record.client.attributes['server.port'], upstream.port);
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
  });

  test('serves an agent under its own path', async () => {
    const first = await call('/v1/groq/chat/completions', chatRequest, (own) => own.json200(completion));
    const { agent_id: id } = first.record.requests.labels;
    const { record } = await call(`/v1/groq/${id}/v1/chat/completions`, chatRequest, (own) => own.json200(completion));
    assertIsOf(record, 'groq', '/v1/groq/:agentId/chat/completions');
    assert.equal(record.requests.labels.agent_id, id);
  });

  test('is asked for the usage of a stream', async () => {
    const { result, record, seen } = await call('/v1/groq/chat/completions', streamRequest, answerStream);
    assert.deepEqual(seen.json.stream_options, { include_usage: true });
    assert.ok(!result.body.includes('"prompt_tokens"'));
    assert.deepEqual(record.tokens, { input: 11, output: 7 });
  });

  test('is not asked where that is switched off', async () => {
    const { result, record, seen } = await call('/v1/ol-2/chat/completions', streamRequest, answerStream);
    assert.deepEqual(seen.json, streamRequest);
    assert.equal(result.body.toString(), wholeStream.join(''));
    assertIsOf(record, 'ol-2', '/v1/ol-2/chat/completions');
  });

  test('passes through what is not understood', async () => {
    const name = script((own) => own.json200({ data: [] }));
    const { record } = await scene.observe((headers) =>
      exchange(scene.gateway.apiPort, 'GET', '/v1/groq/models?a=b', { headers: { ...headers, 'x-case': name } }),
    );
    assert.equal((await upstream.only(name)).target, '/openai/v1/models?a=b');
    assert.equal(record.client.name, 'groq.request');
    assert.equal(record.httpLabels.route, '/v1/groq/*');
  });

  test('has OpenAI\'s shape of errors, so that its SDK raises what it always raises', async () => {
    const sdk = (path) =>
      new OpenAI({ baseURL: `http://127.0.0.1:${scene.gateway.apiPort}/v1/${path}`, apiKey: 'sk-test', maxRetries: 0 });
    const name = script((own) => own.close());
    await assert.rejects(
      sdk('groq').chat.completions.create(chatRequest, { headers: { 'x-case': name } }),
      (error) => error instanceof InternalServerError && error.status === 502 && error.code === 'upstream_truncated',
    );
    await assert.rejects(
      sdk(`groq/${unknownAgent}`).chat.completions.create(chatRequest),
      (error) => error instanceof NotFoundError && error.code === 'agent_not_found',
    );
  });

  test('is not there under any other name', async () => {
    for (const path of ['/v1/nobody/chat/completions', '/v1/Groq/chat/completions', '/v1/groq2/chat/completions', '/v1/ol/chat/completions']) {
      const response = await scene.post({}, chatRequest, { path });
      assert.equal(response.status, 404, path);
      assert.equal(response.fields.get('x-archestra-error'), 'not_found', path);
    }
  });
});

let scripts = 0;
function script(act) {
  scripts += 1;
  upstream.on(`own-${scripts}`, act);
  return `own-${scripts}`;
}

async function call(path, body, act) {
  const name = script(act);
  const { result, record } = await scene.observe((headers) => scene.post({ ...headers, 'x-case': name }, body, { path }));
  return { result, record, seen: await upstream.only(name) };
}

async function answerStream(own) {
  await own.streamHead();
  for (const event of wholeStream) await own.chunk(event);
  await own.lastChunk();
}

function assertIsOf({ requests, client, server, log, httpLabels }, provider, route) {
  assert.equal(requests.labels.provider, provider);
  assert.equal(client.name, `${provider}.chat.completions`);
  assert.equal(client.attributes['llm.provider'], provider);
  assert.equal(client.attributes['gen_ai.provider.name'], provider);
  assert.equal(client.attributes['gen_ai.operation.name'], 'chat');
  assert.equal(server.name, `POST ${route}`);
  assert.equal(httpLabels.route, route);
  assert.equal(log.provider, provider);
  assert.equal(log.route, route);
}
