// The provider's name, and the servers that know it: what can go on goes on, and what cannot recovers by itself.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { assertGatewayError } from '../support/answers.mjs';
import { NameServer } from '../support/name_server.mjs';
import { chatRequest, completion } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { until } from '../support/until.mjs';
import { Upstream } from '../support/upstream.mjs';

const host = 'provider.test';

/** Answers, and ends the connection, so that the next call has to connect. */
async function answerOnce(exchange) {
  await exchange.respond(200, { 'Content-Type': 'application/json', Connection: 'close' }, JSON.stringify(completion));
  exchange.end();
}

let provider;
let names;
let scene;

/** A gateway that knows its provider by name. */
async function start(known) {
  provider = await Upstream.start();
  names = await NameServer.start(known);
  scene = await Scene.start({
    openaiBaseUrl: provider.baseUrl(host),
    env: { ARCHESTRA_DNS_SERVERS: names.address, ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: '5000', ARCHESTRA_THREADS: '1' },
  });
  provider.on('once', answerOnce);
}

async function stop() {
  await scene.stop();
  await provider.stop();
  await names.stop();
}

const call = () => scene.observe((headers) => scene.post({ ...headers, 'x-case': 'once' }, chatRequest));

async function assertCompletes(what) {
  const { result, record } = await call();
  assert.equal(result.status, 200, what);
  record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
}

/** Lines of the process's own log with this message about the provider's name. */
const logged = (message) =>
  scene.gateway.program.stderr.map((line) => JSON.parse(line)).filter((line) => line.message === message && line.name === host);

describe('name servers that fall silent, fail or forget', () => {
  before(() => start({ [host]: ['127.0.0.1'] }));
  after(stop);

  for (const mood of ['silent', 'fails', 'knows none']) {
    test(`${mood}: calls go on with the last answer and wait for nobody`, async () => {
      names.mood = 'answers';
      await assertCompletes('before');
      names.mood = mood;
      await sleep(1100); // its time to live
      const [asked, failures] = [names.asked.length, logged('name look-up failed').length];
      await until('a failed look-up', async () => {
        const began = performance.now();
        await assertCompletes(mood);
        assert.ok(performance.now() - began < 900, 'a call waited for the name server');
        return logged('name look-up failed').length > failures;
      });
      assert.ok(names.asked.length > asked);
      await assertCompletes('when that was known');
      assert.equal(logged('name look-up failed').length, failures + 1);

      names.mood = 'answers';
      const found = logged('name found again').length;
      await until('the name to be found again', async () => {
        await assertCompletes('recovering');
        return logged('name found again').length > found;
      });
    });
  }
});

describe('a name that nobody knew', () => {
  before(() => start({}));
  after(stop);

  test('is found without a restart once somebody does', async () => {
    const { result, record } = await call();
    assertGatewayError(result, 502, 'name_not_found');
    record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'name_not_found' });
    names.names.set(host, ['127.0.0.1']);
    await assertCompletes('known');
  });

  test('one address after the other is tried', async () => {
    names.names.set(host, ['127.0.0.2', '::1', '127.0.0.1']); // nobody listens at the first two
    await sleep(1100);
    await assertCompletes('the answer of before');
    await until('the new addresses', () => names.asked.length >= 4);
    await assertCompletes('one of three');
  });
});
