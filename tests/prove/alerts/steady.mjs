// Calls at a steady rate, whatever becomes of them.

import http from 'node:http';

import { chatRequest, streamRequest } from '../../support/openai_chat.mjs';

export class Steady {
  #timer;
  #agent = new http.Agent({ keepAlive: true });
  #under = new Set();
  #options;

  /** `perSecond` calls to a path of `gateway`, with more of `body`; `sim`: what the simulator is told. */
  constructor(gateway, { perSecond, path = '/v1/openai/chat/completions', stream = false, body = {}, sim = {} }) {
    this.#options = { gateway, path, stream, body };
    this.sim = sim;
    this.#timer = setInterval(() => this.#call(), 1000 / perSecond);
  }

  /** Ends it, and waits for what is under way. */
  async stop() {
    clearInterval(this.#timer);
    await Promise.all(this.#under);
    this.#agent.destroy();
  }

  #call() {
    const { gateway, path, stream, body } = this.#options;
    const text = JSON.stringify({ ...(stream ? streamRequest : chatRequest), ...body });
    const headers = Object.fromEntries(Object.entries(this.sim).map(([name, value]) => [`x-sim-${name}`, `${value}`]));
    const over = new Promise((resolve) => {
      const request = http.request({
        host: '127.0.0.1',
        port: gateway.apiPort,
        method: 'POST',
        path,
        agent: this.#agent,
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...headers },
      });
      request.on('error', resolve);
      request.on('response', (response) => response.on('error', resolve).on('close', resolve).resume());
      request.end(text);
    });
    this.#under.add(over);
    over.then(() => this.#under.delete(over));
  }
}
