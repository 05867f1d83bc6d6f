// A name server that says what a test tells it to: DNS over UDP on loopback, A and AAAA (RFC 1035 section 4, RFC 3596).

import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

const headBytes = 12;
const types = { 1: 4, 28: 6 }; // A, AAAA: the family of its addresses

export class NameServer {
  /** Addresses by name. */
  names = new Map();
  ttlSeconds = 1;
  /** 'answers', 'fails' (SERVFAIL), 'knows none' (NXDOMAIN) or 'silent'. */
  mood = 'answers';
  /** Questions so far, as {name, family}. */
  asked = [];
  #socket = dgram.createSocket('udp4');

  static async start(names = {}) {
    const server = new NameServer();
    for (const [name, addresses] of Object.entries(names)) server.names.set(name, addresses);
    server.#socket.on('message', (query, { address, port }) => {
      const reply = server.#reply(query);
      if (reply) server.#socket.send(reply, port, address);
    });
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    return server;
  }

  /** As ARCHESTRA_DNS_SERVERS wants it. */
  get address() {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  stop() {
    return new Promise((resolve) => this.#socket.close(resolve));
  }

  #reply(query) {
    const labels = [];
    let at = headBytes;
    for (; query[at] > 0; at += 1 + query[at]) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
    const family = types[query.readUInt16BE(at + 1)];
    const question = query.subarray(headBytes, at + 5);
    const name = labels.join('.');
    this.asked.push({ name, family });
    if (this.mood === 'silent') return null;
    const known = this.mood === 'answers' ? this.names.get(name) : undefined;
    const addresses = (known ?? []).filter((address) => net.isIP(address) === family);
    const code = this.mood === 'fails' ? 2 : known ? 0 : 3;
    const head = Buffer.from([0, 0, 0x81, 0x80 | code, 0, 1, 0, addresses.length, 0, 0, 0, 0]);
    query.copy(head, 0, 0, 2);
    const records = addresses.map((address) => this.#record(question, address));
    return Buffer.concat([head, question, ...records]);
  }

  #record(question, address) {
    const data = net.isIPv4(address)
      ? Buffer.from(address.split('.').map(Number))
      : Buffer.from(groupsOf(address).flatMap((group) => [group >> 8, group & 0xff]));
    const head = Buffer.alloc(8);
    question.copy(head, 0, question.length - 4); // type and class
    head.writeUInt32BE(this.ttlSeconds, 4);
    return Buffer.concat([Buffer.of(0xc0, headBytes), head, Buffer.of(0, data.length), data]);
  }
}

function groupsOf(address) {
  const [before, after] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const given = [...before, ...(after ?? [])];
  const zeros = Array(8 - given.length).fill('0');
  return [...before, ...zeros, ...(after ?? [])].map((group) => parseInt(group, 16));
}
