// TLS to the provider: verified certificate and name, or no call at all.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { localhostCertificate } from '../support/certificate.mjs';
import { chatRequest, completion, streamRequest, wholeStream, events } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { Upstream } from '../support/upstream.mjs';

let caFile;
let secure;
let remove;
before(async () => ({ caFile, secure, remove } = await localhostCertificate()));
after(() => remove());

/** Runs act(scene, upstream) with a gateway that reaches a TLS upstream as `host`. */
async function withTls(host, env, act) {
  const upstream = await Upstream.start({ secure });
  const scene = await Scene.start({ openaiBaseUrl: upstream.baseUrl(host), env });
  try {
    await act(scene, upstream);
  } finally {
    await scene.stop();
    await upstream.stop();
  }
}

describe('a provider behind TLS', () => {
  test('is called when its certificate is trusted, over connections used again', () =>
    withTls('localhost', { ARCHESTRA_CA_FILE: caFile }, async (scene, upstream) => {
      upstream.on('json', (own) => own.json200(completion));
      upstream.on('stream', async (own) => {
        await own.streamHead();
        for (const event of wholeStream) await own.chunk(event);
        await own.lastChunk();
      });
      for (let i = 0; i < 4; i += 1) {
        const json = await scene.observe((headers) => scene.post({ ...headers, 'x-case': 'json' }, chatRequest));
        assert.equal(json.result.body.toString(), JSON.stringify(completion));
        json.record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
        const stream = await scene.observe((headers) => scene.post({ ...headers, 'x-case': 'stream' }, streamRequest));
        const expected = wholeStream.filter((event) => event !== events.usage).join('');
        assert.equal(stream.result.body.toString(), expected);
      }
      assert.ok(upstream.connections <= 2, `${upstream.connections} connections for two shards`);
      assert.equal(upstream.heads[0].fields.get('host'), `localhost:${upstream.port}`);
    }));

  test('is not called when nobody vouches for it', () =>
    withTls('localhost', {}, async (scene, upstream) => {
      const { result, record } = await scene.observe((headers) => scene.post(headers, chatRequest));
      assertTlsFailure(result, record, upstream.heads);
    }));

  test('is not called when its certificate is for another name', () =>
    withTls('127.0.0.1', { ARCHESTRA_CA_FILE: caFile }, async (scene, upstream) => {
      const { result, record } = await scene.observe((headers) => scene.post(headers, chatRequest));
      assertTlsFailure(result, record, upstream.heads);
    }));

  test('is not called when it does not speak TLS', async () => {
    const requests = [];
    const plain = http.createServer((request) => requests.push(request)).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const scene = await Scene.start({ openaiBaseUrl: `https://localhost:${plain.address().port}/v1` });
    try {
      const { result, record } = await scene.observe((headers) => scene.post(headers, chatRequest));
      assertTlsFailure(result, record, requests);
    } finally {
      await scene.stop();
      plain.close();
    }
  });
});

function assertTlsFailure(response, record, requests) {
  assert.equal(response.status, 502);
  assert.equal(response.fields.get('x-archestra-error'), 'tls_failure');
  record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'tls_failure' });
  assert.deepEqual(requests, [], 'nothing of the call was sent');
}
