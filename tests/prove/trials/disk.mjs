// A file system that is really full, below the data folder and both logs.

import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { exchange } from '../../support/client.mjs';
import { fillDisk, mountDisk } from '../../support/small_disk.mjs';
import { until } from '../../support/until.mjs';
import { call, moreCalls, withCalls, withGateway } from './scene.mjs';

const diskSize = '4m';

export const broken = `disk: the file system of ${diskSize.toUpperCase()} with the data folder and both logs is full`;

async function lostLines(gateway) {
  return (await gateway.scrape()).sum('telemetry_dropped_total', { signal: 'logs', reason: 'write_failed' });
}

export async function run() {
  const disk = await mountDisk(diskSize);
  if (!disk) return { skipped: 'this user may mount no file system' };
  const shell = `ln -s '${disk.path}' data && exec "$0" "$@" >data/calls.log 2>data/own.log`;
  try {
    let made = 0;
    let counted = 0;
    const found = await withGateway({ shell }, async (gateway) => {
      const filler = join(disk.path, 'filler');
      const write = (name) => gateway.api('POST', '/agents', { name });
      assert.equal((await write('before')).status, 201);
      const calls = await withCalls(gateway, async (load) => {
        await fillDisk(filler);
        await until('lines that are lost', async () => (await lostLines(gateway)) > 0);
        await moreCalls(load, 500);
        const refused = await until('a write without room', async () => {
          const answer = await write('x'.repeat(200));
          return answer.status === 201 ? null : answer;
        });
        assert.deepEqual([refused.status, refused.json.error.type], [503, 'store_unavailable']);
        assert.match(refused.json.error.message, /nothing was changed/);
        for (const path of ['/health', '/ready']) assert.equal((await exchange(gateway.apiPort, 'GET', path)).status, 200);
        assert.equal((await gateway.api('GET', '/agents')).status, 200);
        await moreCalls(load, 200);
        await rm(filler);
        await until('a write with room', async () => (await write('after')).status === 201);
        await moreCalls(load, 200);
      });
      assert.equal(await call(gateway), '200');
      made = calls + 1;
      counted = await until('a count that rests', async () => {
        const before = await lostLines(gateway);
        await call(gateway).then(() => (made += 1));
        return before === (await lostLines(gateway)) && before;
      });
      return {
        wentOn: `${calls} calls, 0 failed; API writes got 503 \`store_unavailable\`, reads and \`/ready\` 200; ${counted} log lines were lost and counted`,
        cameBack: 'API writes, and both logs: every line is there or was counted',
      };
    });
    const lines = (await readFile(join(disk.path, 'calls.log'), 'utf8')).trimEnd().split('\n');
    const whole = lines.filter(isJson).length;
    assert.ok(lines.length - whole <= 2, `${lines.length - whole} lines are torn`);
    assert.equal(whole + counted, made, 'lines that were written or counted, and calls');
    const own = (await readFile(join(disk.path, 'own.log'), 'utf8')).trimEnd().split('\n');
    assert.match(own.at(-1), /"stopped"/);
    return found;
  } finally {
    await disk.remove();
  }
}

function isJson(text) {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
