// The process of SteadyCalls: makes the calls it is told of, and tells how long they took whenever it is asked.

import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from './client.mjs';

const { port, path, body, clients, everyMs, warmUpCalls } = JSON.parse(process.argv[2]);

let durations = [];
let failed = 0;

async function call(client) {
  const began = performance.now();
  await client.request('POST', path, { headers: { 'Content-Type': 'application/json' }, body });
  const response = await client.response({ method: 'POST' });
  durations.push(performance.now() - began);
  return response?.status === 200;
}

/** A call every `everyMs`, or as soon as the one before is over. A failure costs the client its connection. */
async function work(index) {
  let client = await Client.connect(port);
  await sleep((index * everyMs) / clients);
  for (;;) {
    const began = performance.now();
    if (!(await call(client).catch(() => false))) {
      failed += 1;
      client.close();
      client = await Client.connect(port);
    }
    await sleep(Math.max(0, everyMs - (performance.now() - began)));
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', () => {
  process.send({ durations, failed });
  durations = [];
  failed = 0;
});

const warm = await Client.connect(port);
for (let i = 0; i < warmUpCalls; i += 1) await call(warm);
warm.close();
durations = [];
process.send('ready');
await Promise.all(Array.from({ length: clients }, (_, index) => work(index)));
