// That clients which send or read as slowly as they can cost the others nothing: slowhttptest(1) in three modes, a
// thousand connections each, while calls are made at a steady rate.
//
// Quiet and attacked periods alternate, and medians are compared, so that what else the machine does meanwhile falls on
// both. The attackers run at the lowest priority: theirs would be the processor of another machine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { Gateway, Simulator } from '../support/gateway.mjs';
import { SteadyCalls, median, quantile } from '../support/steady_calls.mjs';
import { until, within } from '../support/until.mjs';

export const title = 'Slow clients';

const connections = 1_000; // of the attack
const rounds = 7;
const intervalSeconds = '5'; // between two things that an attacker sends
const periodMs = 5_000;
const slowdownMax = 2;
const callers = 20;
const callEveryMs = 50; // of each caller

/** The gateway is to put up with the attackers while they are measured, and not to shake them off. */
const patience = { ARCHESTRA_CLIENT_HEAD_TIMEOUT_MS: '120000', ARCHESTRA_CLIENT_BODY_TIMEOUT_MS: '120000' };

const path = '/v1/openai/chat/completions';
const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Are you there?' }] });

/**
 * What slowhttptest is told, beside what is the same for all. A connection sends some bytes in each period, or takes one
 * every second.
 */
const modes = {
  'slow heads': ['-H', '-i', intervalSeconds, '-x', '24'],
  'slow bodies': ['-B', '-i', intervalSeconds, '-s', '8192', '-x', '10'],
  'slow readers': ['-X', '-n', '1', '-z', '1', '-w', '256', '-y', '512'],
};

/** An attack, once all its connections are there. `stop` ends it; `open` tells how many there are. */
async function attack(mode, url, open) {
  const common = ['-c', String(connections), '-r', '500', '-l', '60', '-p', '5', '-u', url];
  const child = spawn('slowhttptest', [...modes[mode], ...common], { stdio: 'ignore' });
  await Promise.race([
    once(child, 'spawn').then(() => os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW)),
    once(child, 'error').then(([error]) => {
      throw error.code === 'ENOENT' ? new Error('slowhttptest is not installed') : error;
    }),
  ]);
  const over = once(child, 'exit');
  await until('the connections of the attack', async () => (await open()) >= connections, { everyMs: 50 });
  const stop = async () => {
    child.kill('SIGKILL');
    await over;
    await until('the end of its connections', async () => (await open()) < connections / 10, { everyMs: 50 });
  };
  return { stop };
}

/** The calls of the next period; `failed` counts from where they were taken before. */
async function period(calls) {
  const before = await calls.take();
  await sleep(periodMs);
  const { durations, failed } = await calls.take();
  return { calls: durations.length, failed: before.failed + failed, p99: quantile(durations, 0.99) };
}

async function proveMode(mode, note) {
  const simulator = await Simulator.start({ args: ['--body-bytes', '200000', '--journal', '0'] });
  const gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl, env: patience });
  const open = async () => (await gateway.scrape()).sum('nodejs_active_handles', { type: 'client_socket' }) - callers;
  const calls = await SteadyCalls.start({ port: gateway.apiPort, path, body, clients: callers, everyMs: callEveryMs });
  try {
    const quiet = [];
    const attacked = [];
    let openLeast = Infinity;
    for (let round = 0; round < rounds; round += 1) {
      quiet.push(await period(calls));
      const under = await attack(mode, `http://127.0.0.1:${gateway.apiPort}/v1/openai/models`, open);
      attacked.push(await period(calls));
      openLeast = Math.min(openLeast, await open());
      await under.stop();
    }
    const found = {
      mode,
      open: openLeast,
      calls: attacked.reduce((total, { calls: made }) => total + made, 0),
      failed: [...quiet, ...attacked].reduce((total, { failed }) => total + failed, (await calls.take()).failed),
      quiet: median(quiet.map(({ p99 }) => p99)),
      during: median(attacked.map(({ p99 }) => p99)),
    };
    note(
      `${mode}: p99 ${found.during.toFixed(2)} ms, quiet ${found.quiet.toFixed(2)} ms, ${found.failed} failed, ${found.open} connections`,
    );
    return found;
  } finally {
    await calls.stop();
    await gateway.stop();
    await simulator.stop();
  }
}

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const found = [];
  for (const mode of Object.keys(modes)) found.push(await proveMode(mode, note));
  const holds = found.every(
    ({ open, quiet, during, failed }) => open >= connections && during <= slowdownMax * quiet && failed === 0,
  );
  return { lines: report(found), holds };
}

function report(found) {
  return [
    `slowhttptest with ${connections} connections in each of its modes, beside ${callers} clients that make a call every ${callEveryMs} ms. Promised is`,
    `that the 99th percentile of these calls is at most ${slowdownMax} times what it is without the attack, and that none fails. Quiet and`,
    `attacked periods of ${periodMs / 1000} s alternate, ${rounds} of each, and the medians of their percentiles are compared.`,
    '',
    '| attack | connections open | calls beside it | failed | p99, quiet | p99 | ratio |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...found.map(
      ({ mode, open, quiet, during, calls: made, failed }) =>
        `| ${mode} | ${open} | ${made} | ${failed} | ${quiet.toFixed(2)} ms | ${during.toFixed(2)} ms | ${(during / quiet).toFixed(2)} |`,
    ),
  ];
}
