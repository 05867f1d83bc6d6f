// Clients that take nothing of a long stream: what they hold of the gateway's memory, and that the others are served.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { Client, exchange } from '../support/client.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { chatRequest, streamRequest, streamRequestWithUsage } from '../support/openai_chat.mjs';
import { chatPath } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

const readers = 24;
const tokens = 20_000; // more than four megabytes, which nobody's kernel takes of them
const bufferBytes = 16 << 10;
const residentBytesMax = { jemalloc: 256e3, sanitizer: 2e6 }; // of each; a sanitizer keeps what was freed

let simulator;
let gateway;
before(async () => {
  simulator = await Simulator.start({ args: ['--journal', '0'] });
  gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
});
after(async () => {
  await gateway?.stop();
  await simulator?.stop();
});

/** How many connections to the provider have something that the gateway does not read (proc_net_tcp(5)). */
async function waitingUpstreams() {
  const port = simulator.port.toString(16).toUpperCase().padStart(4, '0');
  const lines = (await readFile('/proc/net/tcp', 'latin1')).split('\n').slice(1);
  const queues = lines.map((line) => new RegExp(`:${port} 01 [0-9A-F]{8}:([0-9A-F]{8}) `).exec(line)?.[1]);
  return queues.filter((queue) => queue && parseInt(queue, 16) > 0).length;
}

const chat = (body) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

async function slowReader(body) {
  const client = await Client.connect(gateway.apiPort);
  client.bytes.pause();
  const { headers, body: content } = chat(body);
  await client.request('POST', chatPath, { headers: { ...headers, 'x-sim-tokens': `${tokens}` }, body: content });
  return client;
}

const buffersInUse = (metrics) => metrics.sum('runtime_buffer_bytes', { state: 'in_use' });

describe('clients that take nothing', () => {
  for (const [mode, request, buffersOfEach] of [
    // That of the request; what may leave of what one read brought has been copied.
    ['of a stream that the gateway asked for usage', streamRequest, 1],
    // That of the request, and that of what one read brought.
    ['of a stream that is only read', streamRequestWithUsage, 2],
  ]) {
    test(`${mode} hold as many buffers as they need, ${buffersOfEach}, and the others are served`, async () => {
      const before = await gateway.scrape();
      const clients = await Promise.all(Array.from({ length: readers }, () => slowReader(request)));
      try {
        const stalled = await until('all streams to stand still', async () => {
          const waiting = await waitingUpstreams();
          const metrics = await gateway.scrape();
          return (
            waiting === readers &&
            metrics.sum('llm_requests_in_flight') === readers &&
            buffersInUse(metrics) <= readers * buffersOfEach * bufferBytes &&
            metrics
          );
        });
        assert.ok(buffersInUse(stalled) >= readers * bufferBytes, 'their requests');
        const perReader = stalled.since(before, 'process_resident_memory_bytes') / readers;
        const [{ labels }] = stalled.samples('runtime_info');
        assert.ok(perReader <= (residentBytesMax[labels.allocator] ?? residentBytesMax.sanitizer), `${perReader} bytes`);
        for (let i = 0; i < 10; i += 1) {
          const { status, end } = await exchange(gateway.apiPort, 'POST', chatPath, chat(chatRequest));
          assert.deepEqual([status, end], [200, 'complete']);
        }
        const [first] = clients;
        first.bytes.resume();
        const head = await first.head();
        const { body, end } = await first.body(head);
        assert.equal(end, 'complete');
        assert.ok(body.subarray(-32).toString().endsWith('data: [DONE]\n\n'));
        assert.ok(body.length > 2e6);
      } finally {
        for (const client of clients) client.close();
      }
      await until('no call in flight', async () => (await gateway.scrape()).sum('llm_requests_in_flight') === 0);
      assert.equal(buffersInUse(await gateway.scrape()), 0);
    });
  }
});
