// A second opinion: the table of hostile requests in front of HAProxy alone, which relays to the same recording upstream.
// What it refuses and we pass on wants a reason, in the row's `haproxy`.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, exchange } from '../support/client.mjs';
import { freePort } from '../support/free_port.mjs';
import { hostileRequests } from '../support/hostile_requests.mjs';
import { temporaryFolder } from '../support/program.mjs';
import { RecordingUpstream } from '../support/recording_upstream.mjs';
import { until } from '../support/until.mjs';

const isThere = spawnSync('haproxy', ['-v']).status === 0;

describe('HAProxy', { skip: !isThere && 'haproxy is not installed' }, () => {
  const verdicts = [];
  let upstream;
  let folder;
  let haproxy;
  let port;

  before(async () => {
    upstream = await RecordingUpstream.start();
    folder = await temporaryFolder();
    port = await freePort();
    const config = join(folder.path, 'haproxy.cfg');
    await writeFile(config, configuration(port, upstream.port));
    haproxy = spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' });
    await until('HAProxy', async () => {
      assert.equal(haproxy.exitCode, null, 'HAProxy has ended');
      return exchange(port, 'GET', '/').catch(() => null);
    });
  });
  after(async () => {
    haproxy.kill();
    await once(haproxy, 'exit');
    await upstream.stop();
    await folder.remove();
  });

  for (const row of hostileRequests.filter(({ seen }) => seen.length > 0 && seen !== 'cut')) {
    test(`has no other opinion of ${row.name}, or there is a reason`, async () => {
      const status = await statusOf(row);
      verdicts.push({ name: row.name, status });
      const isRefused = status >= 400;
      if (row.haproxy) assert.ok(isRefused, `HAProxy answers ${status}: the reason has nothing to explain`);
      else assert.ok(!isRefused, `HAProxy answers ${status}, we pass it on`);
    });
  }

  test('refuses most of what we refuse', async (context) => {
    const refused = hostileRequests.filter(({ answers, open }) => answers[0] >= 400 && !open);
    const accepted = [];
    for (const row of refused) if ((await statusOf(row)) === 200) accepted.push(row.name);
    context.diagnostic(`HAProxy lets pass ${accepted.length} of the ${refused.length} that we refuse: ${accepted.join('; ')}`);
    assert.ok(accepted.length < refused.length / 2);
  });

  /** Of the first answer that is no interim one; 0 where there is none soon. */
  async function statusOf({ bytes }) {
    const client = await Client.connect(port);
    try {
      client.send(bytes);
      const answer = (async () => {
        let head;
        do head = await client.head();
        while (head && head.status < 200);
        return head?.status ?? 0;
      })().catch(() => 0);
      return await Promise.race([answer, sleep(1500, 0)]);
    } finally {
      client.close();
    }
  }
});

function configuration(port, upstreamPort) {
  return `global
    nbthread 1
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout http-request 1s
    timeout server 2s
frontend client
    bind "127.0.0.1:${port}"
    default_backend provider
backend provider
    server provider "127.0.0.1:${upstreamPort}"
`;
}
