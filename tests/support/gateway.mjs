// `archestra serve` and `archestra simulate` on ports the system chooses, each in a folder of its own.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { exchange } from './client.mjs';
import { Metrics } from './metrics.mjs';
import { Program, temporaryFolder } from './program.mjs';
import { until } from './until.mjs';

const startWithinMs = 60_000; // a sanitizer's binary on a busy machine

/** Of every gateway that a test starts, unless it says otherwise. */
export const adminToken = 'the-admin-token-of-the-tests';

/** Two shards, so that what must hold across shards is seen to; and spans soon after the call. */
const defaults = {
  ARCHESTRA_API_PORT: '0',
  ARCHESTRA_METRICS_PORT: '0',
  ARCHESTRA_THREADS: '2',
  OTEL_BSP_SCHEDULE_DELAY: '25',
  ARCHESTRA_ADMIN_TOKEN: adminToken,
};

/** Of a request that is to leave no span. */
const unsampled = { traceparent: '00-00000000000000000000000000000001-0000000000000001-00' };

export class Gateway {
  program;
  apiPort;
  metricsPort;
  /** What a client needs to speak TLS with it; undefined where it does not. */
  secure;
  #folder;

  /**
   * Starts a gateway. `openaiBaseUrl` and `otlpEndpoint` are what their names say; the other providers are where OpenAI
   * is; without an endpoint it exports nothing. `env` adds to or overrides the environment, `args` follow `serve`, `shell` is that of Program; it runs in a
   * folder of the gateway's own, or in that of an earlier one (`of`), which has ended. `activation` passes it sockets, as
   * activation() of activation.mjs has it; then the earlier one may still drain. `secure` ({ca}) is for clients
   * of one whose API port speaks TLS.
   */
  static async start({ openaiBaseUrl, otlpEndpoint, env = {}, args = [], shell, of, activation, secure } = {}) {
    const gateway = new Gateway();
    gateway.secure = secure;
    gateway.#folder = of ? of.#folder : await temporaryFolder();
    if (of) await rm(join(gateway.dataFolder, 'ports.json'), { force: true });
    const telemetry = otlpEndpoint
      ? { ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }
      : { OTEL_TRACES_EXPORTER: 'none' };
    gateway.program = new Program(['serve', ...args], {
      cwd: gateway.#folder.path,
      shell,
      ...activation?.program,
      env: {
        ...activation?.env,
        ...defaults,
        ...telemetry,
        ARCHESTRA_DATA_DIR: gateway.dataFolder,
        ...(openaiBaseUrl && baseUrls(openaiBaseUrl)),
        ...env,
      },
    });
    const ports = await portsIn(join(gateway.dataFolder, 'ports.json'), gateway.program);
    gateway.apiPort = ports.api;
    gateway.metricsPort = ports.metrics;
    const ready = () => exchange(ports.api, 'GET', '/ready', { headers: unsampled, secure });
    await until('readiness', async () => (await ready())?.status === 200);
    return gateway;
  }

  /** Where it was started. */
  get folder() {
    return this.#folder.path;
  }

  get dataFolder() {
    return join(this.folder, 'data');
  }

  /** The base URL to give to OpenAI's SDK. */
  get openaiUrl() {
    return `http://127.0.0.1:${this.apiPort}/v1/openai`;
  }

  /** The lines about requests so far, parsed. */
  get accessLog() {
    return this.program.stdout.map((line) => JSON.parse(line));
  }

  linesOf(traceId) {
    return this.accessLog.filter((line) => line.trace_id === traceId);
  }

  /**
   * One request to the platform API: {status, fields, json}. `body` is sent as JSON, unless it is text already; without a
   * `token` none is sent.
   */
  async api(method, path, body, { token = adminToken, headers = {} } = {}) {
    const content = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const response = await exchange(this.apiPort, method, `/api${path}`, {
      secure: this.secure,
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(content !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: content,
    });
    const json = response?.body.length ? JSON.parse(response.body.toString('utf8')) : undefined;
    return { status: response?.status, fields: response?.fields, json };
  }

  async scrape() {
    const { status, body } = await exchange(this.metricsPort, 'GET', '/metrics');
    if (status !== 200) throw new Error(`/metrics answered ${status}`);
    return new Metrics(body.toString('utf8'));
  }

  /** The orderly end, see Program.stop. */
  async stop() {
    try {
      await this.program.stop();
    } finally {
      await this.discard();
    }
  }

  /** For a gateway that ended otherwise: takes its folder away. */
  async discard() {
    await this.#folder.remove();
  }
}

export class Simulator {
  program;
  port;
  #folder;

  static async start({ args = [] } = {}) {
    const simulator = new Simulator();
    simulator.#folder = await temporaryFolder();
    const portsFile = join(simulator.#folder.path, 'ports.json');
    simulator.program = new Program(['simulate', '--port', '0', '--ports-file', portsFile, ...args]);
    simulator.port = (await portsIn(portsFile, simulator.program)).simulator;
    return simulator;
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  /** What it saw: the entries of GET /sim/calls. */
  async calls() {
    const { body } = await exchange(this.port, 'GET', '/sim/calls');
    return JSON.parse(body.toString('utf8'));
  }

  async stop() {
    await this.program.stop();
    await this.discard();
  }

  /** Where it has ended already. */
  async discard() {
    await this.#folder.remove();
  }
}

function baseUrls(openaiBaseUrl) {
  const { origin } = new URL(openaiBaseUrl);
  return {
    ARCHESTRA_OPENAI_BASE_URL: openaiBaseUrl,
    ARCHESTRA_ANTHROPIC_BASE_URL: origin,
    ARCHESTRA_GEMINI_BASE_URL: origin,
  };
}

function portsIn(file, program) {
  return until(
    file,
    async () => {
      if (!program.isRunning) {
        await program.ended;
        throw new Error(`archestra ended before it listened:\n${program.stderr.join('\n')}`);
      }
      try {
        return JSON.parse(await readFile(file, 'utf8'));
      } catch {
        return portsInLog(program); // the file is not there, or half written
      }
    },
    { withinMs: startWithinMs },
  );
}

/** Those of a gateway that says that it had no room for the file. */
function portsInLog({ stderr }) {
  if (!stderr.some((line) => line.includes('the ports are not in ports.json'))) return null;
  const serving = stderr.find((line) => line.includes('"serving"'));
  if (!serving) return null;
  const { api_port: api, metrics_port: metrics } = JSON.parse(serving);
  return { api, metrics };
}
