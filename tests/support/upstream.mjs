// A provider that does exactly as scripted, byte for byte: each request names its case in the `x-case` field, and the
// test that sent it says what the connection then sees. Not an HTTP server: it can break every rule.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

import { SocketBytes, readBody, readHead, send } from './socket_bytes.mjs';
import { until } from './until.mjs';

/** One request as it arrived, and the connection to answer it on. */
export class Exchange {
  /** 'ended', 'reset' or 'closed' as soon as the gateway leaves; `closedAt` then has performance.now(). */
  closed;
  closedAt = null;
  /** The request's, once it is whole. */
  body;
  #socket;

  constructor(socket, bytes, request) {
    Object.assign(this, request);
    this.#socket = socket;
    this.closed = bytes.over.then((state) => {
      this.closedAt = performance.now();
      return state;
    });
  }

  get json() {
    return JSON.parse(this.body.toString('utf8'));
  }

  /** Writes raw bytes. */
  send(bytes) {
    return send(this.#socket, bytes);
  }

  /** A response head. `fields` is an object or a list of pairs. */
  head(status, fields) {
    const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
    const lines = pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return this.send(Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${lines}\r\n`, 'latin1'));
  }

  /** A whole response with Content-Length. */
  respond(status, fields, body) {
    const content = Buffer.from(body);
    const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
    const lines = [...pairs, ['Content-Length', content.length]].map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n`, 'latin1');
    return this.send(Buffer.concat([head, content]));
  }

  json200(value) {
    return this.respond(200, { 'Content-Type': 'application/json' }, JSON.stringify(value));
  }

  /** The head of a chunked event stream; chunk() and lastChunk() go on. */
  streamHead(fields = {}) {
    return this.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked', ...fields });
  }

  chunk(bytes) {
    return this.send(chunk(bytes));
  }

  lastChunk() {
    return this.send('0\r\n\r\n');
  }

  /** Asks for another handshake, as TLS 1.2 allows; answers with the message of the error that comes of it, or ''. */
  renegotiate() {
    return new Promise((settle) => {
      this.#socket.once('error', (error) => settle(error.message));
      this.#socket.renegotiate({}, (error) => settle(error?.message ?? ''));
    });
  }

  /** Takes nothing more from the kernel, so that the gateway feels it. */
  stopReading() {
    this.#socket.pause();
  }

  /** FIN after what was sent. */
  end() {
    this.#socket.end();
  }

  /** As a server that closes does it: a reset, where it was sent what it has not read. */
  close() {
    this.#socket.destroy();
  }

  /** Waits until everything that was sent has arrived in the gateway's kernel, so that a reset cannot destroy it. */
  allArrived() {
    return until('what was sent to arrive', () => bytesOnTheirWay(this.#socket) === 0);
  }

  /** RST. */
  reset() {
    this.#socket.resetAndDestroy();
  }
}

export function chunk(bytes) {
  const content = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]);
}

// The kernel's queue of what was sent and is not acknowledged (proc_net_tcp(5)): Node does not tell.
function bytesOnTheirWay({ localPort, remotePort }) {
  const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
  const ends = new RegExp(`: [0-9A-F]+:${hex(localPort)} [0-9A-F]+:${hex(remotePort)} [0-9A-F]{2} ([0-9A-F]+):`);
  const line = ends.exec(readFileSync('/proc/self/net/tcp', 'latin1'));
  return line ? parseInt(line[1], 16) : 0;
}

export class Upstream {
  /** Every request that was read whole, in order. */
  exchanges = [];
  /** Start lines and fields of all heads read, also where the body never came whole. */
  heads = [];
  connections = 0;
  /** Of TLS connections, whether each resumed a session of an earlier one. */
  resumed = [];
  #cases = new Map();
  #early = new Map();
  #sockets = new Set();
  #server;
  #scheme;

  /** Listens on `port`, or one the system chooses; with `secure` ({key, cert}, or more of Node's options) it speaks TLS. */
  static async start({ secure, port = 0 } = {}) {
    const upstream = new Upstream();
    const options = { allowHalfOpen: true, noDelay: true };
    upstream.#scheme = secure ? 'https' : 'http';
    upstream.#server = secure
      ? tls.createServer({ ...options, ...secure }, (socket) => upstream.#serve(socket))
      : net.createServer(options, (socket) => upstream.#serve(socket));
    upstream.#server.on('tlsClientError', () => {});
    upstream.#server.listen(port, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get port() {
    return this.#server.address().port;
  }

  baseUrl(host = '127.0.0.1') {
    return `${this.#scheme}://${host}:${this.port}/v1`;
  }

  /** What to do with requests whose `x-case` is `name`: an async function of the Exchange. */
  on(name, act) {
    this.#cases.set(name, act);
  }

  /**
   * What to do with such requests before their body is read. Where act(exchange) answers true, the body is read and on()
   * comes after it; else that was all on this connection.
   */
  onHead(name, act) {
    this.#early.set(name, act);
  }

  of(name) {
    return this.exchanges.filter((exchange) => exchange.fields.get('x-case') === name);
  }

  /** The only exchange of a case, waiting for it to arrive. */
  only(name) {
    return until(`a request of case ${name}`, () => this.of(name)[0]);
  }

  /** From now on it knows no TLS session any more. */
  forgetSessions() {
    this.#server.setTicketKeys(randomBytes(48));
  }

  async stop() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  async #serve(socket) {
    this.connections += 1;
    if (socket.encrypted) this.resumed.push(socket.isSessionReused());
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const bytes = new SocketBytes(socket);
    while (await this.#serveOne(socket, bytes));
    if (bytes.state === 'ended') socket.end();
  }

  async #serveOne(socket, bytes) {
    const head = await readHead(bytes);
    if (!head) return false;
    this.heads.push(head);
    const name = head.fields.get('x-case');
    const [method, target] = head.startLine.split(' ');
    const exchange = new Exchange(socket, bytes, { ...head, method, target, connection: this.connections });
    if (this.#early.has(name) && !(await this.#early.get(name)(exchange))) return false;
    const { body, end } = await readBody(bytes, head.fields, { untilClose: false });
    if (end !== 'complete') return false;
    exchange.body = body;
    this.exchanges.push(exchange);
    const act = this.#cases.get(name) ?? ((own) => own.respond(500, {}, 'no such case'));
    await act(exchange);
    return !socket.destroyed && !socket.writableEnded;
  }
}
