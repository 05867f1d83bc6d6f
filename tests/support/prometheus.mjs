// A real Prometheus that scrapes a gateway, and answers queries. Debian's own, 2.42: `./dev test` fetches it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { freePort } from './free_port.mjs';
import { temporaryFolder } from './program.mjs';
import { until } from './until.mjs';

const fetched = fileURLToPath(new URL('../../.dev/prometheus/usr/bin', import.meta.url));
const find = (name) =>
  [fetched, ...(process.env.PATH ?? '').split(delimiter)]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
const binary = find('prometheus');
const promtool = find('promtool');

/** False, or why tests that need Prometheus are skipped: for the `skip` option of a test. */
export const prometheusMissing = binary ? false : 'there is no prometheus here; ./dev test fetches it';

/** What `promtool check metrics` finds wrong with a page in text 0.0.4: a line for each family. */
export async function complaintsOfPromtool(page) {
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(page);
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  // 0: nothing, 3: complaints; anything else: it could not read the page.
  if (status !== 0 && status !== 3) throw new Error(`promtool ended with ${status}: ${stderr}`);
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
}

/** Runs promtool to its end: {status, output}. */
export async function runPromtool(args, options = {}) {
  const child = spawn(promtool, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status, output: `${stdout}${stderr}` };
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Prometheus {
  #child;
  #folder;
  #port;

  /**
   * Scrapes the metrics port of a gateway every `everyMs`, or does what another `config` says; `args` are flags of
   * Prometheus.
   */
  static async start(metricsPort, { everyMs, args = [], config: text = configuration(metricsPort, everyMs) }) {
    const prometheus = new Prometheus();
    prometheus.#folder = await temporaryFolder();
    const { path } = prometheus.#folder;
    const config = join(path, 'prometheus.yml');
    await writeFile(config, text);
    // It cannot say which port the system chose, so one is chosen for it; where another was faster, it is tried again.
    for (let tries = 0; !prometheus.#port; tries += 1) {
      if (tries === 3) throw new Error('Prometheus does not start');
      await prometheus.#try(config, path, await freePort(), args);
    }
    return prometheus;
  }

  async #try(config, path, port, args) {
    const child = spawn(
      binary,
      [`--config.file=${config}`, `--storage.tsdb.path=${path}/data`, `--web.listen-address=127.0.0.1:${port}`, ...args],
      { stdio: 'ignore' },
    );
    running.add(child);
    this.#child = child;
    await until('Prometheus', async () => child.exitCode !== null || (await isReady(port)), { withinMs: 60_000 });
    if (child.exitCode === null) this.#port = port;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What GET /api/v1/`path` has as data; `parameters` go into the query, `what` into the error. */
  async get(path, parameters = {}, what = path) {
    const { status, data, error } = await (await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`)).json();
    if (status !== 'success') throw new Error(`${what}: ${error}`);
    return data;
  }

  /** The result of an instant query, as the HTTP API gives it. */
  async query(expression) {
    return (await this.get('query', { query: expression }, expression)).result;
  }

  /** The result of a query over time: `start` and `end` are unix times, `step` is in seconds. */
  async range(expression, { start, end, step }) {
    return (await this.get('query_range', { query: expression, start, end, step }, expression)).result;
  }

  /** The value of a query that has one; undefined where it has none. */
  async value(expression) {
    const [sample] = await this.query(expression);
    return sample && Number(sample.value[1]);
  }

  /** Waits until a scrape that began after now is stored. */
  async nextScrape() {
    const now = Date.now() / 1000;
    await until('a scrape', async () => ((await this.value('timestamp(up)')) ?? 0) > now, { withinMs: 30_000 });
  }

  async stop() {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
    running.delete(this.#child);
    await this.#folder.remove();
  }
}

function configuration(metricsPort, everyMs) {
  return `global:
  scrape_interval: ${everyMs}ms
  scrape_timeout: ${everyMs}ms
scrape_configs:
  - job_name: archestra
    static_configs:
      - targets: ['127.0.0.1:${metricsPort}']
`;
}

async function isReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
  } catch {
    return false;
  }
}
