// Sockets that a service manager keeps: a gateway ends, the next one begins, and no call notices.

import assert from 'node:assert/strict';
import { openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { KeptSocket, activation } from '../support/activation.mjs';
import { Client, exchange } from '../support/client.mjs';
import { Gateway, Simulator, adminToken } from '../support/gateway.mjs';
import { Load } from '../support/load.mjs';
import { Program, temporaryFolder } from '../support/program.mjs';
import { until, within } from '../support/until.mjs';

let sockets;
before(async () => (sockets = { api: await KeptSocket.open(), metrics: await KeptSocket.open() }));
after(() => Object.values(sockets).forEach((socket) => socket.close()));

describe('an inherited socket', () => {
  test('is told by its name, whatever port is configured', async () => {
    const gateway = await Gateway.start({ activation: activation(sockets) });
    try {
      assert.equal(gateway.apiPort, sockets.api.port);
      assert.equal(gateway.metricsPort, sockets.metrics.port);
      await gateway.scrape();
    } finally {
      await gateway.stop();
    }
  });

  test('is told by its port where its name says nothing', async () => {
    const gateway = await Gateway.start({
      activation: activation(sockets, { names: 'archestra.socket:archestra.socket' }),
      env: { ARCHESTRA_API_PORT: `${sockets.api.port}`, ARCHESTRA_METRICS_PORT: `${sockets.metrics.port}` },
    });
    try {
      assert.equal(gateway.metricsPort, sockets.metrics.port);
      await gateway.scrape();
    } finally {
      await gateway.stop();
    }
  });

  test('for one port leaves the other to be bound', async () => {
    const gateway = await Gateway.start({ activation: activation({ api: sockets.api }) });
    try {
      assert.equal(gateway.apiPort, sockets.api.port);
      assert.notEqual(gateway.metricsPort, sockets.metrics.port);
      await gateway.scrape();
    } finally {
      await gateway.stop();
    }
  });

  test('that was meant for another process is left alone', async () => {
    const { env, program } = activation(sockets);
    const gateway = await Gateway.start({ activation: { env: { ...env, LISTEN_PID: '1' }, program: { fds: program.fds } } });
    try {
      assert.notEqual(gateway.apiPort, sockets.api.port);
    } finally {
      await gateway.stop();
    }
  });

  const file = openSync('/dev/null');
  after(() => closeSync(file));
  for (const [name, kept, names, pattern] of [
    ['that is no socket', () => ({ api: { fd: file } }), undefined, /^archestra: LISTEN_FDS: descriptor 3 \("api"\): .*not a listening TCP socket/],
    ['for neither port', () => ({ web: sockets.api }), undefined, /descriptor 3 \("web", port \d+\) is for neither port; name it api or metrics$/],
  ])
    test(`${name} stops the start`, async () => {
      const { program, env } = activation(kept(), { names });
      const folder = await temporaryFolder();
      const data = { ARCHESTRA_DATA_DIR: join(folder.path, 'data'), ARCHESTRA_ADMIN_TOKEN: 'any' };
      const started = new Program(['serve'], { ...program, env: { ...env, ...data }, cwd: folder.path });
      const { code } = await within('the end', started.ended);
      await folder.remove();
      assert.equal(code, 2);
      assert.equal(started.stderr.length, 1, started.stderr.join('\n'));
      assert.match(started.stderr[0], pattern);
    });
});

test('a connection that waits while no gateway runs is served by the next one', async () => {
  const first = await Gateway.start({ activation: activation(sockets) });
  await first.program.stop();
  const client = await Client.connect(sockets.api.port);
  try {
    await client.request('GET', '/health');
    const second = await Gateway.start({ activation: activation(sockets), of: first });
    try {
      assert.equal((await client.response())?.status, 200);
    } finally {
      await second.stop();
    }
  } finally {
    client.close();
  }
});

test('the platform API changes what the next gateway finds until it lets go of the data folder', async () => {
  const first = await Gateway.start({ activation: activation(sockets) });
  const admin = await Client.connect(sockets.api.port);
  try {
    const body = JSON.stringify({ name: 'Last Minute' });
    const headers = { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' };
    // Answered once, it is the first gateway's: what it has not accepted by its end waits for the next one.
    await admin.request('GET', '/health');
    assert.equal((await admin.response())?.status, 200);
    first.program.kill('SIGTERM');
    await until('the drain', () => first.program.stderr.some((line) => line.includes('stopping')));
    await admin.request('POST', '/api/agents', { headers, body });
    assert.equal((await admin.response())?.status, 201);
    const second = await Gateway.start({ activation: activation(sockets), of: first });
    try {
      assert.ok((await second.api('GET', '/agents')).json.data.some(({ name }) => name === 'Last Minute'));
    } finally {
      await second.stop();
    }
  } finally {
    admin.close();
  }
});

test('restarts under load lose no call and cut no stream', async () => {
  const simulator = await Simulator.start();
  const start = (of) => Gateway.start({ activation: activation(sockets), openaiBaseUrl: simulator.baseUrl, of });
  const gateways = [await start()];
  const load = new Load(sockets.api.port)
    .add(8, { thinkMs: 20, sim: { tokens: 3 } })
    .add(2, { kept: false, thinkMs: 20, sim: { tokens: 3 } })
    .add(4, { thinkMs: 500, sim: { tokens: 3 } })
    // Longer than the old gateway keeps the data folder: they end when the next one serves.
    .add(4, { stream: true, sim: { tokens: 40, 'token-interval-ms': 100 } });
  try {
    for (let round = 0; round < 2; round += 1) {
      const goal = load.calls + 500;
      await until('calls', () => load.calls >= goal || load.failures.length > 0, { withinMs: 60_000 });
      const next = start(gateways.at(-1));
      gateways.at(-1).program.kill('SIGTERM');
      gateways.push(await next);
    }
    const goal = load.calls + 500;
    await until('calls', () => load.calls >= goal || load.failures.length > 0, { withinMs: 60_000 });
  } finally {
    await load.stop();
    for (const gateway of gateways.slice(0, -1)) await within('its end', gateway.program.ended, 40_000);
    await gateways.at(-1).program.stop();
    await gateways[0].discard();
    await simulator.stop();
  }
  assert.deepEqual(load.failures, []);
  for (const { program } of gateways) {
    program.assertNoReport();
    assert.ok(program.stdout.length > 100, `every gateway had calls: ${program.stdout.length}`);
  }
  const outcomes = gateways.flatMap((gateway) => gateway.accessLog).map(({ outcome }) => outcome);
  assert.deepEqual([...new Set(outcomes)], ['completed']);
  assert.equal(outcomes.length, load.calls);
});
