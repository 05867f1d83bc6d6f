// What a service manager does for a gateway that it activates by sockets: it binds them, passes them on, and keeps them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

// Node accepts on what it listens on. So the socket is only bound here, and a child that ends at once makes it listen.
const listenScript = `require('node:net').createServer().listen({ fd: 3, backlog: 4096 }, () => process.exit(0))`;

export class KeptSocket {
  #handle;
  port;

  static async open() {
    const socket = new KeptSocket();
    socket.#handle = net._createServerHandle('127.0.0.1', 0, 4);
    const address = {};
    socket.#handle.getsockname(address);
    socket.port = address.port;
    const child = spawn(process.execPath, ['-e', listenScript], { stdio: ['ignore', 'inherit', 'inherit', socket.fd] });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`a socket could not be made to listen: ${code}`);
    return socket;
  }

  get fd() {
    return this.#handle.fd;
  }

  /** Resets whoever waits in the queue, where no gateway has it open. */
  close() {
    this.#handle.close();
  }
}

/** For Gateway.start: `sockets` by name. */
export function activation(sockets, { names = Object.keys(sockets).join(':') } = {}) {
  const fds = Object.values(sockets).map((socket) => socket.fd);
  return {
    program: { shell: 'LISTEN_PID=$$ exec "$0" "$@"', fds },
    env: { LISTEN_FDS: `${fds.length}`, LISTEN_FDNAMES: names },
  };
}
