// What is left of agents and of the admin token when processes end, beside others, and on disks that refuse.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';

import { Client, exchange, requestBytes } from '../support/client.mjs';
import { Gateway, Simulator, adminToken } from '../support/gateway.mjs';
import { chatRequest } from '../support/openai_chat.mjs';
import { chatPath, only } from '../support/scene.mjs';
import { run, temporaryFolder } from '../support/program.mjs';
import { until, within } from '../support/until.mjs';

const bearer = { Authorization: `Bearer ${adminToken}` };
const defaultId = '00000000-0000-4000-8000-000000000001';
const noToken = { ARCHESTRA_ADMIN_TOKEN: '' };

/** Runs act(gateway); the gateway is stopped after it unless it has ended. */
async function withGateway(options, act) {
  const gateway = await Gateway.start(options);
  try {
    await act(gateway);
  } finally {
    if (gateway.program.isRunning) await gateway.stop();
    else await gateway.discard();
  }
}

async function kill(gateway) {
  gateway.program.kill('SIGKILL');
  await within('the end', gateway.program.ended);
}

const databaseOf = (gateway) => join(gateway.dataFolder, 'archestra.db');

/** Runs act() while another process holds the database's lock. */
async function whileLocked(gateway, act) {
  const other = new DatabaseSync(databaseOf(gateway));
  other.exec('BEGIN IMMEDIATE');
  try {
    return await act(() => other.exec('ROLLBACK'));
  } finally {
    other.close();
  }
}

const allOf = async (gateway) => (await gateway.api('GET', '/agents?limit=1000')).json.data;

describe('the admin token', () => {
  const tokenLine = /^archestra: the admin token, shown only now: (\S+)$/;
  const shownBy = (gateway) => gateway.program.stderr.map((line) => tokenLine.exec(line)?.[1]).filter(Boolean);
  const statusWith = async (gateway, token) => (await gateway.api('GET', '/agents', undefined, { token })).status;

  test('is made at the first start, shown once, and kept as a hash', () =>
    withGateway({ env: noToken }, async (first) => {
      const token = only(shownBy(first), 'tokens shown');
      assert.ok(token.length >= 43, 'there is enough of it');
      assert.equal(await statusWith(first, token), 200);
      assert.equal(await statusWith(first, `${token}0`), 401);
      await first.program.stop();
      const second = await Gateway.start({ env: noToken, of: first });
      assert.deepEqual(shownBy(second), []);
      assert.equal(await statusWith(second, token), 200);
      await second.program.stop();
      const text = JSON.stringify(new DatabaseSync(databaseOf(first)).prepare('SELECT * FROM platform_values').all());
      assert.ok(text.includes('sha256') && !text.includes(token), text);
      assert.equal((await stat(databaseOf(first))).mode & 0o777, 0o600);
    }));

  test('that cannot be shown stops the first start, and the next one shows another', () => {
    const shell = '"$0" "$@" 2>/dev/full; [ $? = 2 ] && exec "$0" "$@"';
    return withGateway({ env: noToken, shell }, async (gateway) => {
      assert.equal(await statusWith(gateway, only(shownBy(gateway), 'tokens shown')), 200);
    });
  });

  test('that is reset beside a running gateway is the only one from then on', () =>
    withGateway({ env: noToken }, async (gateway) => {
      const first = only(shownBy(gateway), 'tokens shown');
      for (let i = 0; i < 3; i += 1) {
        const reset = await run(['admin-token', 'reset'], { env: { ARCHESTRA_DATA_DIR: gateway.dataFolder } });
        assert.deepEqual([reset.code, reset.stderr], [0, '']);
        assert.match(reset.stdout, /^\S+$/);
        assert.equal(await statusWith(gateway, first), 401);
        assert.equal(await statusWith(gateway, reset.stdout), 200);
      }
    }));

  test('that is reset and cannot be shown is a failure', async () => {
    const folder = await temporaryFolder();
    try {
      const env = { ARCHESTRA_DATA_DIR: join(folder.path, 'data') };
      const reset = await run(['admin-token', 'reset'], { env, shell: 'exec "$0" "$@" > /dev/full' });
      assert.equal(reset.code, 2);
      assert.match(reset.stderr, /^archestra: the old token is valid no more, and the new one cannot be shown: [^\n]+$/);
    } finally {
      await folder.remove();
    }
  });

  test('that is set wins over the one in the store, and is not reset', () =>
    withGateway({}, async (gateway) => {
      const env = { ARCHESTRA_DATA_DIR: gateway.dataFolder };
      const refused = await run(['admin-token', 'reset'], { env: { ...env, ARCHESTRA_ADMIN_TOKEN: adminToken } });
      assert.deepEqual([refused.code, refused.stdout], [2, '']);
      assert.match(refused.stderr, /^archestra: ARCHESTRA_ADMIN_TOKEN is set[^\n]*$/);
      const stored = await run(['admin-token', 'reset'], { env });
      assert.equal(await statusWith(gateway, stored.stdout), 401);
      assert.equal(await statusWith(gateway, adminToken), 200);
    }));

  test('is in no log', () =>
    withGateway({ env: { ARCHESTRA_LOG_LEVEL: 'debug', ARCHESTRA_ACCESS_LOG_LEVEL: 'debug' } }, async (gateway) => {
      await gateway.api('GET', '/agents');
      await until('the log line', () => gateway.accessLog.some(({ route }) => route === '/api/agents'));
      const output = [...gateway.program.stdout, ...gateway.program.stderr].join('\n');
      assert.ok(!output.includes(adminToken));
    }));
});

describe('after kill -9', () => {
  test('everything that was answered is there', () =>
    withGateway({}, async (first) => {
      let gateway = first;
      const expected = new Map();
      for (let round = 0; round < 4; round += 1) {
        const unsure = new Set();
        const lanes = Array.from({ length: 4 }, async (_, lane) => {
          for (let i = 0; i < 200; i += 1) {
            const name = `r${round} l${lane} i${i}`;
            unsure.add(name);
            const answer = await gateway
              .api('POST', '/agents', { name, labels: [{ key: 'n', value: name }] })
              .catch(() => null);
            if (answer?.status !== 201) return;
            unsure.delete(name);
            expected.set(answer.json.id, answer.json);
          }
        });
        await until('some answers', () => expected.size > 20 * (round + 1), { everyMs: 1 });
        await kill(gateway);
        await Promise.all(lanes);
        gateway = await Gateway.start({ of: first });
        const found = new Map((await allOf(gateway)).map((agent) => [agent.id, agent]));
        for (const [id, agent] of expected) assert.deepEqual(found.get(id), agent);
        for (const [id, agent] of found) {
          if (id === defaultId || expected.has(id)) continue;
          // Stored when the process was killed, and not answered any more: whole, or not there at all.
          assert.ok(unsure.has(agent.name), `nobody made ${agent.name}`);
          assert.deepEqual(agent.labels, [{ key: 'n', value: agent.name }]);
          expected.set(id, agent);
        }
      }
      await gateway.program.stop();
    }));
});

describe('a data folder', () => {
  const serve = (dataFolder, { shell, env } = {}) =>
    run(['serve'], {
      shell,
      cwd: dataFolder,
      env: {
        ARCHESTRA_API_PORT: '0',
        ARCHESTRA_METRICS_PORT: '0',
        ARCHESTRA_ADMIN_TOKEN: 'any',
        OTEL_TRACES_EXPORTER: 'none',
        ARCHESTRA_DATA_DIR: dataFolder,
        ...env,
      },
    });

  function assertOneLine({ code, signal, stderr }, pattern) {
    assert.deepEqual({ code, signal }, { code: 2, signal: null }, stderr);
    assert.equal(stderr.split('\n').length, 1, stderr);
    assert.match(stderr, pattern);
  }

  async function withFolder(act) {
    const folder = await temporaryFolder();
    try {
      await act(folder.path);
    } finally {
      await folder.remove();
    }
  }

  test('serves one gateway', () =>
    withGateway({}, async (gateway) => {
      assertOneLine(await serve(gateway.dataFolder), /ARCHESTRA_DATA_DIR.*in use by another gateway/);
      assert.equal((await exchange(gateway.apiPort, 'GET', '/ready')).status, 200);
    }));

  test('with a database that is none', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'archestra.db'), 'x'.repeat(10_000));
      assertOneLine(await serve(folder), /ARCHESTRA_DATA_DIR.*archestra\.db.*is no database/);
    }));

  test('with a damaged database', () =>
    withGateway({}, async (gateway) => {
      for (let i = 0; i < 50; i += 1) await gateway.api('POST', '/agents', { name: `${i} ${'x'.repeat(200)}` });
      await gateway.program.stop();
      const size = (await stat(databaseOf(gateway))).size;
      const bytes = Buffer.alloc(size - 4096, 0xff);
      const file = await open(databaseOf(gateway), 'r+');
      await file.write(bytes, 0, bytes.length, 4096);
      await file.close();
      assertOneLine(await serve(gateway.dataFolder), /ARCHESTRA_DATA_DIR.*archestra\.db.*damaged/);
    }));

  test('with the database of a newer version', () =>
    withGateway({}, async (gateway) => {
      await gateway.program.stop();
      const database = new DatabaseSync(databaseOf(gateway));
      database.exec('INSERT INTO schema_migrations VALUES (1000, 0)');
      database.close();
      assertOneLine(await serve(gateway.dataFolder), /ARCHESTRA_DATA_DIR.*newer version/);
    }));

  test('with a database that is locked', () =>
    withGateway({}, async (gateway) => {
      await gateway.program.stop();
      await whileLocked(gateway, async () =>
        assertOneLine(await serve(gateway.dataFolder), /ARCHESTRA_DATA_DIR.*another process has the database locked/));
    }));

  test('that may not be written', () =>
    withFolder(async (folder) => {
      const data = join(folder, 'data');
      await mkdir(data);
      await chmod(folder, 0o755);
      await chmod(data, 0o555);
      // Root may write everywhere.
      const shell = process.getuid() === 0 ? 'exec setpriv --reuid=65534 --clear-groups "$0" "$@"' : undefined;
      assertOneLine(await serve(data, { shell }), /ARCHESTRA_DATA_DIR.*archestra\.db.*[Pp]ermission denied/);
      assert.deepEqual(await readdir(data), []);
    }));
});

describe('a disk that is full', () => {
  test('costs the writes it has no room for, and nothing else', async () => {
    // No file may grow beyond 200 blocks of 1 KiB; the signal would end the process.
    const shell = "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"";
    await withGateway({ shell }, async (gateway) => {
      const made = [];
      let refused;
      while (made.length < 1000 && !refused) {
        const answer = await gateway.api('POST', '/agents', { name: `a${made.length}` });
        if (answer.status === 201) made.push(answer.json.id);
        else refused = answer;
      }
      assert.equal(refused?.status, 503, JSON.stringify(refused?.json));
      assert.equal(refused.json.error.type, 'store_unavailable');
      assert.match(refused.json.error.message, /nothing was changed/);
      assert.match(refused.fields.get('retry-after'), /^\d+$/);
      // Another write may need less room and find it; this one needs more.
      const labels = Array.from({ length: 32 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(255) }));
      assert.equal((await gateway.api('PUT', `/agents/${made[0]}`, { name: 'other', labels })).status, 503);
      const metrics = await gateway.scrape();
      const writes = (result) => metrics.sum('store_operations_total', { operation: 'write', result });
      assert.deepEqual([writes('success'), writes('error')], [made.length + 2, 2], 'the default agent, and the removal of old sessions');
      assert.equal(metrics.sum('store_operation_duration_seconds_count', { operation: 'write' }), made.length + 4);
      const present = (await allOf(gateway)).filter(({ isDefault }) => !isDefault);
      assert.deepEqual(new Set(present.map(({ id }) => id)), new Set(made));
      assert.ok(present.every(({ name }) => name !== 'other'));
      assert.equal((await exchange(gateway.apiPort, 'GET', '/ready')).status, 200);
      await kill(gateway);
      const second = await Gateway.start({ of: gateway });
      const kept = (await allOf(second)).filter(({ isDefault }) => !isDefault);
      assert.deepEqual(new Set(kept.map(({ id }) => id)), new Set(made));
      assert.equal((await second.api('POST', '/agents', { name: 'room again' })).status, 201);
      await second.program.stop();
    });
  });
});

describe('while the api thread waits', () => {
  const put = (name) =>
    requestBytes(
      'PUT',
      `/api/agents/${defaultId}`,
      { ...bearer, 'Content-Type': 'application/json' },
      JSON.stringify({ name }),
    );

  test('for a locked database, a write is refused and may come again', () =>
    withGateway({}, async (gateway) => {
      await whileLocked(gateway, async (release) => {
        const refused = await gateway.api('PUT', `/agents/${defaultId}`, { name: 'x' });
        assert.deepEqual([refused.status, refused.json.error.type], [503, 'store_unavailable']);
        const waiting = gateway.api('PUT', `/agents/${defaultId}`, { name: 'y' });
        release();
        assert.equal((await waiting).status, 200);
      });
      assert.equal(only(await allOf(gateway), 'agents').name, 'y');
    }));

  test('calls go on, and a client that leaves is recorded as such', async () => {
    const simulator = await Simulator.start();
    try {
      const env = { ARCHESTRA_ACCESS_LOG_LEVEL: 'debug' };
      await withGateway({ openaiBaseUrl: simulator.baseUrl, env }, async (gateway) => {
        await whileLocked(gateway, async (release) => {
          const first = await Client.connect(gateway.apiPort);
          const second = await Client.connect(gateway.apiPort);
          await first.send(put('first'));
          // Another shard may be quicker with the second.
          const inLine = async () => (await gateway.scrape()).sum('runtime_active_requests', { type: 'api_request' });
          await until('the first to be in line', async () => (await inLine()) === 1);
          await second.send(put('second'));
          const call = await exchange(gateway.apiPort, 'POST', chatPath, {
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(chatRequest),
          });
          assert.equal(call.status, 200);
          second.close();
          const left = () => gateway.accessLog.filter(({ route, status_code: s }) => route === '/api/agents/:id' && s === 499);
          await until('the record of who left', () => left().length === 1);
          first.close();
          await until('the record of the other', () => left().length === 2);
          release();
        });
        // Who came second left before its turn: nothing was done for it.
        await until('the queue to be empty', async () => (await gateway.api('GET', '/agents')).status === 200);
        assert.notEqual(only(await allOf(gateway), 'agents').name, 'second');
      });
    } finally {
      await simulator.stop();
    }
  });

  test('more requests than may wait are refused at once', () =>
    withGateway({}, async (gateway) => {
      await whileLocked(gateway, async (release) => {
        const blocking = await Client.connect(gateway.apiPort);
        await blocking.send(put('blocking'));
        const get = requestBytes('GET', `/api/agents/${defaultId}`, bearer);
        const clients = await Promise.all(Array.from({ length: 300 }, () => Client.connect(gateway.apiPort)));
        const statuses = clients.map(async (client) => {
          await client.send(get);
          const response = await client.response();
          if (response.status === 503) {
            assert.equal(response.fields.get('x-archestra-error'), 'overloaded');
            assert.match(response.fields.get('retry-after'), /^[1-9]/);
          }
          return response.status;
        });
        await Promise.race(statuses);
        release();
        const counts = Object.groupBy(await Promise.all(statuses), (status) => status);
        assert.deepEqual(Object.keys(counts).sort(), ['200', '503']);
        assert.ok(counts[200].length >= 256 && counts[503].length >= 1, JSON.stringify(counts));
        assert.equal((await blocking.response()).status, 200);
        for (const client of [blocking, ...clients]) client.close();
      });
    }));

  test('SIGTERM lets a request that is under way finish', () =>
    withGateway({}, async (gateway) => {
      const client = await Client.connect(gateway.apiPort);
      await whileLocked(gateway, async (release) => {
        await client.send(put('drained'));
        gateway.program.kill('SIGTERM');
        await until('the drain', async () =>
          Client.connect(gateway.apiPort).then((other) => other.close(), () => true));
        release();
        const { status, fields, body } = await client.response();
        assert.deepEqual([status, fields.get('connection'), JSON.parse(body).name], [200, 'close', 'drained']);
      });
      const { code, signal } = await within('the end', gateway.program.ended, 30_000);
      gateway.program.assertNoReport();
      assert.deepEqual({ code, signal }, { code: 0, signal: null });
      client.close();
    }));

  test('the limit of the drain cuts it off', () =>
    withGateway({ env: { ARCHESTRA_DRAIN_TIMEOUT_MS: '200' } }, async (gateway) => {
      const client = await Client.connect(gateway.apiPort);
      await whileLocked(gateway, async () => {
        await client.send(put('cut off'));
        gateway.program.kill('SIGTERM');
        const { status, fields } = await client.response();
        assert.deepEqual([status, fields.get('x-archestra-error')], [503, 'shutting_down']);
        const { code, signal } = await within('the end', gateway.program.ended, 30_000);
        gateway.program.assertNoReport();
        assert.deepEqual({ code, signal }, { code: 0, signal: null });
      });
      client.close();
    }));
});

test('a client that takes a long list slowly gets all of it and holds up nobody', () =>
  withGateway({}, async (gateway) => {
    // More than the kernel takes off our hands.
    const labels = Array.from({ length: 32 }, (_, i) => ({ key: `k${i}`, value: '🤖'.repeat(255) }));
    const count = 500;
    for (let i = 0; i < count; i += 1)
      assert.equal((await gateway.api('POST', '/agents', { name: `a${i}`, labels })).status, 201);
    const socket = net.connect({ port: gateway.apiPort, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.setEncoding('utf8');
    socket.pause();
    socket.write(requestBytes('GET', '/api/agents?limit=1000', { ...bearer, Connection: 'close' }));
    await until('the answer to begin', () => socket.readableLength > 0 || (socket.read(0), false));
    for (let i = 0; i < 20; i += 1)
      assert.equal((await gateway.api('PUT', `/agents/${defaultId}`, { name: `n${i}` })).status, 200);
    const text = (await within('the list', socket.toArray(), 30_000)).join('');
    const list = JSON.parse(text.slice(text.indexOf('\r\n\r\n')));
    assert.ok(Buffer.byteLength(text) > 15 << 20, `${Buffer.byteLength(text)} bytes`);
    assert.equal(list.data.length, count + 1);
    assert.ok(list.data.some(({ name }) => name === 'Default Agent'), 'as it was when it was asked for');
  }));

describe('ten thousand agents', () => {
  const count = 10_000;

  async function medianCallMs(gateway) {
    const client = await Client.connect(gateway.apiPort);
    const times = [];
    for (let i = 0; i < 200; i += 1) {
      const began = performance.now();
      const options = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(chatRequest) };
      await client.request('POST', chatPath, options);
      assert.equal((await client.response()).status, 200);
      times.push(performance.now() - began);
    }
    client.close();
    return times.sort((a, b) => a - b)[times.length / 2];
  }

  test('are listed in pages, found by id, and cost calls nothing', async () => {
    const simulator = await Simulator.start();
    try {
      await withGateway({ openaiBaseUrl: simulator.baseUrl }, async (first) => {
        const before = await medianCallMs(first);
        // Made where nobody waits for a disk; what the API does with one more is what counts here.
        await first.program.stop();
        const database = new DatabaseSync(databaseOf(first));
        database.exec(`
          WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
          INSERT INTO agents SELECT printf('00000000-0000-4000-9000-%012x', i), printf('agent %05d', i), 0, 0, 0, 0, 'cancel', 0, i, i
          FROM n`);
        database.exec("INSERT INTO agent_labels SELECT id, 0, 'team', substr(id, -2) FROM agents WHERE is_default = 0");
        database.close();
        const gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl, of: first });
        const seen = new Set();
        for (let offset = 0; offset < count + 1; offset += 1000) {
          const { data, pagination } = (await gateway.api('GET', `/agents?limit=1000&offset=${offset}`)).json;
          assert.equal(pagination.total, count + 1);
          for (const { id } of data) seen.add(id);
        }
        assert.equal(seen.size, count + 1);
        assert.equal((await gateway.api('GET', '/agents/labels/values?key=team&limit=1')).json.pagination.total, 256);
        for (let i = 0; i < 50; i += 1) {
          const made = await gateway.api('POST', '/agents', { name: 'one more' });
          assert.equal(made.status, 201);
          assert.equal((await gateway.api('DELETE', `/agents/${made.json.id}`)).status, 204);
        }
        const after = await medianCallMs(gateway);
        assert.ok(after < 3 * before + 2, `a call took ${before} ms before and ${after} ms with ${count} agents`);
        await gateway.program.stop();
      });
    } finally {
      await simulator.stop();
    }
  });
});
