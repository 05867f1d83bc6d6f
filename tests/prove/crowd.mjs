// What many connections cost in memory, and that none of many streams starves.

import { setTimeout as sleep } from 'node:timers/promises';

import { requestBytes } from '../support/client.mjs';
import { connectMany, residentBytes, resetPeak } from '../support/crowd.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { SteadyCalls, quantile } from '../support/steady_calls.mjs';
import { until, within } from '../support/until.mjs';

export const title = 'Crowds';

const idleConnections = 10_000;
const idleBytesMax = 24e6; // of all of them
const streams = 5_000;
const streamTokens = 20;
const tokenIntervalMs = 1000;
const longestGapMsMax = 2 * tokenIntervalMs;
const streamBytesMax = 40e3; // of each: docs/ARCHITECTURE.md, "What a crowd costs"
const slowClients = 1_000;
const slowTokens = 10_000; // two megabytes and more, as fast as they are taken
const slowClientBytesMax = 48e3; // likewise
const callsBesideEveryMs = 20;
const callBesideMsMax = 250;
const settleMs = 8_000; // until what nobody needs any more has been given back

const path = '/v1/openai/chat/completions';
const messages = [{ role: 'user', content: 'How many are you?' }];

function callBytes(body, sim = {}) {
  const fields = Object.entries(sim).map(([name, value]) => [`x-sim-${name}`, String(value)]);
  const headers = { 'Content-Type': 'application/json', ...Object.fromEntries(fields) };
  return requestBytes('POST', path, headers, JSON.stringify({ model: 'gpt-4o', messages, ...body }));
}

/** Sends one call on each, and waits until `text` has come on each. */
function callOnEach(sockets, bytes, text) {
  return Promise.all(sockets.map((socket) => callOn(socket, bytes, text)));
}

function callOn(socket, bytes, text) {
  return new Promise((resolve, reject) => {
    let tail = '';
    const fail = () => reject(new Error(`closed before its answer was there: ${tail}`));
    const take = (data) => {
      tail = (tail + data.toString('latin1')).slice(-4096);
      if (!tail.includes(text)) return;
      socket.off('data', take);
      socket.off('close', fail);
      resolve();
    };
    socket.on('data', take);
    socket.once('close', fail);
    socket.write(bytes);
  });
}

async function closeAll(sockets, gateway) {
  for (const socket of sockets) socket.destroy();
  await until('no call in flight', async () => (await gateway.scrape()).sum('llm_requests_in_flight') === 0);
}

/** Each has made a call, as keep-alive connections have. */
async function idle(scene, note) {
  const { gateway } = scene;
  await sleep(settleMs);
  const before = await residentBytes(gateway.program.pid);
  const sockets = await connectMany(gateway.apiPort, idleConnections);
  for (let i = 0; i < sockets.length; i += 50)
    await within('calls', callOnEach(sockets.slice(i, i + 50), callBytes({}), '"usage"'));
  await sleep(settleMs);
  const after = await residentBytes(gateway.program.pid);
  const closed = sockets.filter((socket) => socket.destroyed).length;
  await closeAll(sockets, gateway);
  const bytes = after.now - before.now;
  note(`${idleConnections} idle connections: ${mb(bytes)} MB`);
  return { bytes, closed, holds: bytes <= idleBytesMax && closed === 0 };
}

/** All streams at once, one token a second each: when each token reached its client. */
async function streaming(scene, note) {
  const { gateway } = scene;
  await sleep(settleMs);
  const sockets = await connectMany(gateway.apiPort, streams);
  const before = await residentBytes(gateway.program.pid);
  await resetPeak(gateway.program.pid);
  const seen = sockets.map(() => ({ tokens: 0, last: undefined, longest: 0, done: false }));
  sockets.forEach((socket, i) => {
    const stream = seen[i];
    socket.on('data', (data) => {
      const now = performance.now();
      const text = data.toString('latin1');
      const tokens = text.split('"content":').length - 1;
      if (tokens > 0 && stream.last !== undefined) stream.longest = Math.max(stream.longest, now - stream.last);
      if (tokens > 0) stream.last = now;
      stream.tokens += tokens;
      if (text.includes('data: [DONE]')) stream.done = true;
    });
  });
  const sim = { tokens: streamTokens, 'token-interval-ms': tokenIntervalMs, 'latency-jitter-ms': tokenIntervalMs };
  const bytes = callBytes({ stream: true }, sim);
  for (let i = 0; i < sockets.length; i += 1) {
    sockets[i].write(bytes);
    if (i % 50 === 49) await sleep(10); // spread over a second, as the tokens are
  }
  await sleep((streamTokens / 2) * tokenIntervalMs);
  const inFlight = (await gateway.scrape()).sum('llm_requests_in_flight');
  await until('the end of all streams', () => seen.every((stream) => stream.done), {
    withinMs: streamTokens * tokenIntervalMs + 20_000,
    everyMs: 100,
  });
  const { peak } = await residentBytes(gateway.program.pid);
  await closeAll(sockets, gateway);
  const longestGapMs = Math.max(...seen.map((stream) => stream.longest));
  const perStream = (peak - before.now) / streams;
  const whole = seen.filter((stream) => stream.tokens >= streamTokens).length;
  note(`${inFlight} streams at once: ${kb(perStream)} KB each, longest gap ${longestGapMs.toFixed(0)} ms`);
  const holds =
    inFlight === streams && whole === streams && longestGapMs <= longestGapMsMax && perStream <= streamBytesMax;
  return { inFlight, whole, longestGapMs, perStream, holds };
}

/**
 * Clients that take a byte a second of a long stream, while another one makes calls as usual: from a process of its own,
 * and to a simulator of its own, for the other one is busy with filling the buffers of a thousand connections.
 */
async function slowReaders(scene, note) {
  const { gateway } = scene;
  await sleep(settleMs);
  const calls = await SteadyCalls.start({
    port: gateway.apiPort,
    path: '/v1/beside/chat/completions',
    body: JSON.stringify({ model: 'gpt-4o', messages }),
    everyMs: callsBesideEveryMs,
  });
  await sleep(5_000);
  const quiet = await calls.take();
  await gateway.scrape(); // from here on the worst lag counts
  const linesBefore = gateway.program.stdout.length;
  const before = await residentBytes(gateway.program.pid);
  await resetPeak(gateway.program.pid);
  const sockets = await connectMany(gateway.apiPort, slowClients);
  const bytes = callBytes({ stream: true }, { tokens: slowTokens });
  for (let i = 0; i < sockets.length; i += 1) {
    sockets[i].pause();
    sockets[i].write(bytes);
    if (i % 10 === 9) await sleep(20);
  }
  const reading = setInterval(() => sockets.forEach((socket) => socket.read(1)), 1000);
  await sleep(20_000);
  const beside = await calls.take();
  const metrics = await gateway.scrape();
  const inFlight = metrics.sum('llm_requests_in_flight', { provider: 'openai' });
  clearInterval(reading);
  const { peak } = await residentBytes(gateway.program.pid);
  await calls.stop();
  await closeAll(sockets, gateway);
  const lines = gateway.program.stdout.slice(linesBefore).map((line) => JSON.parse(line));
  const own = lines.filter(({ provider }) => provider === 'beside').map((line) => line.gateway_ms);
  const found = {
    inFlight,
    perClient: (peak - before.now) / slowClients,
    calls: beside.durations.length,
    failed: quiet.failed + beside.failed,
    slowest: beside.durations.at(-1),
    p99: quantile(beside.durations, 0.99),
    quiet: { slowest: quiet.durations.at(-1), p99: quantile(quiet.durations, 0.99) },
    slowestOwn: Math.max(...own),
    lagMs: metrics.sum('runtime_event_loop_lag_max_seconds') * 1000,
  };
  note(`${inFlight} slow readers: ${kb(found.perClient)} KB each`);
  note(`a call beside them took ${ms(found.slowest)} ms at most; gateway's own ${ms(found.slowestOwn)}, lag ${ms(found.lagMs)}`);
  const isServed = found.calls > 100 && found.failed === 0 && found.slowest <= callBesideMsMax;
  return { ...found, holds: isServed && inFlight === slowClients && found.perClient <= slowClientBytesMax };
}

const mb = (bytes) => (bytes / 1e6).toFixed(1);
const kb = (bytes) => (bytes / 1e3).toFixed(1);
const ms = (milliseconds) => milliseconds.toFixed(1);

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const scene = {};
  scene.simulator = await Simulator.start({ args: ['--journal', '0'] });
  scene.simulatorBeside = await Simulator.start({ args: ['--journal', '0'] });
  scene.gateway = await Gateway.start({
    openaiBaseUrl: scene.simulator.baseUrl,
    env: {
      ARCHESTRA_CALLS_IN_FLIGHT_LIMIT: '20000',
      ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: `beside=${scene.simulatorBeside.baseUrl}`,
    },
  });
  try {
    const warm = await connectMany(scene.gateway.apiPort, 64);
    for (let i = 0; i < 20; i += 1) await callOnEach(warm, callBytes({}), '"usage"');
    await closeAll(warm, scene.gateway);
    const found = {
      idle: await idle(scene, note),
      streaming: await streaming(scene, note),
      slow: await slowReaders(scene, note),
    };
    return { lines: report(found), holds: Object.values(found).every(({ holds }) => holds) };
  } finally {
    await scene.gateway.stop();
    await scene.simulator.stop();
    await scene.simulatorBeside.stop();
  }
}

function report({ idle, streaming, slow }) {
  return [
    'Resident memory of the gateway (two shards) beside what it was before, and whether all are served.',
    '',
    '| what | promised | found |',
    '| --- | --- | --- |',
    `| ${idleConnections} idle connections, of which each has made a call | at most ${mb(idleBytesMax)} MB | ${mb(idle.bytes)} MB, ${idle.closed} were closed |`,
    `| ${streams} streams at once, a token a second each: memory | at most ${kb(streamBytesMax)} KB a stream | ${kb(streaming.perStream)} KB |`,
    `| the same: streams that came whole | all | ${streaming.whole} of ${streaming.inFlight} |`,
    `| the same: longest time between two tokens of one stream | at most ${longestGapMsMax} ms | ${streaming.longestGapMs.toFixed(0)} ms |`,
    `| ${slowClients} clients that take a byte a second of a stream of ${slowTokens} tokens: memory | at most ${kb(slowClientBytesMax)} KB a client | ${kb(slow.perClient)} KB |`,
    `| the same: slowest of ${slow.calls} calls beside them, from the first slow client on | at most ${callBesideMsMax} ms | ${ms(slow.slowest)} ms; without them ${ms(slow.quiet.slowest)} ms |`,
    `| the same: their 99th percentile | | ${ms(slow.p99)} ms; without them ${ms(slow.quiet.p99)} ms |`,
    `| the same: most of what such a call took that was the gateway's own time (\`gateway_ms\` in the log) | | ${ms(slow.slowestOwn)} ms |`,
    `| the same: longest lag of an event loop meanwhile | | ${ms(slow.lagMs)} ms |`,
    `| the same: calls beside them that failed | none | ${slow.failed} |`,
  ];
}
