// Bytes in the memory of a running gateway that change by themselves, as they do where memory is broken. For two alerts there
// is no other fault: they stand for mistakes of the gateway that nobody knows how to bring about.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { ProcessMemory, word } from '../../support/process_memory.mjs';
import { exchange } from '../../support/client.mjs';
import { binary } from '../../support/program.mjs';
import { agentWith } from '../../support/policies.mjs';
import { chatRequest, streamRequest } from '../../support/openai_chat.mjs';
import { until } from '../../support/until.mjs';

const isOfProgram = ({ path }) => path === binary;
const isHeap = ({ access, path }) => access.startsWith('rw') && (path === '' || path === '[heap]');

/** The place of a name in an enumeration of a header. */
async function valueOf(header, name) {
  const text = await readFile(new URL(`../../../src/${header}`, import.meta.url), 'utf8');
  const [, members] = /enum class Outcome[^{]*\{([^}]*)\}/.exec(text);
  const names = [...members.matchAll(/^ *(k\w+)/gm)].map(([, member]) => member);
  assert.ok(names.includes(name), name);
  return names.indexOf(name);
}

/**
 * Makes a connection that is refused an internal_error: the outcome in that row of the table of errors. Returns what makes
 * it right again. A row is {int status, Outcome, LogLevel, code, message}; texts are a length and an address.
 */
export async function confuseOutcome(pid) {
  const code = 'connection_refused';
  const memory = await ProcessMemory.open(pid);
  const outcomes = [];
  for (const text of await memory.find(Buffer.from(`${code}\0`), isOfProgram))
    for (const at of await memory.find(Buffer.concat([word(code.length), word(text)]), isOfProgram, 8)) {
      const row = await memory.read(at - 8, 8);
      if (row.readInt32LE(0) === 502) outcomes.push(at - 4);
    }
  assert.ok(outcomes.length > 0, 'the row of the table is not in the memory of the program');
  const [before, after] = [await valueOf('call/outcome.h', 'kUpstreamUnreachable'), await valueOf('call/outcome.h', 'kInternalError')];
  for (const at of outcomes) {
    assert.equal((await memory.read(at, 1))[0], before);
    await memory.write(at, Buffer.from([after]));
  }
  return async () => {
    for (const at of outcomes) await memory.write(at, Buffer.from([before]));
    await memory.close();
  };
}

/**
 * Adds 3 to the counter of the LLM calls of one agent that were begun. It is found by what it counts: it is one more while a call is
 * in flight, and stays so when that has ended; whatever else does so is tried and put back.
 */
export async function miscount(gateway) {
  const name = 'llm_accounting_started_total';
  const agent_id = await agentWith(gateway);
  const path = `/v1/openai/${agent_id}/chat/completions`;
  const call = (body, sim = {}) =>
    exchange(gateway.apiPort, 'POST', path, { headers: { 'Content-Type': 'application/json', ...sim }, body: JSON.stringify(body) });
  const started = async () => (await gateway.scrape()).sum(name, { agent_id });
  const inFlight = async () => (await gateway.scrape()).sum('llm_requests_in_flight', { agent_id });
  for (let i = 0; i < 300; i += 1) await call(chatRequest);
  const memory = await ProcessMemory.open(gateway.program.pid);
  try {
    let places = await memory.find(word(await started()), isHeap, 8);
    for (let i = 0; i < 3; i += 1) {
      const stream = call(streamRequest, { 'x-sim-ttft-ms': '1500', 'x-sim-tokens': '3' });
      await until('a call in flight', async () => (await inFlight()) === 1);
      places = await among(memory, places, await started());
      await stream;
    }
    for (const place of places) {
      const right = await started();
      await memory.write(place, word(right + 3));
      if ((await started()) === right + 3) return;
      await memory.write(place, word(right));
    }
    assert.fail(`none of ${places.length} places is the counter`);
  } finally {
    await memory.close();
  }
}

async function among(memory, places, value) {
  const wanted = word(value);
  const found = [];
  for (const place of places) if ((await memory.read(place, 8)).equals(wanted)) found.push(place);
  return found;
}
