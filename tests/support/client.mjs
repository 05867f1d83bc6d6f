// An HTTP/1.1 client that shows everything: the bytes of a body as they came, every field, and how it ended.

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

import { SocketBytes, readBody, readHead, send } from './socket_bytes.mjs';
import { within } from './until.mjs';

export class Client {
  #socket;
  bytes;

  /** With `secure`, options of Node's for a TLS client, over TLS. `from` is the address to come from. */
  static async connect(port, { host = '127.0.0.1', secure, from } = {}) {
    const options = { port, host, localAddress: from, allowHalfOpen: true, noDelay: true };
    const socket = secure ? tls.connect({ ...options, servername: 'localhost', ...secure }) : net.connect(options);
    const client = new Client(socket);
    await within(`a connection to port ${port}`, once(socket, secure ? 'secureConnect' : 'connect'));
    return client;
  }

  constructor(socket) {
    this.#socket = socket;
    this.bytes = new SocketBytes(socket);
  }

  /** The TLSSocket below, for what TLS knows. */
  get tls() {
    return this.#socket;
  }

  get localPort() {
    return this.#socket.localPort;
  }

  send(bytes) {
    return send(this.#socket, bytes);
  }

  /** Sends one request; a body gets a Content-Length unless `headers` frames it. */
  request(method, target, { headers = {}, body } = {}) {
    return this.send(requestBytes(method, target, headers, body));
  }

  /** The head of the next response: {status, reason, version, fields}; null where the peer closed instead. */
  async head() {
    const head = await within('a response head', readHead(this.bytes));
    if (!head) return null;
    const [, version, status, reason] = /^HTTP\/(\d\.\d) (\d{3}) ?(.*)$/.exec(head.startLine);
    return { version, status: Number(status), reason, fields: head.fields };
  }

  /** The next response whole: its head with {body, end}. Interim (1xx) responses are left out. */
  async response({ method = 'GET' } = {}) {
    let head;
    do head = await this.head();
    while (head && head.status < 200);
    if (!head) return null;
    const bodyless = method === 'HEAD' || head.status === 204 || head.status === 304;
    return { ...head, ...(bodyless ? { body: Buffer.alloc(0), end: 'complete' } : await this.body(head)) };
  }

  /** The body after a head: {body, end}, see readBody. */
  body(head) {
    return within('a response body', readBody(this.bytes, head.fields, { untilClose: true }), 30_000);
  }

  /** FIN: we will send nothing more, and still read. */
  halfClose() {
    this.#socket.end();
  }

  close() {
    this.#socket.destroy();
  }

  /** RST. */
  reset() {
    this.#socket.resetAndDestroy();
  }
}

export function requestBytes(method, target, headers = {}, body = undefined) {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  let head = `${method} ${target} HTTP/1.1\r\n`;
  if (!names.includes('host')) head += 'Host: gateway.test\r\n';
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
  const content = body === undefined ? Buffer.alloc(0) : Buffer.from(body);
  const isFramed = names.includes('content-length') || names.includes('transfer-encoding');
  if (body !== undefined && !isFramed) head += `Content-Length: ${content.length}\r\n`;
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), content]);
}

/** One request on a connection of its own, over TLS with `options.secure`, answered whole. */
export async function exchange(port, method, target, options = {}) {
  const client = await Client.connect(port, { secure: options.secure });
  try {
    await client.request(method, target, options);
    return await client.response({ method });
  } finally {
    client.close();
  }
}
