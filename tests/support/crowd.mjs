// Many connections to one port, as light as Node has them: what each reads is seen by a function, not kept.

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';

import { within } from './until.mjs';

const connectsAtOnce = 100; // more would wait in the accept queue, whose length is the machine's affair

/** `count` connections to a port of this machine, all established. */
export async function connectMany(port, count) {
  const sockets = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(connectsAtOnce, count - sockets.length) }, () =>
      net.connect({ port, host: '127.0.0.1', noDelay: true }),
    );
    await within(`connection ${sockets.length} and more`, Promise.all(batch.map((socket) => once(socket, 'connect'))));
    sockets.push(...batch);
  }
  return sockets;
}

/** What a process has in memory, in bytes: {now, peak} (VmRSS and VmHWM of /proc/PID/status). */
export async function residentBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** Makes the peak begin anew from what is in memory now (proc(5), clear_refs). */
export function resetPeak(pid) {
  return writeFile(`/proc/${pid}/clear_refs`, '5');
}
