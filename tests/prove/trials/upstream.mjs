// A provider that comes and goes, and name servers that do.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { NameServer } from '../../support/name_server.mjs';
import { until } from '../../support/until.mjs';
import { Provider } from './provider.mjs';
import { call, moreCalls, tally, withCalls, withGateway } from './scene.mjs';

const flaps = 12;
const flapMs = 250;
const flappingPath = '/v1/flapping/chat/completions';
const host = 'provider.test';

export const broken = `upstream: one of two providers refuses, resets and answers by turns, ${flaps} times`;
export const brokenNames = 'names: the name servers fall silent, fail, and forget the provider, whose every connection is new';

/** Goes through its moods; each lasts a moment. */
async function flap(provider) {
  for (let i = 0; i < flaps; i += 1) {
    await provider.down();
    await sleep(flapMs);
    provider.mood = 'resets';
    await provider.up();
    await sleep(flapMs);
    provider.mood = 'answers';
    await sleep(flapMs);
  }
}

export async function run() {
  const provider = await Provider.start();
  try {
    const env = { ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: `flapping=http://127.0.0.1:${provider.port}/v1` };
    return await withGateway({ env }, async (gateway) => {
      const statuses = [];
      const calls = await withCalls(gateway, async () => {
        let over = false;
        const flapping = flap(provider).finally(() => (over = true));
        while (!over) {
          statuses.push(await call(gateway, flappingPath));
          await sleep(5);
        }
        await flapping;
      });
      const unexpected = statuses.filter((status) => status !== '200' && !status.startsWith('502 '));
      assert.deepEqual(unexpected, [], tally(statuses));
      for (const reason of ['200', '502 connection_refused', '502 upstream_truncated'])
        assert.ok(statuses.includes(reason), `${reason} in ${tally(statuses)}`);
      const afterwards = await Promise.all(Array.from({ length: 50 }, () => call(gateway, flappingPath)));
      assert.equal(tally(afterwards), '50 x 200');
      return {
        wentOn: `${calls} calls to the other provider, 0 failed; to the flapping one ${tally(statuses)}`,
        cameBack: 'its next call, as soon as it answered',
      };
    });
  } finally {
    await provider.down();
  }
}

export async function runNames() {
  const provider = await Provider.start({ closes: true });
  const names = await NameServer.start({ [host]: ['127.0.0.1'] });
  try {
    const env = { ARCHESTRA_DNS_SERVERS: names.address };
    return await withGateway({ env, openaiBaseUrl: `http://${host}:${provider.port}/v1` }, async (gateway) => {
      const logged = (text) => gateway.program.stderr.filter((line) => line.includes(text)).length;
      const calls = await withCalls(gateway, async (load) => {
        for (const mood of ['silent', 'fails', 'knows none']) {
          names.mood = mood;
          const failures = logged('name look-up failed');
          await until('a failed look-up', () => logged('name look-up failed') > failures, { withinMs: 30_000 });
          await moreCalls(load, 200);
          names.mood = 'answers';
          const found = logged('name found again');
          await until('the name to be found again', () => logged('name found again') > found, { withinMs: 30_000 });
        }
      });
      return { wentOn: `${calls} calls with the last address that was known, 0 failed`, cameBack: 'look-ups, by themselves' };
    });
  } finally {
    await names.stop();
    await provider.down();
  }
}

