// Anthropic's dialect where it is unlike the others: paths with and without /v1, usage that comes in two parts, blocks
// instead of choices, and the shape of errors.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { answer, events, requestBody, wholeStream, words } from '../support/anthropic_messages.mjs';
import { exchange as clientExchange } from '../support/client.mjs';
import { Scene } from '../support/scene.mjs';

const base = '/v1/anthropic';
const agent = '6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a10';
const json = { 'Content-Type': 'application/json' };
const streamRequest = { ...requestBody, stream: true };

let scene;
before(async () => (scene = await Scene.start()));
after(() => scene.stop());

/** Makes one call whose upstream is scripted; {result, record, caseName}. */
function call(body, upstream, path = `${base}/v1/messages`) {
  return scene.observe((headers) => scene.post(headers, body, { path }), { upstream });
}

/** Script of an upstream that sends events, and then ends the stream or breaks it off. */
function sends(texts, end = (exchange) => exchange.lastChunk()) {
  return async (exchange) => {
    await exchange.streamHead();
    for (const text of texts) await exchange.chunk(text);
    await end(exchange);
  };
}

const breaksOff = (exchange) => exchange.close();

describe('paths', () => {
  for (const path of ['/v1/messages', '/messages', '/v1/messages?beta=true', '/messages?beta=true']) {
    test(`POST ${path} is a call of messages`, async () => {
      const { result, record, caseName } = await call(requestBody, (exchange) => exchange.json200(answer), base + path);
      assert.equal(result.body.toString(), JSON.stringify(answer));
      const [, query] = path.split('?');
      assert.equal((await scene.upstream.only(caseName)).target, `/v1/messages${query ? `?${query}` : ''}`);
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assert.equal(record.httpLabels.route, '/v1/anthropic/v1/messages');
      assert.equal(record.client.name, 'anthropic.messages');
      assert.equal(record.client.attributes['gen_ai.operation.name'], 'chat');
      assert.equal(record.client.attributes['gen_ai.provider.name'], 'anthropic');
      assert.deepEqual(record.tokens, { input: 1203, output: 42 });
    });
  }

  for (const [path, upstreamPath] of [
    ['/v1/models?limit=2', '/v1/models?limit=2'],
    ['/models?limit=2', '/v1/models?limit=2'],
    ['/api/hello', '/api/hello'],
  ]) {
    test(`GET ${path} passes through`, async () => {
      const { result, record, caseName } = await scene.observe(
        (headers) => clientExchange(scene.gateway.apiPort, 'GET', base + path, { headers }),
        { upstream: (exchange) => exchange.json200({ data: [] }) },
      );
      assert.equal(result.body.toString(), '{"data":[]}');
      assert.equal((await scene.upstream.only(caseName)).target, upstreamPath);
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assert.equal(record.httpLabels.route, '/v1/anthropic/*');
      assert.equal(record.client.name, 'anthropic.request');
    });
  }
});

test('what a call says is read: tool calls, tool results, cached tokens', async () => {
  const { record } = await call(requestBody, (exchange) => exchange.json200(answer));
  assert.equal(record.log.model, requestBody.model);
  assert.equal(record.log.tool_calls, 1);
  assert.equal(record.log.tool_results, 1);
  assert.equal(record.log.cache_read_tokens, 1000);
  assert.equal(record.log.cache_write_tokens, 200);
  assert.equal(record.client.attributes['gen_ai.usage.cache_creation.input_tokens'], 200);
  assert.deepEqual(record.client.attributes['gen_ai.response.finish_reasons'], ['tool_use']);
});

test('counting tokens consumes none', async () => {
  const { record } = await call(
    requestBody,
    (exchange) => exchange.json200({ input_tokens: 777 }),
    `${base}/messages/count_tokens`,
  );
  record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  assert.equal(record.httpLabels.route, '/v1/anthropic/v1/messages/count_tokens');
  assert.equal(record.client.name, 'anthropic.messages.count_tokens');
  assert.equal(record.client.attributes['llm.model'], requestBody.model);
  assert.deepEqual(record.tokens, { input: 0, output: 0 });
  assert.equal(record.log.usage_provenance, 'unknown');
});

describe('streams', () => {
  test('that end have the figures of their last word', async () => {
    const { result, record } = await call(streamRequest, sends(wholeStream));
    assert.equal(result.body.toString(), wholeStream.join(''));
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.deepEqual(record.tokens, { input: 1250, output: 42 });
    assert.equal(record.log.usage_provenance, 'provider');
    assert.equal(record.growth('llm_time_to_first_token_seconds_count'), 1);
  });

  test('that break off have the input the provider told, and an estimate of the output', async () => {
    const sent = [events.start, events.blockStart, ...words(5)];
    const { record } = await call(streamRequest, sends(sent, breaksOff));
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
    assertEstimate(record, { input: 1203, output: 5 });
  });

  test('that break off before any content still have the input', async () => {
    const { record } = await call(streamRequest, sends([events.start], breaksOff));
    assertEstimate(record, { input: 1203, output: 1 });
  });

  test('that break off behind the last word have its figures', async () => {
    const { record } = await call(streamRequest, sends(wholeStream.slice(0, -1), breaksOff));
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
    assert.deepEqual(record.tokens, { input: 1250, output: 42 });
    assert.equal(record.log.usage_provenance, 'provider');
  });

  test('without message_stop are truncated, however well they end', async () => {
    const { record } = await call(streamRequest, sends(wholeStream.slice(0, -1)));
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
  });

  test('that say they failed are errors of the provider', async () => {
    const sent = [events.start, events.blockStart, ...words(2), events.error];
    const { result, record } = await call(streamRequest, sends(sent));
    assert.equal(result.body.toString(), sent.join(''));
    record.assertOutcome({ outcome: 'upstream_error', tryStatus: '200', errorType: 'overloaded_error' });
    assertEstimate(record, { input: 1203, output: 2 });
  });

  function assertEstimate(record, { input, output }) {
    assert.equal(record.log.usage_provenance, 'estimate');
    assert.deepEqual(record.tokens, { input: 0, output: 0 });
    assert.equal(record.growth('llm_estimated_tokens_total', { type: 'input' }), input);
    assert.equal(record.growth('llm_estimated_tokens_total', { type: 'output' }), output);
    assert.deepEqual({ input: record.log.input_tokens, output: record.log.output_tokens }, { input, output });
  }
});

describe('errors', () => {
  test('of the provider pass through untouched', async () => {
    const body = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}';
    const { result, record } = await call(requestBody, (exchange) => exchange.respond(529, json, body));
    assert.equal(result.status, 529);
    assert.equal(result.body.toString(), body);
    assert.equal(result.fields.get('x-archestra-error'), undefined);
    record.assertOutcome({ outcome: 'upstream_error', tryStatus: '529', errorType: '529' });
  });

  test('of the gateway have the shape of the provider\'s', async () => {
    const { result } = await scene.observe(
      (headers) => scene.post(headers, requestBody, { path: `${base}/${agent}/v1/messages` }),
      { tries: 0 },
    );
    assert.equal(result.status, 404);
    assert.equal(result.fields.get('x-archestra-error'), 'agent_not_found');
    const { type, error, request_id: requestId } = JSON.parse(result.body);
    assert.equal(type, 'error');
    assert.equal(error.type, 'not_found_error');
    assert.equal(typeof error.message, 'string');
    assert.equal(requestId, null);
  });
});
