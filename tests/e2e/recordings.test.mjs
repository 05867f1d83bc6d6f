// Recorded provider traffic comes out of the gateway as it went in, however it is cut, and metrics, span and log give
// the figures that an independent program computed from it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { Gateway, Simulator } from '../support/gateway.mjs';
import { exchange as clientExchange } from '../support/client.mjs';
import { cuts, recordingsFolder, recordingsMissing, recordingsOf } from '../support/recordings.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { chunk } from '../support/upstream.mjs';

const recordings = recordingsOf('openai', 'chat-');

// How a body in pieces goes over the wire; each piece is one write.
const framings = {
  'Content-Length': async (exchange, recording, pieces) => {
    await exchange.head(recording.meta.status, [...fieldsOf(recording), ['Content-Length', recording.response.length]]);
    await writeAll(exchange, pieces);
  },
  chunks: async (exchange, recording, pieces) => {
    await exchange.head(recording.meta.status, [...fieldsOf(recording), ['Transfer-Encoding', 'chunked']]);
    await writeAll(exchange, [...pieces.map(chunk), '0\r\n\r\n']);
  },
  'chunks whose framing is cut too': async (exchange, recording, pieces, cut) => {
    await exchange.head(recording.meta.status, [...fieldsOf(recording), ['Transfer-Encoding', 'chunked']]);
    const wire = Buffer.concat([chunk(recording.response), Buffer.from('0\r\n\r\n')]);
    await writeAll(exchange, cut(wire));
  },
};

describe('OpenAI chat recordings', { skip: recordingsMissing }, () => {
  let scene;
  before(async () => (scene = await Scene.start()));
  after(() => scene.stop());

  test('are there', () => assert.ok(recordings.length >= 14));

  for (const recording of recordings) {
    for (const [framing, deliver] of Object.entries(framings)) {
      if (recording.meta.stream && framing === 'Content-Length') continue;
      for (const { name, cut } of cuts) {
        test(`${recording.name}: ${framing}, ${name}`, () =>
          relay(scene, { recording, request: recording.request, deliver, cut }));
      }
    }
    if (asksForUsage(recording.request)) {
      for (const { name, cut } of cuts) {
        test(`${recording.name}: without asking for the usage, ${name}`, () =>
          relay(scene, { recording, request: withoutStreamOptions(recording.request), deliver: framings.chunks, cut }));
      }
    }
  }
});

describe('OpenAI chat recordings through the simulator', { skip: recordingsMissing }, () => {
  let simulator;
  let gateway;
  before(async () => {
    simulator = await Simulator.start({ args: ['--replay', recordingsFolder] });
    gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
  });
  after(async () => {
    await gateway.stop();
    await simulator.stop();
  });

  for (const recording of recordings) {
    for (const chunks of ['whole', 'random:7', 'byte']) {
      test(`${recording.name}: ${chunks}`, async () => {
        const response = await clientExchange(gateway.apiPort, 'POST', chatPath, {
          headers: {
            'Content-Type': 'application/json',
            'x-sim-replay': `openai/${recording.name}`,
            'x-sim-chunks': chunks,
          },
          body: recording.request,
        });
        assertSameResponse(response, recording, recording.request);
      });
    }
  }
});

async function writeAll(exchange, pieces) {
  for (const piece of pieces) {
    await exchange.send(piece);
    await turn(); // so that the gateway may see each piece alone
  }
}

function fieldsOf(recording) {
  return Object.entries(recording.meta.response_headers);
}

async function relay(scene, { recording, request, deliver, cut }) {
  const { result, record, caseName } = await scene.observe((headers) => scene.post(headers, request), {
    upstream: (exchange) => deliver(exchange, recording, cut(recording.response), cut),
  });
  assertSameResponse(result, recording, request);
  assertSameRequest((await scene.upstream.only(caseName)).body, request);
  assertFigures(record, recording, request);
}

function assertSameResponse(response, recording, request) {
  assert.equal(response.status, recording.meta.status);
  for (const [name, value] of fieldsOf(recording)) assert.equal(response.fields.get(name), value, name);
  assert.equal(response.fields.get('x-archestra-error'), undefined);
  assert.equal(response.end, 'complete');
  const expected = asksForUsage(request) ? recording.response : withoutUsageChunk(recording.response);
  assert.ok(response.body.equals(expected), differenceOf(response.body, expected));
}

/** The request goes upstream as it is, but for stream_options.include_usage where a stream's client did not ask. */
function assertSameRequest(body, request) {
  const { stream } = JSON.parse(request);
  if (!stream || asksForUsage(request)) {
    assert.ok(body.equals(request), differenceOf(body, request));
    return;
  }
  const start = commonPrefix(body, request);
  const end = request.length - start;
  assert.ok(body.subarray(body.length - end).equals(request.subarray(start)), 'more than an insertion');
  assert.deepEqual(JSON.parse(body), { ...JSON.parse(request), stream_options: { include_usage: true } });
}

function assertFigures(record, recording, request) {
  const { meta } = recording;
  const isError = meta.status >= 400;
  const expected = meta.expected;
  const tokens = { input: expected.input_tokens ?? 0, output: expected.output_tokens ?? 0 };
  const { model: requestedModel, stream } = JSON.parse(request);
  record.assertOutcome({
    outcome: isError ? 'upstream_error' : 'completed',
    tryStatus: String(meta.status),
    errorType: isError ? String(meta.status) : undefined,
  });

  assert.deepEqual(record.tokens, tokens);
  for (const { labels } of record.grown('llm_tokens_total')) {
    assert.equal(labels.provider, 'openai');
    assert.equal(labels.model, requestedModel);
    assert.equal(labels.agent_name, 'Default Agent');
  }

  const { attributes, name } = record.client;
  assert.equal(name, 'openai.chat.completions');
  const usage = (key, value) => assert.equal(attributes[`gen_ai.usage.${key}`], value ?? undefined, key);
  usage('input_tokens', expected.input_tokens);
  usage('output_tokens', expected.output_tokens);
  if (expected.cached_input_tokens) usage('cache_read.input_tokens', expected.cached_input_tokens);
  if (expected.reasoning_tokens) usage('reasoning.output_tokens', expected.reasoning_tokens);
  assert.equal(attributes['llm.provider'], 'openai');
  assert.equal(attributes['llm.model'], requestedModel);
  assert.equal(attributes['llm.stream'], stream === true);
  assert.equal(attributes['route.category'], 'llm-proxy');
  assert.equal(attributes['gen_ai.response.model'], expected.model ?? undefined);
  assert.equal(attributes['gen_ai.response.id'], expected.response_id ?? undefined);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'] ?? [], expected.finish_reasons);

  assert.deepEqual({ input: record.log.input_tokens ?? 0, output: record.log.output_tokens ?? 0 }, tokens);
  assert.equal(record.log.cache_read_tokens ?? 0, expected.cached_input_tokens ?? 0);
  assert.equal(record.log.reasoning_tokens ?? 0, expected.reasoning_tokens ?? 0);
  assert.equal(record.log.usage_provenance, expected.usage_present ? 'provider' : 'unknown');
}

function asksForUsage(request) {
  const { stream, stream_options: options } = JSON.parse(request);
  return stream === true && options?.include_usage === true;
}

function withoutStreamOptions(request) {
  const { stream_options: _, ...rest } = JSON.parse(request);
  return Buffer.from(JSON.stringify(rest));
}

/** An event stream without the one chunk that has usage and no choices; any other body as it is. */
function withoutUsageChunk(body) {
  const text = body.toString('utf8');
  if (!text.startsWith('data:')) return body;
  const isUsageChunk = (event) => {
    if (!event.startsWith('data: {')) return false;
    const { choices, usage } = JSON.parse(event.slice('data: '.length));
    return choices?.length === 0 && usage != null;
  };
  return Buffer.from(text.split(/(?<=\n\n)/).filter((event) => !isUsageChunk(event)).join(''));
}

function commonPrefix(one, other) {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1;
  return length;
}

function differenceOf(actual, expected) {
  const at = commonPrefix(actual, expected);
  const near = (bytes) => JSON.stringify(bytes.subarray(Math.max(0, at - 30), at + 60).toString('utf8'));
  return `${actual.length} bytes for ${expected.length}; from byte ${at} on: ${near(actual)} for ${near(expected)}`;
}
