// That clients which send or read as slowly as they can cost the others nothing: slowhttptest(1) in three modes, a
// thousand connections each, while calls are made at a steady rate.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from '../support/client.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';

export const title = 'Slow clients';

const connections = 1_000; // of the attack
const attackSeconds = 20;
const slowdownMax = 2;
const callers = 20;
const callEveryMs = 50; // of each caller

const path = '/v1/openai/chat/completions';
const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Are you there?' }] });

/** What slowhttptest is told, beside what is the same for all. */
const modes = {
  'slow heads': ['-H', '-i', '5', '-x', '24'],
  'slow bodies': ['-B', '-i', '5', '-s', '8192', '-x', '10'],
  'slow readers': ['-X', '-n', '1', '-z', '1', '-w', '256', '-y', '512'],
};

function attack(mode, url) {
  const common = ['-c', String(connections), '-r', '500', '-l', String(attackSeconds), '-p', '5', '-u', url];
  return new Promise((resolve, reject) => {
    // Its status says how the test ended, which is of no interest: whether the others were served is.
    execFile('slowhttptest', [...modes[mode], ...common], { maxBuffer: 64 << 20 }, (error) =>
      error?.code === 'ENOENT' ? reject(new Error('slowhttptest is not installed')) : resolve(),
    );
  });
}

/** Calls at a steady rate while `busy` is not settled, or for so many milliseconds: their durations, and how many failed. */
async function calls(port, busy) {
  let over = false;
  const end = typeof busy === 'number' ? sleep(busy) : busy;
  end.finally(() => (over = true));
  const durations = [];
  let failed = 0;
  const caller = async (index) => {
    await sleep((index * callEveryMs) / callers);
    let client = await Client.connect(port);
    while (!over) {
      const began = performance.now();
      await client.request('POST', path, { headers: { 'Content-Type': 'application/json' }, body });
      const response = await client.response({ method: 'POST' });
      durations.push(performance.now() - began);
      if (response?.status !== 200) {
        failed += 1;
        client.close();
        client = await Client.connect(port);
      }
      await sleep(Math.max(0, callEveryMs - (performance.now() - began)));
    }
    client.close();
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  return { durations, failed, p99: durations.toSorted((a, b) => a - b)[Math.floor(durations.length * 0.99)] };
}

async function proveMode(mode, note) {
  const simulator = await Simulator.start({ args: ['--body-bytes', '200000', '--journal', '0'] });
  const gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
  try {
    await calls(gateway.apiPort, 2000); // everything is warm
    const before = await calls(gateway.apiPort, (attackSeconds * 1000) / 2);
    const under = attack(mode, `http://127.0.0.1:${gateway.apiPort}/v1/openai/models`);
    await sleep(3000); // all its connections are there
    const metrics = await gateway.scrape();
    const open = metrics.sum('nodejs_active_handles', { type: 'client_socket' });
    const during = await calls(gateway.apiPort, under);
    const after = await calls(gateway.apiPort, (attackSeconds * 1000) / 2);
    const quiet = (before.p99 + after.p99) / 2;
    const failed = before.failed + during.failed + after.failed;
    note(`${mode}: p99 ${during.p99.toFixed(2)} ms, quiet ${quiet.toFixed(2)} ms, ${failed} failed, ${open} connections`);
    return { mode, open, quiet, during: during.p99, calls: during.durations.length, failed };
  } finally {
    await gateway.stop();
    await simulator.stop();
  }
}

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const found = [];
  for (const mode of Object.keys(modes)) found.push(await proveMode(mode, note));
  const holds = found.every(({ quiet, during, failed }) => during <= slowdownMax * quiet && failed === 0);
  return { lines: report(found), holds };
}

function report(found) {
  return [
    `slowhttptest with ${connections} connections in each of its modes, beside ${callers} clients that make a call every ${callEveryMs} ms. Promised is`,
    `that the 99th percentile of these calls is at most ${slowdownMax} times what it is without the attack, and that none fails.`,
    '',
    '| attack | connections open | calls beside it | failed | p99, quiet | p99 | ratio |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...found.map(
      ({ mode, open, quiet, during, calls: made, failed }) =>
        `| ${mode} | ${open} | ${made} | ${failed} | ${quiet.toFixed(2)} ms | ${during.toFixed(2)} ms | ${(during / quiet).toFixed(2)} |`,
    ),
  ];
}
