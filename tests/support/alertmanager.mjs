// A real Alertmanager, Debian's own 0.25 (`./dev prove` fetches it), and whom it tells.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { freePort } from './free_port.mjs';
import { temporaryFolder } from './program.mjs';
import { until } from './until.mjs';

const name = 'prometheus-alertmanager';
const fetched = fileURLToPath(new URL('../../.dev/alertmanager/usr', import.meta.url));
const installed = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)).find((path) => existsSync(path));

/**
 * How to run it. Debian's reads a template of its own below /usr/share; where it is unpacked and not installed it is shown a
 * /usr/share that has it, in a mount namespace of its own.
 */
function command(args) {
  if (installed) return [installed, args];
  const path = join(fetched, 'bin', name);
  if (!existsSync(path)) throw new Error(`there is no ${name} here; ./dev prove fetches it`);
  const shows = 'mount -t tmpfs tmpfs /usr/share && cp -r "$0/share/prometheus" /usr/share/ && exec "$@"';
  return ['unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', shows, fetched, path, ...args]];
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Alertmanager {
  /** What it told, in order: {status: 'firing' or 'resolved', labels, annotations, at}; `at` is performance.now(). */
  told = [];
  port;
  #child;
  #folder;
  #receiver;

  static async start() {
    const manager = new Alertmanager();
    manager.#folder = await temporaryFolder();
    const { path } = manager.#folder;
    manager.#receiver = http.createServer((request, response) => manager.#take(request, response));
    manager.#receiver.listen(0, '127.0.0.1');
    await once(manager.#receiver, 'listening');
    await writeFile(join(path, 'alertmanager.yml'), configuration(manager.#receiver.address().port));
    manager.port = await freePort();
    const args = ['--config.file', join(path, 'alertmanager.yml'), '--storage.path', join(path, 'data')];
    const listens = ['--web.listen-address', `127.0.0.1:${manager.port}`, '--cluster.listen-address='];
    manager.#child = spawn(...command([...args, ...listens]), { stdio: 'ignore' });
    running.add(manager.#child);
    await until('Alertmanager', () => isReady(manager.port), { withinMs: 60_000 });
    return manager;
  }

  async stop() {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
    running.delete(this.#child);
    this.#receiver.closeAllConnections();
    this.#receiver.close();
    await this.#folder.remove();
  }

  async #take(request, response) {
    const { alerts } = JSON.parse(await text(request));
    const at = performance.now();
    for (const { status, labels, annotations } of alerts) this.told.push({ status, labels, annotations, at });
    response.end();
  }
}

/** Each alert is told by itself, at once. */
const configuration = (port) => `route:
  receiver: told
  group_by: ['...']
  group_wait: 50ms
  group_interval: 200ms
  repeat_interval: 24h
receivers:
  - name: told
    webhook_configs:
      - url: http://127.0.0.1:${port}/
        send_resolved: true
`;

async function isReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
  } catch {
    return false;
  }
}
