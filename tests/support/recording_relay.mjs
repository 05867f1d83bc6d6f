// Recorded provider traffic comes out of the gateway as it went in, however it is cut, and metrics, span and log give
// the figures that an independent program computed from it. One test file a provider.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { exchange as clientExchange } from './client.mjs';
import { Gateway, Simulator } from './gateway.mjs';
import { cuts, recordingsFolder, recordingsMissing, recordingsOf } from './recordings.mjs';
import { Scene } from './scene.mjs';
import { chunk } from './upstream.mjs';

/** What the gateway calls the operation of a recording, by the recording's path. */
const operations = [
  [/\/chat\/completions$/, 'chat.completions'],
  [/\/responses$/, 'responses'],
  [/\/embeddings$/, 'embeddings'],
  [/\/completions$/, 'completions'],
  [/\/messages$/, 'messages'],
  [/\/messages\/count_tokens$/, 'messages.count_tokens'],
  [/:(stream)?[gG]enerateContent$/, 'generateContent'],
  [/:embedContent$/, 'embedContent'],
  [/:batchEmbedContents$/, 'batchEmbedContents'],
  [/:countTokens$/, 'countTokens'],
];

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

/**
 * Tests of a provider's recordings, of which there are `count`, through a scripted upstream and the simulator; only those
 * whose names begin with `prefix`.
 */
export function describeRecordings(provider, count, prefix = '') {
  const recordings = recordingsOf(provider).filter(({ name }) => name.startsWith(prefix));

  describe(`recordings of ${provider}`, { skip: recordingsMissing }, () => {
    let scene;
    before(async () => (scene = await Scene.start()));
    after(() => scene.stop());

    test('are there', () => assert.equal(recordings.length, count));

    for (const recording of recordings) {
      for (const [framing, deliver] of Object.entries(framings)) {
        if (recording.meta.stream && framing === 'Content-Length') continue;
        for (const { name, cut } of cuts) {
          if (framing === 'chunks' && name === 'byte by byte') continue; // as below, where the framing is cut as well
          test(`${recording.name}: ${framing}, ${name}`, () =>
            relay(scene, { recording, request: recording.request, deliver, cut }));
        }
      }
      for (const { name, cut } of cuts) {
        test(`${recording.name}: encoded, ${name}`, () =>
          relay(scene, { recording, request: recording.request, deliver: framings.chunks, cut, encoding: gzip }));
      }
      if (asksForUsage(recording)) {
        for (const { name, cut } of cuts) {
          test(`${recording.name}: without asking for the usage, ${name}`, () =>
            relay(scene, {
              recording,
              request: withoutStreamOptions(recording.request),
              deliver: framings.chunks,
              cut,
            }));
          test(`${recording.name}: encoded, without asking for the usage, ${name}`, () =>
            relay(scene, {
              recording,
              request: withoutStreamOptions(recording.request),
              deliver: framings.chunks,
              cut,
              encoding: gzip,
            }));
        }
      }
    }
  });

  describe(`recordings of ${provider} through the simulator`, { skip: recordingsMissing }, () => {
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
          const response = await clientExchange(gateway.apiPort, 'POST', targetOf(recording), {
            headers: {
              'Content-Type': 'application/json',
              'x-sim-replay': `${provider}/${recording.name}`,
              'x-sim-chunks': chunks,
            },
            body: recording.request,
          });
          assertSameResponse(response, recording, recording.request);
        });
      }
    }
  });
}

/** The request target at the gateway. */
function targetOf({ meta }) {
  return `/v1/${meta.provider}${meta.api_path}${meta.query && `?${meta.query}`}`;
}

function operationOf({ meta }) {
  return operations.find(([path]) => path.test(meta.api_path))[1];
}

async function writeAll(exchange, pieces) {
  for (const piece of pieces) {
    await exchange.send(piece);
    await turn(); // so that the gateway may see each piece alone
  }
}

/** Content codings: their name, none for what is as it was recorded, and what they do to a body. */
const identity = { encode: (body) => body };
const gzip = { name: 'gzip', encode: (body) => gzipSync(body) };

/** The recording as a provider sends it that encodes it. */
function encoded(recording, { name, encode }) {
  const { meta, response } = recording;
  const fields = name ? { ...meta.response_headers, 'content-encoding': name } : meta.response_headers;
  return { ...recording, meta: { ...meta, response_headers: fields }, response: encode(response) };
}

function fieldsOf(recording) {
  return Object.entries(recording.meta.response_headers);
}

async function relay(scene, { recording, request, deliver, cut, encoding = identity }) {
  const sent = encoded(recording, encoding);
  const { result, record, caseName } = await scene.observe((headers) => scene.post(headers, request, { path: targetOf(recording) }), {
    upstream: (exchange) => deliver(exchange, sent, cut(sent.response), cut),
  });
  // What has to be changed comes decoded.
  assertSameResponse(result, isAskedForUsage(recording, request) ? recording : sent, request);
  assertSameRequest((await scene.upstream.only(caseName)).body, recording, request);
  assertFigures(record, recording);
}

function assertSameResponse(response, recording, request) {
  assert.equal(response.status, recording.meta.status);
  for (const [name, value] of fieldsOf(recording)) assert.equal(response.fields.get(name), value, name);
  assert.equal(response.fields.get('x-archestra-error'), undefined);
  assert.equal(response.end, 'complete');
  const expected = isAskedForUsage(recording, request) ? withoutUsageChunk(recording.response) : recording.response;
  assert.ok(response.body.equals(expected), differenceOf(response.body, expected));
}

/** The request goes upstream as it is, but for stream_options.include_usage where a stream's client did not ask. */
function assertSameRequest(body, recording, request) {
  if (!isAskedForUsage(recording, request)) {
    assert.ok(body.equals(request), differenceOf(body, request));
    return;
  }
  const start = commonPrefix(body, request);
  const end = request.length - start;
  assert.ok(body.subarray(body.length - end).equals(request.subarray(start)), 'more than an insertion');
  assert.deepEqual(JSON.parse(body), { ...JSON.parse(request), stream_options: { include_usage: true } });
}

function assertFigures(record, recording) {
  const { meta } = recording;
  const { expected, provider } = meta;
  const isError = meta.status >= 400;
  const figures = figuresOf(recording);
  const tokens = { input: figures?.input ?? 0, output: figures?.output ?? 0 };
  record.assertOutcome({
    outcome: isError ? 'upstream_error' : 'completed',
    tryStatus: String(meta.status),
    errorType: isError ? String(meta.status) : undefined,
  });

  assert.deepEqual(record.tokens, tokens);
  for (const { labels } of record.grown('llm_tokens_total')) {
    assert.equal(labels.provider, provider);
    assert.equal(labels.model, meta.request_model);
    assert.equal(labels.agent_name, 'Default Agent');
  }

  const { attributes, name } = record.client;
  assert.equal(name, `${provider}.${operationOf(recording)}`);
  const usage = (key, value) => assert.equal(attributes[`gen_ai.usage.${key}`], value, key);
  usage('input_tokens', figures?.input);
  if (figures?.output !== 0) usage('output_tokens', figures?.output);
  if (expected.cached_input_tokens) usage('cache_read.input_tokens', expected.cached_input_tokens);
  if (expected.reasoning_tokens) usage('reasoning.output_tokens', expected.reasoning_tokens);
  assert.equal(attributes['llm.provider'], provider);
  assert.equal(attributes['llm.model'], meta.request_model);
  assert.equal(attributes['llm.stream'], meta.stream);
  assert.equal(attributes['route.category'], 'llm-proxy');
  assert.equal(attributes['gen_ai.response.model'], expected.model ?? undefined);
  assert.equal(attributes['gen_ai.response.id'], expected.response_id ?? undefined);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'] ?? [], expected.finish_reasons);

  const { log } = record;
  assert.deepEqual({ input: log.input_tokens ?? 0, output: log.output_tokens ?? 0 }, tokens);
  assert.equal(log.cache_read_tokens ?? 0, expected.cached_input_tokens ?? 0);
  assert.equal(log.cache_write_tokens ?? 0, expected.cache_creation_input_tokens ?? 0);
  assert.equal(log.reasoning_tokens ?? 0, expected.reasoning_tokens ?? 0);
  assert.equal(log.usage_provenance, figures ? 'provider' : 'unknown');
  assert.equal(log.tool_calls, expected.tool_calls?.length ?? 0);
}

/** {input, output} by the gateway's definitions: all input, all output; nothing for what consumes no tokens. */
function figuresOf(recording) {
  const { expected } = recording.meta;
  if (!expected.usage_present || /count_?tokens$/i.test(operationOf(recording))) return undefined;
  const { toolUsePromptTokenCount = 0 } = expected.usage_raw;
  return {
    input: (expected.input_tokens_including_cache ?? expected.input_tokens) + toolUsePromptTokenCount,
    output: expected.output_tokens_including_reasoning ?? expected.output_tokens ?? 0,
  };
}

/** Whether the client itself asks for usage where it has to be asked for. */
function asksForUsage({ meta, request }) {
  return takesUsageOption(meta) && asks(request);
}

/** Whether the gateway asks in its stead. */
function isAskedForUsage({ meta }, request) {
  return takesUsageOption(meta) && !asks(request);
}

function takesUsageOption({ provider, api_path: path, stream }) {
  return provider === 'openai' && stream && path.endsWith('/completions');
}

function asks(request) {
  return JSON.parse(request).stream_options?.include_usage === true;
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
