// The process in a place that is against it: logs that nobody takes, descriptors that are closed or used up. Calls go on.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, exchange } from '../support/client.mjs';
import { refusingPort } from '../support/dead_ends.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { chatRequest, completion, streamRequest } from '../support/openai_chat.mjs';
import { chatPath } from '../support/scene.mjs';
import { until } from '../support/until.mjs';
import { Upstream } from '../support/upstream.mjs';

/** Runs act(gateway) with a gateway started by `shell`; it has to end well in time. */
async function withGateway({ stopWithinMs = 15_000, ...options }, act) {
  const gateway = await Gateway.start(options);
  try {
    await act(gateway);
    if (gateway.program.isRunning) await gateway.program.stop(stopWithinMs);
  } finally {
    if (gateway.program.isRunning) gateway.program.kill('SIGKILL');
    await gateway.program.ended;
    await gateway.discard();
  }
}

async function withUpstream(act) {
  const upstream = await Upstream.start();
  try {
    upstream.on('chat', (own) => own.json200(completion));
    await act(upstream);
  } finally {
    await upstream.stop();
  }
}

/** Makes `count` calls over a few connections; the statuses that came and how often. */
async function call(gateway, count, request = chatRequest) {
  const connections = 10;
  const statuses = {};
  const body = JSON.stringify(request);
  const headers = { 'Content-Type': 'application/json', 'x-case': 'chat' };
  await Promise.all(Array.from({ length: connections }, someCalls));
  return statuses;

  async function someCalls() {
    const client = await Client.connect(gateway.apiPort);
    try {
      for (let i = 0; i < count / connections; i += 1) {
        await client.request('POST', chatPath, { headers, body });
        const { status } = await client.response();
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    } finally {
      client.close();
    }
  }
}

async function assertHealthy(gateway) {
  assert.equal((await exchange(gateway.apiPort, 'GET', '/health'))?.status, 200);
}

/** A shell text by which the program's descriptor is a pipe named `full` that nobody reads. */
const unreadPipe = (descriptor) => `mkfifo full && exec "$0" "$@" ${descriptor}<>full`;

/** Takes what is in that pipe: whole lines. */
function linesInPipe(gateway) {
  const pipe = openSync(join(gateway.folder, 'full'), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(1 << 20);
    const size = readSync(pipe, bytes);
    return bytes.toString('utf8', 0, size).trimEnd().split('\n');
  } finally {
    closeSync(pipe);
  }
}

describe('a log that nobody reads', { concurrency: true }, () => {
  test('on standard error delays no call', async () => {
    const dead = await refusingPort();
    const openaiBaseUrl = `http://127.0.0.1:${dead.port}/v1`;
    try {
      await withGateway({ openaiBaseUrl, shell: unreadPipe(2) }, async (gateway) => {
        assert.deepEqual(await call(gateway, 1500), { 502: 1500 });
        await assertHealthy(gateway);
        const kept = linesInPipe(gateway).length;
        assert.ok(kept < 1000, `${kept} lines were written: the pipe was never full`);
        await call(gateway, 10);
        const lost = linesInPipe(gateway).map((line) => JSON.parse(line).lines_lost ?? 0);
        assert.ok(lost[0] > 100, 'the next line says how many were lost');
      });
    } finally {
      dead.release();
    }
  });

  // The writer keeps 4 MiB of lines; a name that grows sixfold when it is quoted fills them sooner.
  test('on standard output is counted and delays the end by seconds, not more', () =>
    withUpstream((upstream) =>
      withGateway({ openaiBaseUrl: upstream.baseUrl(), shell: unreadPipe(1) }, async (gateway) => {
        const model = '\u0001'.repeat(256);
        upstream.on('chat', (own) => own.json200({ ...completion, model }));
        assert.deepEqual(await call(gateway, 1500, { ...chatRequest, model }), { 200: 1500 });
        await assertHealthy(gateway);
        await until('lines that were given up', async () => (await droppedLines(gateway, 'writer_full')) > 0);
      }),
    ));

  test('on standard output, onto a full disk, is counted', () =>
    withUpstream((upstream) =>
      withGateway({ openaiBaseUrl: upstream.baseUrl(), shell: 'exec "$0" "$@" >/dev/full' }, async (gateway) => {
        assert.deepEqual(await call(gateway, 20), { 200: 20 });
        await until('the lines', async () => (await droppedLines(gateway, 'write_failed')) === 20);
      }),
    ));
});

async function droppedLines(gateway, reason) {
  return (await gateway.scrape()).sum('telemetry_dropped_total', { signal: 'logs', reason });
}

describe('standard descriptors', () => {
  const closed = { 'are all closed': '<&- >&- 2>&-', 'for output are closed': '>&- 2>&-', 'for input is closed': '<&-' };
  for (const [name, redirections] of Object.entries(closed)) {
    test(`that ${name} are no trouble`, () =>
      withUpstream((upstream) =>
        withGateway(
          { openaiBaseUrl: upstream.baseUrl(), shell: `exec "$0" "$@" ${redirections}` },
          async (gateway) => {
            assert.deepEqual(await call(gateway, 20), { 200: 20 });
            await assertHealthy(gateway);
          },
        ),
      ));
  }
});

describe('descriptors that are used up', () => {
  const shell = 'ulimit -n 80; exec "$0" "$@"';
  const logged = (gateway, text) => gateway.program.stderr.some((line) => line.includes(text));

  /** Runs act(clients) while more clients are connected than the gateway has descriptors for. */
  async function withTooMany(gateway, act) {
    const clients = await Promise.all(Array.from({ length: 150 }, () => Client.connect(gateway.apiPort)));
    try {
      await until('a line about it', () => logged(gateway, 'no connection can be accepted'));
      await act(clients);
    } finally {
      for (const client of clients) client.close();
    }
  }

  test('make connections wait: no storm in log or CPU, and all goes on when some are free', () =>
    withGateway({ shell }, (gateway) =>
      withTooMany(gateway, async (clients) => {
        await until('a line about it', () => logged(gateway, 'may not open enough files for ARCHESTRA_CONNECTIONS_LIMIT'));
        const before = cpuMilliseconds(gateway.program.pid);
        await sleep(1000); // what it does with this second is the question
        const used = cpuMilliseconds(gateway.program.pid) - before;
        assert.ok(used < 250, `${used} ms of CPU in a second of nothing`);
        assert.ok(gateway.program.stderr.length < 10, gateway.program.stderr.join('\n'));

        for (const client of clients.slice(0, 100)) client.close();
        await until('a line about its end', () => logged(gateway, 'connections are accepted again'));
        const pauses = (await gateway.scrape()).sum('runtime_accept_pauses_total');
        assert.ok(pauses >= 1 && pauses <= 20, `counted once each time: ${pauses}`);
        assert.ok((await gateway.scrape()).sum('process_open_fds') < 80);
        await assertHealthy(gateway);
        for (const client of clients.slice(100)) {
          await client.request('GET', '/health');
          assert.equal((await client.response())?.status, 200);
        }
        assert.ok(gateway.program.stderr.length < 20, gateway.program.stderr.join('\n'));
      }),
    ));

  test('leave none for the provider: 502 for a client that got in', async () => {
    const dead = await refusingPort();
    try {
      await withGateway({ shell, openaiBaseUrl: `http://127.0.0.1:${dead.port}/v1` }, async (gateway) => {
        await call(gateway, 10); // a sanitizer wants descriptors for what it sees for the first time
        await withTooMany(gateway, async ([first]) => {
          await first.request('POST', chatPath, { body: JSON.stringify(chatRequest) });
          const { status, fields } = await first.response();
          assert.equal(`${status} ${fields.get('x-archestra-error')}`, '502 upstream_unreachable');
        });
      });
    } finally {
      dead.release();
    }
  });

  test('do not keep it from ending', () =>
    withGateway({ shell }, (gateway) => withTooMany(gateway, () => gateway.program.stop())));
});

describe('a process that is stopped', () => {
  const idleTimeoutMs = 2500;

  // More streams than an event loop is told of at once, and as few as it may be interrupted for.
  for (const streams of [3, 300])
    test(`for longer than its time-outs goes on with what came meanwhile: ${streams} streams`, async () => {
      const simulator = await Simulator.start({ args: ['--tokens', '40', '--token-interval-ms', '100'] });
      const env = { ARCHESTRA_THREADS: '1', ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS: `${idleTimeoutMs}` };
      try {
        await withGateway({ openaiBaseUrl: simulator.baseUrl, env }, async (gateway) => {
          const headers = { 'Content-Type': 'application/json' };
          const body = JSON.stringify(streamRequest);
          const clients = await Promise.all(Array.from({ length: streams }, () => Client.connect(gateway.apiPort)));
          const heads = await Promise.all(
            clients.map(async (client) => {
              await client.request('POST', chatPath, { headers, body });
              return client.head();
            }),
          );
          const release = await crowdProcessors();
          gateway.program.kill('SIGSTOP');
          release();
          await sleep(2 * idleTimeoutMs);
          gateway.program.kill('SIGCONT');
          const ends = await Promise.all(clients.map((client, i) => client.body(heads[i]).then(({ end }) => end)));
          for (const client of clients) client.close();
          assert.deepEqual(ends.filter((end) => end !== 'complete'), []);
        });
      } finally {
        await simulator.stop();
      }
    });
});

/**
 * Others want the processors until the returned function is called: what a process is stopped at is then its way out of a
 * system call, as a rule.
 */
async function crowdProcessors() {
  const others = Array.from({ length: 3 * availableParallelism() }, () =>
    spawn('timeout', ['20', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }),
  );
  await sleep(300);
  return () => others.forEach((other) => other.kill());
}

/** User and system time of a process so far (proc(5), fields 14 and 15, in ticks of 10 ms). */
function cpuMilliseconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
