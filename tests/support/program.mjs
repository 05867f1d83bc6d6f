// The binary under test as a child process: its output by lines, its end, and what a sanitizer said of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { within } from './until.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const binary = resolve(process.env.ARCHESTRA_BINARY ?? join(root, 'build/release/archestra'));

// What the shell of whoever runs the tests says about the gateway, a collector or a proxy must not reach it.
const foreign = /^(ARCHESTRA_|OTEL_|(https|no)_proxy$)/i;
const sanitizerReport = /ERROR: (Address|Leak|Memory)Sanitizer|WARNING: ThreadSanitizer|runtime error:/;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** A new empty folder that `remove()` takes away. */
export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'archestra-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export class Program {
  stdout = [];
  stderr = [];
  #child;
  #ended;

  /**
   * Starts `archestra ...args`; `env` is all it gets of ARCHESTRA_*, OTEL_* and proxies. With `shell`, a shell runs that text, in
   * which `exec "$0" "$@"` becomes the program. `fds` are its descriptors from 3 on; `file` is another program.
   */
  constructor(args, { env = {}, cwd, shell, fds = [], file = binary } = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    const [command, ...all] = shell ? ['bash', '-c', shell, file, ...args] : [file, ...args];
    this.#child = spawn(command, all, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...fds],
    });
    running.add(this.#child);
    this.#ended = this.#watch();
  }

  get pid() {
    return this.#child.pid;
  }

  get isRunning() {
    return running.has(this.#child);
  }

  /** How it ended: {code, signal}, once all its output is here. */
  get ended() {
    return this.#ended;
  }

  kill(signal) {
    this.#child.kill(signal);
  }

  /** SIGTERM, and the orderly end that must follow it. */
  async stop(withinMs = 30_000) {
    this.kill('SIGTERM');
    const { code, signal } = await within(`the end of process ${this.pid} after SIGTERM`, this.#ended, withinMs);
    this.assertNoReport();
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `after SIGTERM; stderr:\n${this.stderr.join('\n')}`);
  }

  assertNoReport() {
    const report = this.stderr.findIndex((line) => sanitizerReport.test(line));
    assert.equal(report, -1, `a sanitizer reported:\n${this.stderr.slice(report).join('\n')}`);
  }

  async #watch() {
    const failed = once(this.#child, 'error').then(([error]) => {
      throw new Error(`cannot run ${binary}: ${error.message}`);
    });
    const outputs = [this.#collect('stdout'), this.#collect('stderr')];
    const [code, signal] = await Promise.race([once(this.#child, 'exit'), failed]);
    running.delete(this.#child);
    await Promise.all(outputs);
    return { code, signal };
  }

  async #collect(name) {
    for await (const line of createInterface({ input: this.#child[name] })) this[name].push(line);
  }
}

/** Runs a command to its end: {code, signal, stdout, stderr}, the texts as one string each. */
export async function run(args, options = {}) {
  const program = new Program(args, options);
  try {
    const end = await within(`archestra ${args.join(' ')}`, program.ended, options.withinMs ?? 30_000);
    program.assertNoReport();
    return { ...end, stdout: program.stdout.join('\n'), stderr: program.stderr.join('\n') };
  } finally {
    if (program.isRunning) program.kill('SIGKILL');
  }
}
