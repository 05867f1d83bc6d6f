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

const json = { 'Content-Type': 'application/json' };

/** Runs act(scene, upstream) with a gateway that reaches a TLS upstream, with `options` of Node's, as `host`. */
async function withTls(host, env, options, act) {
  const upstream = await Upstream.start({ secure: { ...secure, ...options } });
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
    withTls('localhost', { ARCHESTRA_CA_FILE: caFile }, {}, async (scene, upstream) => {
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

  // A session of TLS 1.2 is used again and again. Of TLS 1.3 each ticket is used once, and Node gives two with a
  // full handshake and none with others.
  for (const [version, resumed] of [['TLSv1.2', [false, true, true, true]], ['TLSv1.3', [false, true, true, false]]])
    test(`is asked to resume a session of ${version} by new connections`, () => {
      const versions = { minVersion: version, maxVersion: version };
      return withTls('localhost', { ARCHESTRA_CA_FILE: caFile, ARCHESTRA_THREADS: '1' }, versions, async (scene, upstream) => {
        upstream.on('json', (own) => own.respond(200, { ...json, Connection: 'close' }, JSON.stringify(completion)));
        for (const isResumed of resumed) {
          const { record } = await scene.observe((headers) => scene.post({ ...headers, 'x-case': 'json' }, chatRequest));
          record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
          assert.deepEqual(handshakes(record), { full: isResumed ? 0 : 1, resumed: isResumed ? 1 : 0, failed: 0 });
        }
        assert.deepEqual(upstream.resumed, resumed);
      });
    });

  test('is asked for a certificate again where it no longer knows the session', () =>
    withTls('localhost', { ARCHESTRA_CA_FILE: caFile, ARCHESTRA_THREADS: '1' }, {}, async (scene, upstream) => {
      upstream.on('json', (own) => own.respond(200, { ...json, Connection: 'close' }, JSON.stringify(completion)));
      for (let i = 0; i < 3; i += 1) {
        const { record } = await scene.observe((headers) => scene.post({ ...headers, 'x-case': 'json' }, chatRequest));
        record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
        assert.deepEqual(handshakes(record), { full: 1, resumed: 0, failed: 0 });
        upstream.forgetSessions();
      }
      assert.deepEqual(upstream.resumed, [false, false, false]);
    }));

  test('is not called when nobody vouches for it', () =>
    withTls('localhost', {}, {}, async (scene, upstream) => {
      const { result, record } = await scene.observe((headers) => scene.post(headers, chatRequest));
      assertTlsFailure(result, record, upstream.heads);
    }));

  test('is not called when its certificate is for another name', () =>
    withTls('127.0.0.1', { ARCHESTRA_CA_FILE: caFile }, {}, async (scene, upstream) => {
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

/** The handshakes with upstreams during a call, by how they ended. */
function handshakes(record) {
  const of = (result) => record.growth('tls_handshakes_total', { type: 'upstream_socket', result });
  return { full: of('full'), resumed: of('resumed'), failed: of('failed') };
}

function assertTlsFailure(response, record, requests) {
  assert.equal(response.status, 502);
  assert.equal(response.fields.get('x-archestra-error'), 'tls_failure');
  record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'tls_failure' });
  assert.deepEqual(requests, [], 'nothing of the call was sent');
}
