// A provider that comes and goes at one port: OpenAI's chat, whole and in streams.

import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { completion, wholeStream } from '../../support/openai_chat.mjs';

export class Provider {
  /** 'answers', or 'resets' whoever connects; down() and up() for one that refuses connections. */
  mood = 'answers';
  port;
  #server;
  #closes;

  /** `closes`: ends the connection after each answer. */
  static async start({ closes = false } = {}) {
    const provider = new Provider();
    provider.#closes = closes;
    await provider.up();
    return provider;
  }

  async up() {
    this.#server = http.createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      if (this.mood === 'resets') socket.resetAndDestroy();
    });
    this.#server.listen(this.port ?? 0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = this.#server.address().port;
  }

  async down() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { stream } = JSON.parse(Buffer.concat(parts));
    if (this.#closes) response.setHeader('Connection', 'close');
    response.setHeader('Content-Type', stream ? 'text/event-stream' : 'application/json');
    if (!stream) return response.end(JSON.stringify(completion));
    for (const event of wholeStream) {
      response.write(event);
      await sleep(20);
    }
    return response.end();
  }
}
