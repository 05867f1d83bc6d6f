// What the gateway does not understand it relays as it is: any method, any body, both ways, to the last byte. It is a
// call all the same, without model and tokens.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { exchange } from '../support/client.mjs';
import { usage } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { chunk } from '../support/upstream.mjs';

const json = { 'Content-Type': 'application/json' };
const form = { 'Content-Type': 'multipart/form-data; boundary="edge of it"' };
const allBytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256));
/** Usage, in a body that nobody is to read. */
const withUsage = JSON.stringify({ id: 'x', model: 'm', usage, choices: [] });
const responseEvents = 'event: response.created\ndata: {"type":"response.created","response":{"id":"r","usage":{"input_tokens":9}}}\n\n';

/** Requests below the provider's prefix: what goes there, and what comes back. */
const cases = {
  'an upload, answered': {
    request: ['POST', '/files', form, multipart(randomBytes(200_000))],
    answer: [200, json, '{"id":"file-1"}'],
  },
  'a download in chunks': {
    request: ['GET', '/files/file-1/content'],
    answer: [200, { 'Content-Type': 'application/octet-stream' }, randomBytes(200_000)],
    chunked: true,
  },
  'speech': {
    request: ['POST', '/audio/speech', json, '{"model":"tts-1","input":"a","voice":"alloy"}'],
    answer: [200, { 'Content-Type': 'audio/mpeg' }, allBytes],
    chunked: true,
  },
  'a transcription': {
    request: ['POST', '/audio/transcriptions', form, multipart(allBytes)],
    answer: [200, { 'Content-Type': 'text/plain; charset=utf-8' }, 'Grüße\r\n\0'],
  },
  'an edited image': {
    request: ['POST', '/images/edits', form, multipart(allBytes)],
    answer: [200, json, JSON.stringify({ data: [{ b64_json: allBytes.toString('base64') }], usage: { input_tokens: 5 } })],
  },
  'images that are streamed, without a last event': {
    request: ['POST', '/images/generations', json, '{"model":"gpt-image-1","prompt":"a","stream":true}'],
    answer: [200, { 'Content-Type': 'text/event-stream' }, 'event: image_generation.partial_image\ndata: {"b64_json":"AA=="}\n\n'],
    chunked: true,
  },
  'a stored response, streamed again': {
    request: ['GET', '/responses/resp_1?stream=true&starting_after=7&include%5B%5D=a'],
    answer: [200, { 'Content-Type': 'text/event-stream' }, responseEvents],
    chunked: true,
  },
  'a stored response, cancelled': {
    request: ['POST', '/responses/resp_1/cancel'],
    answer: [200, json, withUsage],
  },
  'a query with everything in it': {
    request: ['GET', '/files?after=a%2Fb&empty=&flag&x=1&x=2&y=%C3%A4+b?c'],
    answer: [200, json, '{"data":[]}'],
  },
  'a file, deleted': {
    request: ['DELETE', '/files/file%20-1'],
    answer: [200, json, '{"deleted":true}'],
  },
  'a body with DELETE': {
    request: ['DELETE', '/things/1', json, '{"why":"so"}'],
    answer: [200, json, '{}'],
  },
  'a replaced vector store': {
    request: ['PUT', '/vector_stores/1', { 'Content-Type': 'application/x-odd' }, allBytes],
    answer: [201, { 'Content-Type': 'application/x-odd', Location: '/v1/vector_stores/1' }, allBytes],
  },
  'a head alone': {
    request: ['HEAD', '/files/file-1/content'],
    answer: [200, { 'Content-Type': 'audio/mpeg' }, ''],
  },
  'an answer in gzip': {
    request: ['GET', '/models', { 'Accept-Encoding': 'gzip, br' }],
    answer: [200, { ...json, 'Content-Encoding': 'gzip' }, gzipSync(withUsage)],
  },
  'the provider\'s own error': {
    request: ['POST', '/batches', json, '{'],
    answer: [400, json, '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}'],
  },
  'another method where something is understood': {
    request: ['GET', '/chat/completions?limit=2'],
    answer: [200, json, withUsage],
  },
};

let scene;
before(async () => (scene = await Scene.start()));
after(() => scene.stop());

describe('passes through:', () => {
  for (const [name, { request, answer, chunked }] of Object.entries(cases)) {
    test(name, async () => {
      const [method, path, fields = {}, body] = request;
      const [status, answerFields, text] = answer;
      const content = Buffer.from(text);
      const { result, record, caseName } = await scene.observe(
        (own) => exchange(scene.gateway.apiPort, method, `/v1/openai${path}`, { headers: { ...fields, ...own }, body }),
        { upstream: (own) => (chunked ? inChunks(own, status, answerFields, content) : own.respond(status, answerFields, content)) },
      );
      const seen = await scene.upstream.only(caseName);
      assert.equal(`${seen.method} ${seen.target}`, `${method} /v1${path}`);
      assert.ok(seen.body.equals(Buffer.from(body ?? '')), 'the body of the request');
      assertFields(seen.fields, fields);

      assert.equal(result.status, status);
      assert.ok(result.body.equals(content), 'the body of the answer');
      assert.equal(result.end, 'complete');
      assertFields(result.fields, answerFields);
      assert.equal(result.fields.get('x-archestra-error'), undefined);
      assertIsNotRead(record, method, status);
    });
  }
});

async function inChunks(own, status, fields, content) {
  await own.head(status, { ...fields, 'Transfer-Encoding': 'chunked' });
  const half = content.length >> 1;
  await own.send(chunk(content.subarray(0, half)));
  await own.send(chunk(content.subarray(half)));
  await own.lastChunk();
}

function assertFields(fields, expected) {
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(fields.all(name.toLowerCase()), [value], name);
}

function assertIsNotRead(record, method, status) {
  record.assertOutcome({
    outcome: status < 400 ? 'completed' : 'upstream_error',
    tryStatus: String(status),
    errorType: status < 400 ? undefined : String(status),
  });
  assert.equal(record.httpLabels.route, '/v1/openai/*');
  assert.equal(record.server.name, `${method} /v1/openai/*`);
  assert.equal(record.client.name, 'openai.request');
  assert.equal(record.client.attributes['gen_ai.operation.name'], undefined);
  assert.deepEqual(record.tokens, { input: 0, output: 0 });
  assert.equal(record.log.usage_provenance, 'unknown');
}

function multipart(content) {
  const part = 'Content-Disposition: form-data; name="file"; filename="ä.bin"\r\nContent-Type: application/octet-stream';
  return Buffer.concat([Buffer.from(`--edge of it\r\n${part}\r\n\r\n`), content, Buffer.from('\r\n--edge of it--\r\n')]);
}
