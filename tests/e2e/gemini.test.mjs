// Gemini's dialect: both forms of its streams, how they end, and what a path tells.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { constants, gzipSync } from 'node:zlib';

import { Client, exchange } from '../support/client.mjs';
import { chunk, chunks, forms, generateRequest, model, pathOf } from '../support/gemini.mjs';
import { Scene, only } from '../support/scene.mjs';
import { within } from '../support/until.mjs';

const unknownAgent = '6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a10';
const defaultAgent = '00000000-0000-4000-8000-000000000001';
const word = 'Rumpelstiltskin'; // a credential

let scene;
before(async () => (scene = await Scene.start()));
after(() => scene?.stop());

const generate = (headers, path) => scene.post(headers, generateRequest, { path });

for (const [name, { contentType, query, pieces, end }] of Object.entries(forms)) {
  describe(`a stream of ${name}`, () => {
    const head = (own) => own.streamHead({ 'Content-Type': contentType });
    const path = pathOf('streamGenerateContent', { query });

    test('passes at once and is counted by its last chunk', async () => {
      const all = [...pieces(chunks), ...end];
      const { result, record } = await scene.observe((headers) => generate(headers, path),
        {
          upstream: async (own) => {
            await head(own);
            for (const piece of all) await own.chunk(piece);
            await own.lastChunk();
          },
        },
      );
      assert.equal(result.body.toString('utf8'), all.join(''));
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assert.deepEqual(record.tokens, { input: 11, output: 52 });
      assert.equal(record.client.name, 'gemini.generateContent');
      assert.equal(record.client.attributes['llm.model'], model);
      assert.equal(record.client.attributes['llm.stream'], true);
      assert.equal(record.client.attributes['gen_ai.provider.name'], 'gcp.gemini');
      assert.equal(record.client.attributes['gen_ai.operation.name'], 'generate_content');
      assert.deepEqual(record.client.attributes['gen_ai.response.finish_reasons'], ['STOP']);
      assert.equal(record.server.attributes['http.route'], '/v1/gemini/v1beta/models/:model:streamGenerateContent');
      assert.ok(record.log.time_to_first_token_ms > 0);
    });

    test('whose first chunk is read before the second is sent', async () => {
      const [first, ...others] = pieces(chunks);
      let goOn;
      const mayGoOn = new Promise((resolve) => (goOn = resolve));
      const { record } = await scene.observe(
        async (headers) => {
          const client = await Client.connect(scene.gateway.apiPort);
          try {
            await client.request('POST', path, { headers, body: JSON.stringify(generateRequest) });
            const answer = await client.head();
            while (client.bytes.available === 0) await within('the first chunk', client.bytes.more());
            setTimeout(goOn, 50);
            await client.body(answer);
          } finally {
            client.close();
          }
        },
        {
          upstream: async (own) => {
            await head(own);
            await own.chunk(first);
            await mayGoOn;
            for (const piece of [...others, ...end]) await own.chunk(piece);
            await own.lastChunk();
          },
        },
      );
      assert.ok(record.log.duration_ms - record.log.time_to_first_token_ms >= 40, JSON.stringify(record.log));
    });

    test('that ends without a reason is truncated, its usage an estimate of what was said', async () => {
      const { record } = await scene.observe((headers) => generate(headers, path), {
        upstream: async (own) => {
          await head(own);
          for (const piece of [...pieces(chunks.slice(0, 3)), ...end]) await own.chunk(piece);
          await own.lastChunk();
        },
      });
      record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
      assert.deepEqual(record.tokens, { input: 0, output: 0 });
      assert.equal(record.log.usage_provenance, 'estimate');
      assert.deepEqual([record.log.input_tokens, record.log.output_tokens], [11, 35]);
      assert.equal(record.growth('llm_estimated_tokens_total', { type: 'output' }), 35);
    });

    test('whose usage has not come is estimated by its chunks', async () => {
      const bare = [1, 2, 3].map(() => chunk([{ text: 'word' }], { usage: { promptTokenCount: 9, totalTokenCount: 9 } }));
      const { record } = await scene.observe((headers) => generate(headers, path), {
        upstream: async (own) => {
          await head(own);
          for (const piece of pieces(bare)) await own.chunk(piece);
          await own.allArrived();
          own.reset();
        },
      });
      assert.equal(record.outcome, 'upstream_truncated');
      assert.equal(record.log.usage_provenance, 'estimate');
      assert.deepEqual([record.log.input_tokens, record.log.output_tokens], [9, 3]);
    });

    test('whose prompt was blocked has ended', async () => {
      const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 } };
      const { record } = await scene.observe((headers) => generate(headers, path), {
        upstream: async (own) => {
          await head(own);
          for (const piece of [...pieces([blocked]), ...end]) await own.chunk(piece);
          await own.lastChunk();
        },
      });
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assert.deepEqual(record.tokens, { input: 4, output: 0 });
    });

    test('that ends in an error is an error', async () => {
      const error = { error: { code: 503, message: 'Overloaded.', status: 'UNAVAILABLE' } };
      const { record } = await scene.observe((headers) => generate(headers, path), {
        upstream: async (own) => {
          await head(own);
          for (const piece of [...pieces([chunks[0], error]), ...end]) await own.chunk(piece);
          await own.lastChunk();
        },
      });
      record.assertOutcome({ outcome: 'upstream_error', tryStatus: '200', errorType: 'UNAVAILABLE' });
    });

    test('that cannot be decoded to its end says nothing of its usage', async () => {
      const begin = gzipSync(pieces(chunks.slice(0, 3)).join(''), { finishFlush: constants.Z_SYNC_FLUSH });
      const body = Buffer.concat([begin, Buffer.alloc(64, 0xff)]); // no block begins like that
      const { record, result } = await scene.observe((headers) => generate(headers, path), {
        upstream: async (own) => {
          await own.streamHead({ 'Content-Type': contentType, 'Content-Encoding': 'gzip' });
          await own.chunk(body);
          await own.lastChunk();
        },
      });
      assert.ok(result.body.equals(body));
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assert.equal(record.log.usage_provenance, 'unknown');
      assert.equal(record.log.response_model, chunks[0].modelVersion);
      assert.deepEqual(record.grown('llm_estimated_tokens_total'), []);
    });

    test('whose last chunk is too long to be read is not called truncated', async () => {
      const image = chunk([{ inlineData: { mimeType: 'image/png', data: 'x'.repeat(1_100_000) } }], { finishReason: 'STOP' });
      const { record, result } = await scene.observe((headers) => generate(headers, path), {
        upstream: async (own) => {
          await head(own);
          for (const piece of [...pieces([chunks[0], image]), ...end]) await own.chunk(piece);
          await own.lastChunk();
        },
      });
      assert.equal(result.end, 'complete');
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assert.equal(record.log.usage_provenance, 'unknown', 'nothing broke off, and the last word was not read');
      assert.deepEqual(record.grown('llm_estimated_tokens_total'), []);
    });
  });
}

test('an error instead of an array of chunks passes as it is', async () => {
  const body = JSON.stringify([{ error: { code: 429, message: 'Slow down.', status: 'RESOURCE_EXHAUSTED' } }]);
  const { record, result } = await scene.observe((headers) => generate(headers, pathOf('streamGenerateContent')), {
    upstream: (own) => own.respond(429, { 'Content-Type': 'application/json' }, body),
  });
  assert.equal(result.body.toString(), body);
  record.assertOutcome({ outcome: 'upstream_error', tryStatus: '429', errorType: '429' });
});

for (const [what, status, fields, body] of [
  ['a redirect', 307, { Location: 'https://elsewhere.example/', 'Content-Type': 'text/html' }, '<p>Moved.</p>'],
  ['protocol buffers', 200, { 'Content-Type': 'application/x-protobuf' }, '\n\0'],
]) {
  test(`${what} instead of an array of chunks is whole without a last chunk`, async () => {
    const { record, result } = await scene.observe((headers) => generate(headers, pathOf('streamGenerateContent')), {
      upstream: (own) => own.respond(status, fields, body),
    });
    assert.equal(result.status, status);
    assert.equal(result.body.toString(), body);
    record.assertOutcome({ outcome: 'completed', tryStatus: String(status) });
    assert.equal(record.log.usage_provenance, 'unknown');
  });
}

test('counting tokens consumes none, and names the model', async () => {
  const { record } = await scene.observe((headers) => generate(headers, pathOf('countTokens')), {
    upstream: (own) => own.json200({ totalTokens: 12, usageMetadata: { promptTokenCount: 12 } }),
  });
  record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  assert.deepEqual(record.tokens, { input: 0, output: 0 });
  assert.equal(record.log.usage_provenance, 'unknown');
  assert.equal(record.requests.labels.model, model);
  assert.equal(record.client.name, 'gemini.countTokens');
});

test('a model that the provider refused is no label', async () => {
  const { record } = await scene.observe((headers) => generate(headers, pathOf('generateContent')), {
    upstream: (own) => own.respond(404, {}, '{}'),
  });
  assert.equal(record.requests.labels.model, 'unknown');
  assert.equal(record.client.attributes['llm.model'], model);
});

test("the gateway's own refusal is in the provider's words", async () => {
  const { result, record } = await scene.observe(
    (headers) => generate(headers, pathOf('generateContent', { agent: unknownAgent })),
    { tries: 0 },
  );
  assert.equal(result.status, 404);
  assert.equal(result.fields.get('x-archestra-error'), 'agent_not_found');
  const { error } = JSON.parse(result.body.toString());
  assert.deepEqual([error.code, error.status, typeof error.message], [404, 'NOT_FOUND', 'string']);
  assert.equal(record.httpLabels.route, '/v1/gemini/:agentId/v1beta/models/:model:generateContent');
});

// Gemini takes a key in the query.
for (const [what, path, status] of [
  ['an understood call', pathOf('generateContent', { query: `key=${word}&alt=json` }), 200],
  ['a refused call', pathOf('generateContent', { query: `alt=json&key=${word}` }), 403],
  ['an upload', `/v1/gemini/${defaultAgent}/upload/v1beta/files?key=${word}`, 200],
]) {
  test(`the key in the query of ${what} goes to the provider and nowhere else`, async () => {
    const { caseName, record } = await scene.observe((headers) => generate(headers, path), {
      upstream: (own) => own.respond(status, { 'Content-Type': 'application/json' }, JSON.stringify(chunks.at(-1))),
    });
    const { target } = await scene.upstream.only(caseName);
    assert.equal(target, path.replace(/^\/v1\/gemini(\/[0-9a-f-]{36})?/, ''));
    const told = (value) => JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}` : item));
    const { body: metrics } = await exchange(scene.gateway.metricsPort, 'GET', '/metrics');
    const everything = {
      metrics: metrics.toString(),
      log: scene.gateway.program.stdout.join('\n'),
      'the own log': scene.gateway.program.stderr.join('\n'),
      spans: told([record.server, record.clients]),
    };
    for (const [signal, text] of Object.entries(everything)) {
      assert.ok(!text.includes(word), `the key is in ${signal}`);
      assert.ok(signal === 'the own log' || text.includes('gemini'), `${signal} tells of the call`);
    }
    only(scene.gateway.linesOf(record.log.trace_id), 'log lines');
  });
}
