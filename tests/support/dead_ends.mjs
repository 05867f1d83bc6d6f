// Ports at which nobody answers, kept so for as long as a test needs them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A port that refuses connections. It is the local end of a connection of ours, so that nobody else can get it and
 * nobody listens on it.
 */
export async function refusingPort() {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [[far], near] = await Promise.all([once(server, 'connection'), connected(server.address().port)]);
  return {
    port: near.localPort,
    release: () => {
      near.destroy();
      far.destroy();
      server.close();
    },
  };
}

const listener = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));
`;

/** A port whose listener never accepts and whose queue is full: connecting to it hangs. */
export async function silentPort() {
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const port = Number(line);
  child.kill('SIGSTOP');
  const queued = [];
  while (await connectsSoon(port, queued));
  return {
    port,
    release: () => {
      for (const socket of queued) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}

async function connected(port) {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

// The kernel completes connections at once until the queue is full; then it lets them hang.
async function connectsSoon(port, queued) {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  queued.push(socket);
  return Promise.race([once(socket, 'connect').then(() => true), sleep(500).then(() => false)]);
}
