// Answers in a content coding: what is only read passes encoded, byte for byte, and counts as if it were not; what has
// to be changed is decoded first. The encoders are Node's.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

import { Client } from '../support/client.mjs';
import {
  chatRequest,
  completion,
  errorBody,
  events,
  streamRequest,
  streamRequestWithUsage,
  usage,
  wholeStream,
  words,
} from '../support/openai_chat.mjs';
import { cuts } from '../support/recordings.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { chunk } from '../support/upstream.mjs';
import { until, within } from '../support/until.mjs';

const codings = [
  { name: 'gzip', field: 'gzip', encode: zlib.gzipSync, stream: zlib.createGzip, flush: zlib.constants.Z_SYNC_FLUSH },
  { name: 'gzip by its old name', field: 'X-GZip', encode: zlib.gzipSync },
  { name: 'deflate', field: 'deflate', encode: zlib.deflateSync, stream: zlib.createDeflate, flush: zlib.constants.Z_SYNC_FLUSH },
  { name: 'deflate without its wrapper', field: 'deflate', encode: zlib.deflateRawSync },
  {
    name: 'br',
    field: 'br',
    encode: (body) => zlib.brotliCompressSync(body, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }), // in time
    stream: zlib.createBrotliCompress,
    flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  },
  {
    name: 'zstd',
    field: 'zstd',
    encode: zlib.zstdCompressSync,
    stream: zlib.createZstdCompress,
    flush: zlib.constants.ZSTD_e_flush,
  },
];
const [gzip] = codings;
const streamed = codings.filter(({ stream }) => stream);

const jsonType = 'application/json';
const eventType = 'text/event-stream';
const answer = Buffer.from(JSON.stringify(completion));
const stream = Buffer.from(wholeStream.join(''));
const streamWithoutUsageChunk = Buffer.from(wholeStream.filter((event) => event !== events.usage).join(''));

let scene;
before(async () => (scene = await Scene.start()));
after(() => scene.stop());

/** One call whose answer is `body` in one write behind its head, with Content-Length. */
function call(request, { status = 200, fields = {}, type = jsonType, field, body, headers = {} }) {
  return scene.observe((own) => scene.post({ ...headers, ...own }, request), {
    upstream: (exchange) => exchange.respond(status, { 'Content-Type': type, 'Content-Encoding': field, ...fields }, body),
  });
}

/** The same in chunks, cut in pieces that arrive one by one. */
function callInPieces(request, { type, field, fields = {}, pieces }) {
  return scene.observe((own) => scene.post(own, request), {
    upstream: async (exchange) => {
      await exchange.head(200, { 'Content-Type': type, 'Content-Encoding': field, ...fields, 'Transfer-Encoding': 'chunked' });
      for (const piece of pieces) {
        await exchange.send(chunk(piece));
        await turn();
      }
      await exchange.lastChunk();
    },
  });
}

function assertPassed(response, field, body) {
  assert.equal(response.end, 'complete');
  assert.equal(response.fields.get('content-encoding'), field);
  assert.ok(response.body.equals(body), `${response.body.length} bytes for ${body.length}`);
}

function assertDecoded(response, body = streamWithoutUsageChunk) {
  assert.equal(response.end, 'complete');
  assert.equal(response.fields.get('content-encoding'), undefined);
  assert.equal(response.fields.get('content-length'), undefined);
  assert.equal(response.body.toString(), body.toString());
}

function assertCounted(record) {
  record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  const figures = { input: usage.prompt_tokens, output: usage.completion_tokens };
  assert.deepEqual(record.tokens, figures);
  const { attributes } = record.client;
  const inSpan = { input: attributes['gen_ai.usage.input_tokens'], output: attributes['gen_ai.usage.output_tokens'] };
  assert.deepEqual(inSpan, figures);
  assert.equal(attributes['gen_ai.response.model'], completion.model);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop']);
  assert.deepEqual({ input: record.log.input_tokens, output: record.log.output_tokens }, figures);
  assert.equal(record.log.usage_provenance, 'provider');
}

function assertUnknown(record) {
  assert.deepEqual(record.tokens, { input: 0, output: 0 });
  assert.equal(record.client.attributes['gen_ai.usage.input_tokens'], undefined);
  assert.equal(record.client.attributes['gen_ai.usage.output_tokens'], undefined);
  assert.equal(record.log.usage_provenance, 'unknown');
}

for (const { name, field, encode } of codings) {
  describe(name, () => {
    test('a JSON answer with its length passes as it is, and is counted', async () => {
      const body = encode(answer);
      const { result, record } = await call(chatRequest, { field, body, fields: { ETag: '"a"', 'Content-MD5': 'x' } });
      assertPassed(result, field, body);
      assert.equal(result.fields.get('content-length'), String(body.length));
      assert.equal(result.fields.get('etag'), '"a"');
      assert.equal(result.fields.get('content-md5'), 'x');
      assertCounted(record);
    });

    for (const { name: cutName, cut } of cuts) {
      test(`a JSON answer in chunks: ${cutName}`, async () => {
        const body = encode(answer);
        const { result, record } = await callInPieces(chatRequest, { type: jsonType, field, pieces: cut(body) });
        assertPassed(result, field, body);
        assertCounted(record);
      });

      test(`a stream that is only read: ${cutName}`, async () => {
        const body = encode(stream);
        const { result, record } = await callInPieces(streamRequestWithUsage, { type: eventType, field, pieces: cut(body) });
        assertPassed(result, field, body);
        assertCounted(record);
        assert.ok(record.growth('llm_time_to_first_token_seconds_count') === 1, 'a time to the first token');
      });

      test(`a stream whose usage chunk is dropped: ${cutName}`, async () => {
        const pieces = cut(encode(stream));
        const { result, record } = await callInPieces(streamRequest, { type: eventType, field, pieces });
        assertDecoded(result);
        assertCounted(record);
      });
    }

    test('an error of the provider', async () => {
      const body = encode(Buffer.from(errorBody('rate_limit_error', 'Slow down.')));
      const { result, record } = await call(streamRequest, { status: 429, field, body });
      assertPassed(result, field, body);
      record.assertOutcome({ outcome: 'upstream_error', tryStatus: '429', errorType: '429' });
    });
  });
}

describe('a large answer', () => {
  const text = Array.from({ length: 20_000 }, (_, i) => (i * 7919).toString(36)).join(' ');
  const large = { ...completion, choices: [{ ...completion.choices[0], message: { role: 'assistant', content: text } }] };
  const largeStream = [events.role, ...words(20_000), events.stop, events.usage, events.done];
  for (const { name, field, encode } of streamed) {
    test(`${name}: JSON`, async () => {
      const body = encode(Buffer.from(JSON.stringify(large)));
      const { result, record } = await call(chatRequest, { field, body });
      assertPassed(result, field, body);
      assertCounted(record);
    });
    test(`${name}: a stream, read and changed`, async () => {
      const body = encode(Buffer.from(largeStream.join('')));
      const read = await call(streamRequestWithUsage, { type: eventType, field, body });
      assertPassed(read.result, field, body);
      assertCounted(read.record);
      const changed = await call(streamRequest, { type: eventType, field, body });
      assertDecoded(changed.result, largeStream.filter((event) => event !== events.usage).join(''));
      assertCounted(changed.record);
    });
  }
});

// Each event is there for the client before the provider writes the next.
describe('an encoded stream is live', () => {
  for (const { name, field, stream: createEncoder, flush } of streamed) {
    for (const request of [streamRequest, streamRequestWithUsage]) {
      const changed = request === streamRequest;
      test(`${name}, ${changed ? 'decoded' : 'as it comes'}`, async () => {
        const { record } = await scene.observe(
          async (headers) => {
            const client = await Client.connect(scene.gateway.apiPort);
            await client.request('POST', chatPath, {
              headers: { 'Content-Type': jsonType, ...headers },
              body: JSON.stringify(request),
            });
            const exchange = await scene.upstream.only(headers['x-case']);
            const encoder = createEncoder();
            const encoded = [];
            encoder.on('data', (bytes) => encoded.push(bytes));
            const flushed = promisify(encoder.flush.bind(encoder));
            const sendEncoded = async () => {
              for (const bytes of encoded.splice(0)) await exchange.chunk(bytes);
            };
            await exchange.streamHead({ 'Content-Encoding': field });
            const head = await client.head();
            assert.equal(head.fields.get('content-encoding'), changed ? undefined : field);
            for (const event of wholeStream.slice(0, 4)) {
              const already = client.bytes.received;
              encoder.write(event);
              await flushed(flush);
              await sendEncoded();
              while (client.bytes.received === already) await within('an event at the client', client.bytes.more());
            }
            for (const event of wholeStream.slice(4)) encoder.write(event);
            await promisify(encoder.end.bind(encoder))();
            await sendEncoded();
            await exchange.lastChunk();
            const { body, end } = await client.body(head);
            assert.equal(end, 'complete');
            if (changed) assert.equal(body.toString(), streamWithoutUsageChunk.toString());
            client.close();
          },
          { upstream: () => {} },
        );
        assertCounted(record);
      });
    }
  }
});

describe('what the provider may use', () => {
  const accepted = 'br;q=1.0, zstd, dcb, *;q=0.1';
  const cases = {
    'what the client accepts': { request: chatRequest, expected: accepted },
    'what the client accepts, of a stream too': { request: streamRequestWithUsage, expected: accepted },
    'nothing where the usage chunk is to be dropped': { request: streamRequest, expected: 'identity' },
  };
  for (const [name, { request, expected }] of Object.entries(cases)) {
    test(`is ${name}`, async () => {
      const { record, caseName } = await scene.observe((own) => scene.post({ 'Accept-Encoding': accepted, ...own }, request), {
        upstream: (exchange) =>
          request.stream
            ? exchange.respond(200, { 'Content-Type': eventType }, stream)
            : exchange.respond(200, { 'Content-Type': jsonType }, answer),
      });
      assertCounted(record);
      assert.equal((await scene.upstream.only(caseName)).fields.get('accept-encoding'), expected);
    });
  }

  test('is not said where the client does not', async () => {
    const { caseName } = await scene.observe((own) => scene.post(own, chatRequest), {
      upstream: (exchange) => exchange.json200(completion),
    });
    assert.equal((await scene.upstream.only(caseName)).fields.get('accept-encoding'), undefined);
  });
});

test('a decoded answer says nothing that is false for it', async () => {
  const fields = { ETag: '"a"', Digest: 'sha-256=x', 'Content-Digest': 'sha-256=:x:', Vary: 'Accept-Encoding', 'X-Kept': '1' };
  const { result } = await call(streamRequest, { type: eventType, field: 'gzip', fields, body: gzip.encode(stream) });
  assertDecoded(result);
  for (const name of ['etag', 'digest', 'content-digest']) assert.equal(result.fields.get(name), undefined, name);
  assert.equal(result.fields.get('vary'), 'Accept-Encoding');
  assert.equal(result.fields.get('x-kept'), '1');
  assert.equal(result.fields.get('transfer-encoding'), 'chunked');
});

test('identity is no coding', async () => {
  const { result, record } = await call(chatRequest, { field: 'Identity', body: answer });
  assertPassed(result, 'Identity', answer);
  assertCounted(record);
});

test('members of gzip one behind the other are one body', async () => {
  const body = Buffer.concat([gzip.encode(answer.subarray(0, 100)), gzip.encode(''), gzip.encode(answer.subarray(100))]);
  const { result, record } = await call(chatRequest, { field: 'gzip', body });
  assertPassed(result, 'gzip', body);
  assertCounted(record);
});

// Passing on one chunk too many is better than refusing the answer.
describe('a coding that is not known passes unread', () => {
  for (const field of ['compress', 'gzip, br', 'dcz']) {
    for (const request of [chatRequest, streamRequest]) {
      test(`${field}, ${request.stream ? 'a stream' : 'JSON'}`, async () => {
        const type = request.stream ? eventType : jsonType;
        const body = zlib.brotliCompressSync(zlib.gzipSync(stream));
        const { result, record } = await call(request, { type, field, body });
        assertPassed(result, field, body);
        assert.equal(result.fields.get('content-length'), String(body.length));
        record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
        assertUnknown(record);
      });
    }
  }
});

describe('what cannot be decoded', () => {
  const broken = Buffer.from(gzip.encode(answer));
  broken[broken.length - 8] ^= 1; // the checksum
  const brokenStream = Buffer.from(gzip.encode(stream));
  brokenStream[brokenStream.length - 8] ^= 1;
  const bombs = Object.fromEntries(
    streamed.map(({ name, encode }) => [
      `a bomb of ${name}`,
      { field: codings.find((coding) => coding.name === name).field, body: encode(Buffer.alloc(100 << 20, '\n')) },
    ]),
  );
  const cases = {
    'what is not encoded at all': { field: 'gzip', body: answer, streamBody: stream },
    'a checksum that is wrong': { field: 'gzip', body: broken, streamBody: brokenStream },
    ...bombs,
  };
  for (const [name, { field, body, streamBody = body }] of Object.entries(cases)) {
    test(`${name}: JSON passes unread`, async () => {
      const { result, record } = await call(chatRequest, { field, body });
      assertPassed(result, field, body);
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assertUnknown(record);
    });

    test(`${name}: a stream that is only read passes`, async () => {
      const { result, record } = await call(streamRequestWithUsage, { type: eventType, field, body: streamBody });
      assertPassed(result, field, streamBody);
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    });

    test(`${name}: a stream that is to be changed breaks off`, async () => {
      const { result, record } = await call(streamRequest, { type: eventType, field, body: streamBody });
      assert.notEqual(result.end, 'complete');
      assert.equal(result.fields.get('content-encoding'), undefined);
      assert.ok(result.body.length < 10 << 20, `${result.body.length} bytes`);
      if (name === 'a checksum that is wrong') assert.equal(result.body.toString(), streamWithoutUsageChunk.toString());
      const errorType = name in bombs ? 'decoded_too_large' : 'upstream_malformed';
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType });
    });
  }

  test('what was counted before a fault in the middle is not taken for all', async () => {
    const first = zlib.gzipSync(events.word('one'));
    const body = Buffer.concat([first, Buffer.from('no member of gzip'), zlib.gzipSync(stream)]);
    const { result, record } = await callInPieces(streamRequestWithUsage, { type: eventType, field: 'gzip', pieces: [body] });
    assertPassed(result, 'gzip', body);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assertUnknown(record);
  });
});

test('the log says at level debug what was not read, and why', async () => {
  const own = await Scene.start({ env: { ARCHESTRA_LOG_LEVEL: 'debug' } });
  try {
    for (const [field, why] of [['gzip', /zlib/], ['compress', /^compress$/]]) {
      const before = unreadLines(own).length;
      await own.observe((headers) => own.post(headers, chatRequest), {
        upstream: (exchange) => exchange.respond(200, { 'Content-Type': jsonType, 'Content-Encoding': field }, answer),
      });
      await until('a line about it', () => unreadLines(own).length > before);
      assert.equal(unreadLines(own).length, before + 1);
      assert.match(unreadLines(own).at(-1).why, why);
    }
  } finally {
    await own.stop();
  }
});

function unreadLines({ gateway }) {
  return gateway.program.stderr.map((line) => JSON.parse(line)).filter(({ message }) => message?.includes('not read'));
}

describe('what is not whole', () => {
  const part = gzip.encode(stream).subarray(0, -30);

  test('JSON passes unread', async () => {
    const body = gzip.encode(answer).subarray(0, -1);
    const { result, record } = await call(chatRequest, { field: 'gzip', body });
    assertPassed(result, 'gzip', body);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assertUnknown(record);
  });

  test('a stream that is only read lacks its last event', async () => {
    const { result, record } = await call(streamRequestWithUsage, { type: eventType, field: 'gzip', body: part });
    assertPassed(result, 'gzip', part);
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
  });

  test('a stream that is to be changed breaks off', async () => {
    const { result, record } = await call(streamRequest, { type: eventType, field: 'gzip', body: part });
    assert.notEqual(result.end, 'complete');
    assert.ok(result.body.length > 0);
    assert.ok(stream.toString().startsWith(result.body.toString()), 'the usage chunk is not whole, and passes');
    record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
  });
});

describe('without a body', () => {
  const fields = { 'Content-Type': eventType, 'Content-Encoding': 'gzip', ETag: '"a"' };
  for (const status of [204, 304]) {
    test(`the fields of a ${status} are the provider's`, async () => {
      const { result, record } = await scene.observe((own) => scene.post(own, streamRequest), {
        upstream: (exchange) => exchange.head(status, fields),
      });
      assert.equal(result.status, status);
      assert.equal(result.fields.get('content-encoding'), 'gzip');
      assert.equal(result.fields.get('etag'), '"a"');
      assert.equal(result.fields.get('transfer-encoding'), undefined);
      assertUnknown(record);
    });
  }

  for (const request of [chatRequest, streamRequestWithUsage, streamRequest]) {
    const kind = request.stream ? 'events' : 'JSON';
    test(`an empty one of ${kind}${request === streamRequest ? ' to be changed' : ''} is empty`, async () => {
      const type = request.stream ? eventType : jsonType;
      const { result, record } = await call(request, { type, field: 'br', body: '' });
      assert.equal(result.end, 'complete');
      assert.equal(result.body.length, 0);
      assertUnknown(record);
    });
  }
});
