// Makes the planned calls and notes what a client saw of each.

import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from '../client.mjs';
import { makeCall } from './one_call.mjs';
import { planOf } from './plans.mjs';

const nobody = '00000000-0000-4000-8000-000000000000';

/**
 * What clients see: {number, plan, agentId, began, ended, end, status, errorCode, bytes, usage, callsTools}. `end`:
 * 'whole', 'cut' (the gateway broke it off), 'left' (the client did), 'none' (nothing came), 'unsent' (it never was a
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
   * `calls` from number `from` on, by `clients` at a time, each of which thinks for `thinkMs` between two; `port` is a
   * function, `agents` the ids that there are now. `calm`: nothing goes wrong.
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
    if (await makeCall(client, view)) return client;
    client.close();
    return undefined;
  }
}
