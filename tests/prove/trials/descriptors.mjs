// No descriptor is left for whoever connects.

import assert from 'node:assert/strict';

import { connectMany } from '../../support/crowd.mjs';
import { until } from '../../support/until.mjs';
import { call, clients, moreCalls, withCalls, withGateway } from './scene.mjs';

const limit = 90;
const crowd = 200;

export const broken = `descriptors: ${limit} for the process, and ${crowd} clients who connect and say nothing`;

export function run() {
  return withGateway({ shell: `ulimit -n ${limit}; exec "$0" "$@"` }, async (gateway) => {
    const says = (text) => gateway.program.stderr.some((line) => line.includes(text));
    const calls = await withCalls(gateway, async (load) => {
      // Calls under way need a descriptor on either side; those towards the provider are kept.
      const upstreams = async () => (await gateway.scrape()).sum('nodejs_active_handles', { type: 'upstream_socket' });
      await until('a connection to the provider for each client', async () => (await upstreams()) === clients);
      const sockets = await connectMany(gateway.apiPort, crowd);
      await until('the end of descriptors', () => says('no connection can be accepted'));
      await moreCalls(load, 500);
      for (const socket of sockets) socket.destroy();
      await until('descriptors', () => says('connections are accepted again'));
    });
    assert.equal(await call(gateway), '200');
    return { wentOn: `${calls} calls on connections that were there, 0 failed`, cameBack: 'new connections, when some had left' };
  });
}
