// Large bodies at once: more than the system gives memory for, and more than the settings allow.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { Client, requestBytes } from '../../support/client.mjs';
import { residentBytes, resetPeak } from '../../support/crowd.mjs';
import { chatPath } from '../../support/scene.mjs';
import { until } from '../../support/until.mjs';
import { call, megabytes, moreCalls, tally, withCalls, withGateway } from './scene.mjs';

const roomBytes = 192 << 20; // beyond what the process has when it is idle
const floods = [
  { clients: 50, bodyBytes: 8 << 20 },
  { clients: 800, bodyBytes: 500 << 10 },
];
const ownLimit = { shard: 32 << 20, body: 8 << 20 };
const shards = 2;
const parserFactor = 7; // what reading JSON takes beside the text: docs/ARCHITECTURE.md, "How much memory it needs"

export const broken = `memory: ${megabytes(roomBytes)} of address space beyond what the idle process has (\`ulimit -v\`), and bodies of 400 MB at once`;
export const brokenByOwnLimit = `memory: the same bodies and \`ARCHESTRA_API_BODIES_LIMIT\` of ${megabytes(ownLimit.shard)} on each of ${shards} shards`;

function bodyOf(bytes) {
  const empty = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: '' }] });
  return Buffer.from(empty.replace('"content":""', `"content":"${'x'.repeat(bytes - empty.length)}"`));
}

/** A call whose last byte is sent when `all` have sent the rest, so that they are in memory together. */
async function heldCall(port, bytes, arrived, all) {
  const client = await Client.connect(port);
  try {
    const answer = client.response({ method: 'POST' }).catch(() => null);
    await Promise.race([client.send(bytes.subarray(0, -1)).catch(() => {}), answer]);
    arrived();
    await Promise.race([all, answer]);
    client.send(bytes.subarray(-1)).catch(() => {});
    const response = await answer;
    return response ? [response.status, response.fields.get('x-archestra-error')].filter(Boolean).join(' ') : 'no answer';
  } finally {
    client.close();
  }
}

async function flood(gateway, { clients, bodyBytes }) {
  const bytes = requestBytes('POST', chatPath, { 'Content-Type': 'application/json' }, bodyOf(bodyBytes));
  const all = Promise.withResolvers();
  let missing = clients;
  const arrived = () => {
    missing -= 1;
    if (missing === 0) all.resolve();
  };
  return Promise.all(Array.from({ length: clients }, () => heldCall(gateway.apiPort, bytes, arrived, all.promise)));
}

async function addressSpace(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmSize:\s+(\d+) kB/m.exec(status)[1]) * 1024;
}

async function floodBesideCalls(gateway) {
  const statuses = [];
  const calls = await withCalls(gateway, async (load) => {
    for (const each of floods) {
      statuses.push(...(await flood(gateway, each)));
      await moreCalls(load, 100);
    }
  });
  const unexpected = statuses.filter((status) => status !== '200' && status !== '503 overloaded');
  assert.deepEqual(unexpected.slice(0, 5), [], `${unexpected.length} of ${tally(statuses)}`);
  for (const status of ['200', '503 overloaded']) assert.ok(statuses.includes(status), `${status} in ${tally(statuses)}`);
  return `${calls} small calls beside them, 0 failed; of the large ones ${tally(statuses)}`;
}

async function largeCallsAgain(gateway) {
  assert.equal(await call(gateway), '200');
  for (const { bodyBytes } of floods) {
    const one = async () => (await flood(gateway, { clients: 1, bodyBytes }))[0] === '200';
    await until(`a body of ${bodyBytes} bytes to be taken`, one, { everyMs: 200 });
  }
  return 'large bodies are taken again';
}

export async function run() {
  const idle = await withGateway({}, async (gateway) => {
    assert.equal(await call(gateway), '200');
    return addressSpace(gateway.program.pid);
  });
  const kilobytes = Math.ceil((idle + roomBytes) / 1024);
  return withGateway({ shell: `ulimit -v ${kilobytes}; exec "$0" "$@"` }, async (gateway) => ({
    wentOn: await floodBesideCalls(gateway),
    cameBack: await largeCallsAgain(gateway),
  }));
}

export function runByOwnLimit() {
  const env = { ARCHESTRA_API_BODIES_LIMIT: `${ownLimit.shard}`, ARCHESTRA_API_BODY_LIMIT: `${ownLimit.body}`, ARCHESTRA_THREADS: `${shards}` };
  return withGateway({ env }, async (gateway) => {
    const { pid } = gateway.program;
    const before = await residentBytes(pid);
    await resetPeak(pid);
    const wentOn = await floodBesideCalls(gateway);
    const grown = (await residentBytes(pid)).peak - before.now;
    const promised = shards * (ownLimit.shard + parserFactor * ownLimit.body) + (32 << 20);
    assert.ok(grown <= promised, `${megabytes(grown)} more than idle, ${megabytes(promised)} promised`);
    return { wentOn: `${wentOn}; ${megabytes(grown)} beyond idle, of ${megabytes(promised)} promised`, cameBack: await largeCallsAgain(gateway) };
  });
}
