// What runs of faults stand on: a gateway between the simulator, which writes down each call, and a collector that keeps
// each span.

import { join } from 'node:path';

import { refusingPort, silentPort } from '../dead_ends.mjs';
import { Gateway, Simulator } from '../gateway.mjs';
import { temporaryFolder } from '../program.mjs';
import { readJsonLines } from './json_lines.mjs';
import { bodyBytesMax } from './plans.mjs';
import { SpanFile } from './span_file.mjs';

const env = {
  ARCHESTRA_ACCESS_LOG_LEVEL: 'debug', // so that other requests have a line, too
  ARCHESTRA_RETRIES: '2',
  ARCHESTRA_RETRY_BACKOFF_MS: '20',
  ARCHESTRA_RETRY_WAIT_MAX_MS: '100',
  ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: '500',
  ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '1500',
  ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS: '1500',
  ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS: '5000',
  ARCHESTRA_API_BODY_LIMIT: `${bodyBytesMax}`,
  ARCHESTRA_CALLS_IN_FLIGHT_LIMIT: '36', // of a shard: less than its share of the clients, at times
  ARCHESTRA_UPSTREAM_CONNECTIONS_LIMIT: '16',
  OTEL_BSP_SCHEDULE_DELAY: '200',
};

/** More for the environment of a gateway whose log goes to the collector, too. */
export const exportsLogs = { OTEL_LOGS_EXPORTER: 'otlp', OTEL_BLRP_SCHEDULE_DELAY: '200' };

export class Stage {
  gateway;
  simulator;
  collector;
  #folder;
  #dead;
  #env;

  /** `more` is for the environment of the gateway. */
  static async start(more = {}) {
    const stage = new Stage();
    stage.#folder = await temporaryFolder();
    stage.#dead = { refusing: await refusingPort(), silent: await silentPort() };
    stage.collector = await SpanFile.start();
    stage.simulator = await Simulator.start({ args: ['--journal-file', stage.#entriesFile, '--journal', '50000'] });
    // A socket may get the port it connects to for its own, and would connect to itself: not from another address.
    const hosts = { refusing: '127.0.0.2', silent: '127.0.0.1' };
    const providers = Object.entries(stage.#dead).map(([name, { port }]) => `${name}=http://${hosts[name]}:${port}/v1`);
    stage.#env = { ...env, ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: providers.join(','), ...more };
    await stage.startGateway();
    return stage;
  }

  /** The first one, or the next one in the folder of the one before, which has ended. */
  async startGateway() {
    this.gateway = await Gateway.start({
      openaiBaseUrl: this.simulator.baseUrl,
      otlpEndpoint: this.collector.endpoint,
      env: this.#env,
      of: this.gateway,
    });
  }

  /**
   * Ends gateway and simulator, so that both have written all; `how` ends the gateway. What the simulator wrote is the
   * answer.
   */
  async end() {
    await this.gateway.program.stop();
    await this.simulator.program.stop();
    return readJsonLines(this.#entriesFile);
  }

  async discard() {
    for (const { program } of [this.gateway, this.simulator].filter((one) => one?.program.isRunning))
      program.kill('SIGKILL');
    Object.values(this.#dead).forEach(({ release }) => release());
    await this.collector?.stop();
    await this.gateway?.discard();
    await this.simulator?.discard();
    await this.#folder.remove();
  }

  get #entriesFile() {
    return join(this.#folder.path, 'entries');
  }
}
