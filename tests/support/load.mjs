// Calls without end from many clients that never try again, and what became of each: whoever loses one says why.

import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { chatRequest, streamRequest } from './openai_chat.mjs';
import { chatPath } from './scene.mjs';

export class Load {
  calls = 0;
  failures = []; // texts
  streaming = 0; // streams that have begun to arrive and have not ended
  longestMs = 0; // of the calls that are no streams
  #port;
  #stopping = false;
  #workers = [];
  #agents = [];

  constructor(port) {
    this.#port = port;
  }

  /**
   * Adds `clients`, each of which makes one call after the other and thinks up to `thinkMs` in between. `kept`: on a
   * connection of its own, else on a new one each time. `sim`: what the simulator is told; `stream`: asks for a stream.
   */
  add(clients, { kept = true, thinkMs = 0, sim = {}, stream = false } = {}) {
    const headers = Object.fromEntries(Object.entries(sim).map(([name, value]) => [`x-sim-${name}`, `${value}`]));
    for (let i = 0; i < clients; i += 1) {
      const agent = new http.Agent({ keepAlive: kept, maxSockets: 1 });
      this.#agents.push(agent);
      this.#workers.push(this.#work({ agent, headers, stream }, thinkMs));
    }
    return this;
  }

  /** Lets every client finish the call that it is at. */
  async stop() {
    this.#stopping = true;
    await Promise.all(this.#workers);
    for (const agent of this.#agents) agent.destroy();
  }

  async #work(kind, thinkMs) {
    while (!this.#stopping) {
      const started = performance.now();
      try {
        await this.#call(kind);
      } catch (error) {
        this.failures.push(`${kind.stream ? 'stream' : 'call'}: ${error.message} ${error.code ?? ''}`);
      }
      if (!kind.stream) this.longestMs = Math.max(this.longestMs, performance.now() - started);
      this.calls += 1;
      if (thinkMs > 0) await sleep(Math.random() * thinkMs);
    }
  }

  async #call({ agent, headers, stream }) {
    const body = JSON.stringify(stream ? streamRequest : chatRequest);
    const { status, text } = await new Promise((resolve, reject) => {
      const request = http.request({
        port: this.#port,
        host: '127.0.0.1',
        method: 'POST',
        path: chatPath,
        agent,
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const parts = [];
        this.streaming += stream ? 1 : 0;
        response.on('close', () => (this.streaming -= stream ? 1 : 0));
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(parts).toString() }));
      });
      request.end(body);
    });
    if (status !== 200) throw new Error(`status ${status}: ${text.slice(0, 200)}`);
    if (stream ? !text.endsWith('data: [DONE]\n\n') : !JSON.parse(text).choices) throw new Error(`not whole: ${text}`);
  }
}
