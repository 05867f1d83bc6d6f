// The memory of another process of ours, as its own instructions see it: what a flipped bit changes can be changed, also where
// the process itself may only read.

import { open, readFile } from 'node:fs/promises';

const bytesAtOnce = 1 << 24;

export class ProcessMemory {
  #pid;
  #file;

  /** Fails where the system lets nobody look. */
  static async open(pid) {
    const memory = new ProcessMemory();
    memory.#pid = pid;
    memory.#file = await open(`/proc/${pid}/mem`, 'r+');
    return memory;
  }

  close() {
    return this.#file.close();
  }

  async read(address, length) {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, address);
    return buffer.subarray(0, bytesRead);
  }

  async write(address, bytes) {
    await this.#file.write(bytes, 0, bytes.length, address);
  }

  /** Mappings: [{start, end, access, path}]. */
  async regions() {
    const lines = (await readFile(`/proc/${this.#pid}/maps`, 'utf8')).trimEnd().split('\n');
    return lines.map((line) => {
      const [, start, end, access, path] = /^(\w+)-(\w+) (\S+) \S+ \S+ \d+ *(.*)$/.exec(line);
      return { start: parseInt(start, 16), end: parseInt(end, 16), access, path };
    });
  }

  /** Addresses at which these bytes stand, in the regions that `isMeant` picks; multiples of `step`. */
  async find(bytes, isMeant, step = 1) {
    const found = [];
    for (const { start, end } of (await this.regions()).filter(isMeant)) {
      for (let from = start; from < end; from += bytesAtOnce) {
        const wanted = Math.min(bytesAtOnce + bytes.length - 1, end - from);
        const part = await this.read(from, wanted).catch(() => Buffer.alloc(0)); // a page that nobody may read
        for (let at = part.indexOf(bytes); at >= 0; at = part.indexOf(bytes, at + 1))
          if ((from + at) % step === 0) found.push(from + at);
      }
    }
    return [...new Set(found)];
  }
}

/** Eight bytes, least first. */
export function word(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
