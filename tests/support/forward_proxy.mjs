// Forward proxies on the way to a provider: one that does exactly as scripted, and a real one, Debian's tinyproxy.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from './free_port.mjs';
import { temporaryFolder } from './program.mjs';
import { SocketBytes, readHead } from './socket_bytes.mjs';
import { until } from './until.mjs';

/** Makes tunnels, unless it is scripted to do something else. It knows every name: all are this machine. */
export class ForwardProxy {
  /** Start lines and fields of all it was asked for. */
  heads = [];
  /** Tunnels that are open. */
  open = 0;
  /** act(socket, head) comes instead of a tunnel; null: a tunnel. */
  act = null;
  #server;
  #sockets = new Set();

  static async start() {
    const proxy = new ForwardProxy();
    proxy.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => proxy.#serve(socket));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  async stop() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #serve(socket) {
    this.#keep(socket);
    const head = await readHead(new SocketBytes(socket));
    if (!head) return;
    this.heads.push(head);
    if (this.act) this.act(socket, head);
    else this.#tunnel(socket, Number(head.startLine.split(' ')[1].split(':').pop()));
  }

  #tunnel(socket, port) {
    const server = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#keep(server);
    server.once('connect', () => {
      this.open += 1;
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(server);
      server.pipe(socket);
    });
    server.once('close', () => {
      this.open -= 1;
      socket.destroy();
    });
    socket.once('close', () => server.destroy());
  }
}

const fetched = fileURLToPath(new URL('../../.dev/tinyproxy/usr', import.meta.url));
const binary = join(fetched, 'bin/tinyproxy');

/** False, or why tests that need tinyproxy are skipped: for the `skip` option of a test. */
export const tinyproxyMissing = existsSync(binary) ? false : 'there is no tinyproxy here; ./dev test fetches it';

/** libnss_wrapper, which gives a program a hosts file of its own. */
function hostsWrapper() {
  const folder = readdirSync(join(fetched, 'lib')).find((name) => name.endsWith('-linux-gnu'));
  return join(fetched, 'lib', folder, 'libnss_wrapper.so');
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Tinyproxy {
  port;
  #child;
  #folder;

  /** Knows `hosts` ({name: address}) and no other names; wants `user` and `password`, of plain letters. */
  static async start({ hosts, user, password }) {
    const proxy = new Tinyproxy();
    proxy.#folder = await temporaryFolder();
    await writeFile(proxy.#path('hosts'), Object.entries(hosts).map(([name, address]) => `${address} ${name}\n`).join(''));
    for (let tries = 0; proxy.port === undefined; tries += 1) {
      if (tries === 3) throw new Error(`tinyproxy does not start:\n${proxy.log}`);
      await proxy.#try(await freePort(), { user, password });
    }
    return proxy;
  }

  async #try(port, { user, password }) {
    const { path } = this.#folder;
    await writeFile(this.#path('conf'), `Port ${port}
Listen 127.0.0.1
Timeout 60
MaxClients 20
LogFile "${path}/log"
LogLevel Connect
BasicAuth ${user} ${password}
`);
    const env = { LD_PRELOAD: hostsWrapper(), NSS_WRAPPER_HOSTS: this.#path('hosts') };
    this.#child = spawn(binary, ['-d', '-c', this.#path('conf')], { env, stdio: 'ignore' });
    running.add(this.#child);
    await until('tinyproxy', async () => this.#child.exitCode !== null || (await isListening(port)));
    if (this.#child.exitCode === null) this.port = port;
  }

  /** What it wrote so far. */
  get log() {
    return existsSync(this.#path('log')) ? readFileSync(this.#path('log'), 'utf8') : '';
  }

  /** The requests among that. */
  get requests() {
    return [...this.log.matchAll(/Request \(file descriptor \d+\): (.*)/g)].map(([, line]) => line);
  }

  async stop() {
    const ended = this.#child.exitCode ?? once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
    running.delete(this.#child);
    await this.#folder.remove();
  }

  #path(name) {
    return join(this.#folder.path, name);
  }
}

async function isListening(port) {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
