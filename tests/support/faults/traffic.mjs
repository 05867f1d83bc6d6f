// Makes the planned calls and notes what a client saw of each.

import { setTimeout as sleep } from 'node:timers/promises';

import { Client, requestBytes } from '../client.mjs';
import { within } from '../until.mjs';
import { operations } from './operations.mjs';
import { garbage, planOf } from './plans.mjs';

const nobody = '00000000-0000-4000-8000-000000000000';

/** By what an answer shows that the model calls a tool. */
const toolCallMarks = {
  openai: /"tool_calls":\[|"type":"function_call"/,
  anthropic: /"type":"tool_use"/,
  gemini: /"functionCall"/,
};

/**
 * What clients see: {number, plan, agentId, began, ended, end, status, errorCode, bytes, usage, callsTools}. `end`: 'whole',
 * 'cut' (the gateway broke it off), 'left' (the client did), 'none' (nothing came), 'unsent' (it never was a
 * call: half a head, or garbage, which may have an answer), 'no connection'. Times are Date.now().
 */
export class Traffic {
  views = [];
  #seed;
  #calls;
  #port;
  #agents;
  #calm;
  #thinkMs;
  #next = 0;
  #stopping = false;
  #done;

  /**
   * `calls` from number `from` on, by `clients` at a time, each of which thinks for `thinkMs` between two; `port` is a function, `agents`
   * the ids that there are now. `calm`: nothing goes wrong.
   */
  constructor({ seed, calls = Infinity, from = 0, clients, port, agents = [], calm = false, thinkMs = 0 }) {
    this.#seed = seed;
    this.#next = from;
    this.#calls = from + calls;
    this.#port = port;
    this.#agents = agents;
    this.#calm = calm;
    this.#thinkMs = thinkMs;
    this.#done = Promise.all(Array.from({ length: clients }, () => this.#work()));
  }

  get done() {
    return this.#done;
  }

  /** Lets each client finish the call it is at. */
  async stop() {
    this.#stopping = true;
    await this.#done;
  }

  async #work() {
    let kept;
    while (!this.#stopping && this.#next < this.#calls) {
      const plan = planOf(this.#seed, this.#next, { calm: this.#calm });
      this.#next += 1;
      const view = { number: plan.number, plan, agentId: this.#agentOf(plan), began: Date.now() };
      kept = await this.#make(plan, view, kept);
      view.ended = Date.now();
      plan.body = undefined; // of many calls they would be many megabytes
      this.views.push(view);
      if (this.#thinkMs > 0) await sleep(this.#thinkMs);
    }
    kept?.close();
  }

  #agentOf({ agent }) {
    if (agent === 'unknown') return nobody;
    return agent === 'default' || this.#agents.length === 0 ? undefined : this.#agents[agent % this.#agents.length];
  }

  /** The connection, where another call can go on it. */
  async #make(plan, view, kept) {
    const port = this.#port();
    if (kept && (kept.port !== port || kept.bytes.state !== 'open')) {
      kept.close();
      kept = undefined;
    }
    let client = kept;
    try {
      client ??= await Client.connect(port);
      client.port = port;
      view.after = client.last; // the call before on the same connection
      client.last = view.number;
    } catch (error) {
      if (error.code === undefined) throw error;
      view.end = 'no connection';
      return undefined;
    }
    const isKept = await this.#call(client, plan, view);
    if (isKept) return client;
    client.close();
    return undefined;
  }

  async #call(client, plan, view) {
    const path = `/v1/${plan.prefix}${view.agentId ? `/${view.agentId}` : ''}${plan.path}`;
    const { manner, details } = plan;
    if (manner === 'sends garbage') {
      await client.send(Buffer.from(garbage[details.garbage], 'latin1'));
      client.halfClose();
      await client.bytes.over;
      view.end = 'unsent';
      return false;
    }
    const chunked = manner === 'sends its body in chunks' && plan.body;
    const headers = chunked ? { ...plan.headers, 'Transfer-Encoding': 'chunked' } : plan.headers;
    const whole = requestBytes(plan.method, path, headers, chunked ? inChunks(plan.body) : plan.body);
    const bytes = manner === 'speaks HTTP/1.0' ? asOneZero(whole) : whole;
    const headBytes = bytes.indexOf('\r\n\r\n') + 4;
    if (manner === 'sends half of its head' || (manner === 'sends half of its body' && !plan.body)) {
      await client.send(bytes.subarray(0, headBytes / 2));
      view.end = 'unsent';
      return false;
    }
    if (manner === 'sends half of its body') {
      await client.send(bytes.subarray(0, headBytes + (bytes.length - headBytes) / 2));
      return leave(client, view, details.by);
    }
    if (manner === 'sends its request in pieces') {
      for (let at = 0; at < bytes.length; at += 200) {
        if (!(await client.send(bytes.subarray(at, at + 200)))) break;
        await sleep(1);
      }
    } else {
      await client.send(bytes);
    }
    if (manner === 'leaves before the head') {
      await sleep(details.afterMs);
      if (client.bytes.received === 0) return leave(client, view, details.by);
    }
    const head = await client.head();
    if (!head) {
      view.end = 'none';
      return false;
    }
    view.status = head.status;
    view.errorCode = head.fields.get('x-archestra-error');
    if (manner === 'reads slowly') {
      client.bytes.pause();
      await sleep(20 + (plan.number % 180));
      client.bytes.resume();
    }
    if (manner === 'stops reading and leaves') {
      client.bytes.pause();
      await sleep(details.afterMs);
      client.bytes.resume();
      return leave(client, view, details.by);
    }
    const body = client.body(head);
    if (manner === 'leaves in mid-body' && (await comesFirst(client, details.afterBytes, body))) {
      const left = leave(client, view, details.by);
      view.bytes = (await body).body.length;
      return left;
    }
    this.#look(await body, view);
    const closes =
      /close/i.test(head.fields.get('connection') ?? '') ||
      manner === 'reads to the end and closes' ||
      head.version === '1.0' ||
      manner === 'speaks HTTP/1.0';
    return view.end === 'whole' && !closes && client.bytes.state === 'open' && manner !== 'leaves in mid-body';
  }

  #look({ body, end }, view) {
    view.end = end === 'complete' ? 'whole' : 'cut';
    view.bytes = body.length;
    if (view.end !== 'whole' || view.status !== 200) return;
    const text = body.toString('utf8');
    const { provider, usage } = operations[view.plan.operation];
    view.callsTools = toolCallMarks[provider].test(text);
    try {
      view.usage = usage?.(text);
    } catch {
      view.isUnreadable = true; // as the provider's own was, or it shows in the comparison
    }
  }
}

/** Whether so many bytes are here before the body is. */
async function comesFirst({ bytes }, count, body) {
  const wanted = bytes.received + count;
  let isOver = false;
  body.finally(() => (isOver = true)).catch(() => {});
  while (!isOver && bytes.received < wanted) await sleep(1);
  return !isOver;
}

async function leave(client, view, by) {
  view.end = 'left';
  view.by = by;
  client[by]();
  await within('the end of a connection', client.bytes.over);
  return false;
}

function asOneZero(bytes) {
  return Buffer.from(bytes.toString('latin1').replace(' HTTP/1.1\r\n', ' HTTP/1.0\r\n'), 'latin1');
}

function inChunks(text) {
  const parts = text.match(/[^]{1,97}/g).map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  return `${parts.join('')}0\r\n\r\n`;
}
