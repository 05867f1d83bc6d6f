// Who the client is behind a load balancer: what it says of its client is believed of a proxy that is trusted alone.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { chatRequest, completion } from '../support/openai_chat.mjs';
import { run } from '../support/program.mjs';
import { Scene } from '../support/scene.mjs';

async function clientOf(scene, headers) {
  const { result, record } = await scene.observe((own) => scene.post({ ...own, ...headers }, chatRequest), {
    upstream: (exchange) => exchange.json200(completion),
  });
  assert.equal(result.status, 200);
  assert.equal(record.server.attributes['client.address'], record.log.client_address);
  return record.log.client_address;
}

describe('The client', () => {
  let scene;
  before(async () => {
    scene = await Scene.start({ env: { ARCHESTRA_TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8' } });
  });
  after(() => scene.stop());

  for (const [headers, client] of [
    [{}, '127.0.0.1'],
    [{ 'X-Forwarded-For': '203.0.113.7' }, '203.0.113.7'],
    [{ 'X-Forwarded-For': '198.51.100.1, 203.0.113.7, 10.1.2.3' }, '203.0.113.7'],
    [{ Forwarded: 'for="[2001:db8::7]:4711";proto=https' }, '2001:db8::7'],
    [{ 'X-Forwarded-For': 'nonsense' }, '127.0.0.1'],
  ])
    test(`of ${JSON.stringify(headers)} behind a trusted proxy is ${client}`, async () => {
      assert.equal(await clientOf(scene, headers), client);
    });
});

test('Of anybody else such a field means nothing', async () => {
  const scene = await Scene.start();
  try {
    assert.equal(await clientOf(scene, { 'X-Forwarded-For': '203.0.113.7' }), '127.0.0.1');
  } finally {
    await scene.stop();
  }
});

test('What is no network is refused at the start', async () => {
  const end = await run(['serve'], { env: { ARCHESTRA_TRUSTED_PROXIES: '10.0.0.0/33' } });
  assert.notEqual(end.code, 0);
  assert.match(end.stderr, /ARCHESTRA_TRUSTED_PROXIES/);
});
