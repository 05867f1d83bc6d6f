// What every trial has: a gateway before a simulated provider, and clients beside whom something breaks.

import assert from 'node:assert/strict';

import { exchange } from '../../support/client.mjs';
import { Gateway, Simulator } from '../../support/gateway.mjs';
import { Load } from '../../support/load.mjs';
import { chatRequest } from '../../support/openai_chat.mjs';
import { chatPath } from '../../support/scene.mjs';
import { until } from '../../support/until.mjs';

/** Runs act(gateway) with a gateway of these options, and ends it in good order: it is the one that was started. */
export async function withGateway(options, act) {
  const simulator = await Simulator.start({ args: ['--journal', '0'] });
  let gateway;
  try {
    gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl, ...options });
    const found = await act(gateway);
    await gateway.program.stop();
    return found;
  } catch (error) {
    if (!gateway || gateway.program.isRunning) throw error;
    const { signal } = await gateway.program.ended;
    throw new Error(`the gateway ended (${signal}): ${gateway.program.stderr.slice(-2).join(' ')}`);
  } finally {
    if (gateway?.program.isRunning) gateway.program.kill('SIGKILL');
    await gateway?.discard();
    await simulator.stop();
  }
}

/** Of withCalls(). */
export const clients = 10;

/**
 * Runs act(load) while some clients make calls and others have streams, and none tries again: not one may fail. Returns
 * how many calls there were. `more` adds to the load.
 */
export async function withCalls(gateway, act, more = () => {}) {
  const load = new Load(gateway.apiPort);
  load.add(6, { thinkMs: 10, sim: { tokens: 3, 'latency-ms': 10 } });
  load.add(4, { stream: true, sim: { tokens: 20, 'token-interval-ms': 50 } });
  more(load);
  try {
    await until('calls and streams', () => load.calls > 20 && load.streaming > 0);
    await act(load);
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.failures.slice(0, 5), [], `${load.failures.length} of ${load.calls} calls beside it`);
  return load.calls;
}

/** Waits until so many more calls were made, so that something was under way all the time. */
export function moreCalls(load, count) {
  const enough = load.calls + count;
  return until('more calls', () => load.calls >= enough, { withinMs: 60_000 });
}

/** One call on a connection of its own: its status, and the gateway's own reason where there is one. */
export async function call(gateway, path = chatPath) {
  const response = await exchange(gateway.apiPort, 'POST', path, {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(chatRequest),
  });
  return [response?.status, response?.fields.get('x-archestra-error')].filter(Boolean).join(' ');
}

/** How often each came: "3 x 200, 1 x 503 overloaded". */
export function tally(texts) {
  const counts = Map.groupBy(texts, (text) => text);
  return [...counts].map(([text, all]) => `${all.length} x ${text}`).sort().join(', ');
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
