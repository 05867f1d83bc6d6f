// Gemini's resumable upload: the provider names a URL for the file itself, and it leads through the gateway, too.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { exchange } from '../support/client.mjs';
import { Scene } from '../support/scene.mjs';

const defaultAgent = '00000000-0000-4000-8000-000000000001';
const file = Buffer.from('not really a picture');
const publicUrl = 'https://llm.example.com/gate';

const startFields = {
  'X-Goog-Upload-Protocol': 'resumable',
  'X-Goog-Upload-Command': 'start',
  'X-Goog-Upload-Header-Content-Length': file.length,
  'Content-Type': 'application/json',
};
const uploadFields = { 'X-Goog-Upload-Command': 'upload, finalize', 'X-Goog-Upload-Offset': '0' };
const uploadPath = '/upload/v1beta/files?key=k%2F1&upload_id=AB-c_1&upload_protocol=resumable';

/** Starts an upload below `prefix`; the provider answers with these fields. */
function start(scene, prefix, fields) {
  return scene.observe(
    (headers) =>
      exchange(scene.gateway.apiPort, 'POST', `${prefix}/upload/v1beta/files?key=k%2F1`, {
        headers: { Host: `localhost:${scene.gateway.apiPort}`, ...startFields, ...headers },
        body: JSON.stringify({ file: { display_name: 'picture' } }),
      }),
    { upstream: (own) => own.respond(200, { 'X-Goog-Upload-Status': 'active', ...fields }, '') },
  );
}

/** What the provider says after a start: where it is, and so the client. */
const answerOf = (scene, path = uploadPath) => ({
  'X-Goog-Upload-URL': `http://127.0.0.1:${scene.upstream.port}${path}`,
  'x-goog-upload-control-url': `http://127.0.0.1:${scene.upstream.port}${path}&control`,
  'X-Goog-Upload-Chunk-Granularity': '8388608',
});

for (const [setting, env, base] of [
  ['without a URL of our own', {}, (scene) => `http://localhost:${scene.gateway.apiPort}`],
  ['with a URL of our own', { ARCHESTRA_API_BASE_URL: `${publicUrl}/` }, () => publicUrl],
]) {
  describe(`an upload to Gemini ${setting}`, () => {
    let scene;
    before(async () => (scene = await Scene.start({ env })));
    after(() => scene?.stop());

    for (const [whose, agent, route] of [
      ['without an agent', '', '/v1/gemini/*'],
      ['for an agent', `/${defaultAgent}`, '/v1/gemini/:agentId/*'],
    ]) {
      test(`stays with the gateway ${whose}`, async () => {
        const prefix = `/v1/gemini${agent}`;
        const started = await start(scene, prefix, answerOf(scene));
        const { fields } = started.result;
        assert.equal(started.result.status, 200);
        const url = fields.get('x-goog-upload-url');
        assert.equal(url, `${base(scene)}${prefix}${uploadPath}`);
        assert.equal(fields.get('x-goog-upload-control-url'), `${url}&control`);
        assert.equal(fields.get('x-goog-upload-chunk-granularity'), '8388608');
        assert.equal(started.record.httpLabels.route, route);

        // The client does as it was told; in front of the gateway something takes the public URL's path off.
        const target = url.slice(base(scene).length);
        const uploaded = await scene.observe(
          (headers) =>
            exchange(scene.gateway.apiPort, 'POST', target, { headers: { ...uploadFields, ...headers }, body: file }),
          { upstream: (own) => own.respond(200, { 'X-Goog-Upload-Status': 'final' }, '{"file":{"name":"files/a"}}') },
        );
        const arrived = await scene.upstream.only(uploaded.caseName);
        assert.equal(arrived.target, uploadPath);
        assert.ok(arrived.body.equals(file));
        assert.equal(arrived.fields.get('x-goog-upload-command'), 'upload, finalize');
        assert.equal(uploaded.result.fields.get('x-goog-upload-status'), 'final');
        uploaded.record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
        assert.equal(uploaded.record.httpLabels.route, route);
      });
    }

    test('goes where the provider says, if that is elsewhere', async () => {
      for (const url of [
        `https://127.0.0.1:${scene.upstream.port}${uploadPath}`,
        `http://storage.example.com${uploadPath}`,
        `http://127.0.0.1:1${uploadPath}`,
        `http://127.0.0.1:${scene.upstream.port}.example.com${uploadPath}`,
        uploadPath,
      ]) {
        const { result } = await start(scene, '/v1/gemini', { 'X-Goog-Upload-URL': url });
        assert.equal(result.fields.get('x-goog-upload-url'), url);
      }
    });

    test('is no matter of other providers', async () => {
      const { result } = await start(scene, '/v1/openai', answerOf(scene, `/v1${uploadPath}`));
      assert.equal(result.fields.get('x-goog-upload-url'), answerOf(scene, `/v1${uploadPath}`)['X-Goog-Upload-URL']);
    });
  });
}

describe('an upload to a provider that is not there', () => {
  let scene;
  before(async () => {
    scene = await Scene.start({ env: { ARCHESTRA_GEMINI_BASE_URL: 'http://127.0.0.1:1/never' } });
  });
  after(() => scene?.stop());

  test('fails, which is told without its key', async () => {
    const { record } = await scene.observe(
      (headers) => exchange(scene.gateway.apiPort, 'POST', '/v1/gemini/upload/v1beta/files?key=Rapunzel', { headers }),
    );
    assert.equal(record.outcome, 'upstream_unreachable');
    const told = [...scene.gateway.program.stdout, ...scene.gateway.program.stderr].join('\n');
    assert.match(told, /upstream failed/);
    assert.ok(!told.includes('Rapunzel'));
  });
});
