// A provider that keeps every byte of every connection and answers each request that is whole with 200. What it was sent
// is read strictly, so that a second request that somebody hid in a first one shows.

import { once } from 'node:events';
import net from 'node:net';

import { SocketBytes, readBody, readHead } from './socket_bytes.mjs';

const answer = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
const headOnly = answer.slice(0, -2);

export class RecordingUpstream {
  #seen = []; // requests, whole or cut
  #raw = 0; // bytes
  #reading = 0; // requests that have begun and are neither whole nor cut
  #sockets = new Set();
  #server;

  static async start() {
    const upstream = new RecordingUpstream();
    upstream.#server = net.createServer({ noDelay: true }, (socket) => upstream.#serve(socket));
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get port() {
    return this.#server.address().port;
  }

  /** How many requests came since the last take(), once each of them is whole or known to be cut; until then 0. */
  get settled() {
    return this.#reading === 0 ? this.#seen.length : 0;
  }

  /** What came since the last call: {bytes, requests: [{line, fields, body, end}]}. */
  take() {
    const taken = { bytes: this.#raw, requests: this.#seen };
    this.#raw = 0;
    this.#seen = [];
    return taken;
  }

  async stop() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  async #serve(socket) {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const bytes = new SocketBytes(socket);
    socket.on('data', (data) => (this.#raw += data.length));
    while (bytes.available > 0 || (await bytes.more())) {
      this.#reading += 1;
      const head = await readHead(bytes);
      const { body, end } = head ? await readBody(bytes, head.fields, { untilClose: false }) : { body: '', end: 'cut' };
      this.#reading -= 1;
      this.#seen.push({ line: head?.startLine, fields: head?.fields, body: body.toString('latin1'), end });
      if (end !== 'complete') return socket.destroy();
      socket.write(head.startLine.startsWith('HEAD ') ? headOnly : answer);
    }
  }
}
