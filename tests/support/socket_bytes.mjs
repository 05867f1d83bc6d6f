// A socket's incoming bytes as something to take from, and HTTP/1.1 framing over it, written for tests: it tells how a
// message ended instead of hiding it.

const lineEnd = Buffer.from('\r\n');

export class SocketBytes {
  /** 'open', then 'ended' (FIN), 'reset' or 'closed' (by ourselves). */
  state = 'open';
  /** Settles with that state as soon as it is no longer 'open'. */
  over;
  /** Bytes so far, taken or not. */
  received = 0;
  #socket;
  #data = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #wake = () => {};

  constructor(socket) {
    this.#socket = socket;
    this.over = new Promise((settle) => {
      const leave = (state) => {
        if (this.state === 'open') this.state = state;
        settle(this.state);
        this.#wake();
      };
      socket.on('end', () => leave('ended'));
      socket.on('error', () => leave('reset'));
      socket.on('close', () => leave('closed'));
    });
    socket.on('data', (bytes) => {
      this.#append(bytes);
      this.#wake();
    });
  }

  get available() {
    return this.#end - this.#start;
  }

  /** Stops taking bytes from the kernel, so that the peer feels it; resume() goes on. */
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  /** Waits for more bytes; false where none will come. */
  async more() {
    const before = this.received;
    while (this.received === before && this.state === 'open') {
      await new Promise((wake) => (this.#wake = wake));
    }
    return this.received !== before;
  }

  /** Takes up to and including CRLF, returns the text before it; null at the end. */
  async line() {
    let from = 0;
    for (;;) {
      const at = this.#view().indexOf(lineEnd, from);
      if (at >= 0) return this.take(at + 2).subarray(0, at).toString('latin1');
      from = Math.max(0, this.available - 1);
      if (!(await this.more())) return null;
    }
  }

  /** Takes exactly n bytes, or what there is when the peer is gone before that. */
  async exactly(n) {
    while (this.available < n && (await this.more()));
    return this.take(Math.min(n, this.available));
  }

  async all() {
    while (await this.more());
    return this.take(this.available);
  }

  take(n) {
    const bytes = Buffer.from(this.#view().subarray(0, n));
    this.#start += n;
    return bytes;
  }

  #view() {
    return this.#data.subarray(this.#start, this.#end);
  }

  #append(bytes) {
    if (this.#end + bytes.length > this.#data.length) {
      const grown = Buffer.allocUnsafe(2 * (this.available + bytes.length));
      this.#end = this.#view().copy(grown);
      this.#start = 0;
      this.#data = grown;
    }
    this.#end += bytes.copy(this.#data, this.#end);
    this.received += bytes.length;
  }
}

/** The field lines of a head: `list` as sent, `get(name)` the values joined as RFC 9110 section 5.3 has it. */
export class Fields {
  list = [];

  add(name, value) {
    this.list.push([name, value]);
  }

  all(name) {
    return this.list.filter(([own]) => own.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  }

  get(name) {
    const values = this.all(name);
    return values.length ? values.join(', ') : undefined;
  }
}

/** A start line and its fields; null where the peer closed before the first byte or in between. */
export async function readHead(bytes) {
  const startLine = await bytes.line();
  if (startLine === null) return null;
  const fields = new Fields();
  for (;;) {
    const line = await bytes.line();
    if (line === null) return null;
    if (line === '') return { startLine, fields };
    const colon = line.indexOf(':');
    fields.add(line.slice(0, colon), line.slice(colon + 1).trim());
  }
}

/**
 * A body by its framing: {body, end}. `end` is 'complete', or how the connection went before the body was whole
 * ('ended', 'reset', 'closed'), or 'malformed'. `untilClose` says what no framing at all means.
 */
export async function readBody(bytes, fields, { untilClose }) {
  if (fields.get('transfer-encoding') !== undefined) return readChunks(bytes);
  const length = fields.get('content-length');
  if (length !== undefined) {
    const body = await bytes.exactly(Number(length));
    return { body, end: body.length === Number(length) ? 'complete' : bytes.state };
  }
  if (!untilClose) return { body: Buffer.alloc(0), end: 'complete' };
  const body = await bytes.all();
  return { body, end: bytes.state === 'ended' ? 'complete' : bytes.state };
}

async function readChunks(bytes) {
  const parts = [];
  const result = (end) => ({ body: Buffer.concat(parts), end });
  for (;;) {
    const line = await bytes.line();
    if (line === null) return result(bytes.state);
    if (!/^[0-9a-f]+(;.*)?$/i.test(line)) return result('malformed');
    const size = parseInt(line, 16);
    if (size === 0) break;
    const part = await bytes.exactly(size);
    parts.push(part);
    if (part.length < size) return result(bytes.state);
    const after = await bytes.line();
    if (after !== '') return result(after === null ? bytes.state : 'malformed');
  }
  for (;;) {
    const trailer = await bytes.line();
    if (trailer === null) return result(bytes.state);
    if (trailer === '') return result('complete');
  }
}

/** Writes and waits until the kernel has taken it; false where the socket is no longer there. */
export async function send(socket, bytes) {
  if (socket.destroyed || socket.writableEnded) return false;
  return new Promise((settle) => socket.write(bytes, (error) => settle(!error)));
}
