// What the proof of the alerts has: two gateways, one for faults of providers and traffic, one for its own, a Prometheus with
// the rules and an Alertmanager; and how a fault is timed.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { rules } from '../../../deploy/prometheus/source.mjs';
import { Alertmanager } from '../../support/alertmanager.mjs';
import { Collector } from '../../support/collector.mjs';
import { freePort } from '../../support/free_port.mjs';
import { Gateway, Simulator } from '../../support/gateway.mjs';
import { refusingPort } from '../../support/dead_ends.mjs';
import { temporaryFolder } from '../../support/program.mjs';
import { Prometheus } from '../../support/prometheus.mjs';
import { until } from '../../support/until.mjs';
import { Provider } from '../trials/provider.mjs';

const generate = fileURLToPath(new URL('../../../deploy/prometheus/generate.mjs', import.meta.url));
const fireWithinMs = 120_000;
const resolveWithinMs = 400_000;
const everyMs = 500;

/** Jobs of the two gateways. Only that of the second is the one that ArchestraDown looks at. */
export const jobs = { traffic: 'archestra-traffic', own: 'archestra-backend' };

export const alertsOfRules = () => rules().alerts.flatMap((group) => group.rules.map(({ alert }) => alert));

export class Scene {
  alertmanager;
  prometheus;
  simulator;
  /** Of provider `flaky`: comes and goes. */
  flaky;
  collector;
  traffic;
  own;
  #ownEnv;
  #refusing;

  async start(scale, folder) {
    await promisify(execFile)(process.execPath, [generate, '--out', folder, '--scale', `${scale}`]);
    this.alertmanager = await Alertmanager.start();
    this.simulator = await Simulator.start({ args: ['--journal', '0'] });
    this.flaky = await Provider.start();
    this.collector = await Collector.start();
    this.#refusing = await refusingPort();
    const { baseUrl: openaiBaseUrl } = this.simulator;
    this.traffic = await Gateway.start({
      openaiBaseUrl,
      env: { ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: `flaky=http://127.0.0.1:${this.flaky.port}/v1` },
    });
    this.#ownEnv = {
      ARCHESTRA_THREADS: '1', // one cell for each counter
      ARCHESTRA_API_PORT: `${await freePort()}`,
      ARCHESTRA_METRICS_PORT: `${await freePort()}`,
      ARCHESTRA_METRICS_LABEL_SETS: '8',
      ARCHESTRA_METRICS_RETIRE_AFTER_MS: '500',
      ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: `gone=http://127.0.0.1:${this.#refusing.port}/v1`,
    };
    await this.startOwn();
    this.prometheus = await Prometheus.start(undefined, { config: this.#configuration(folder) });
    await this.prometheus.nextScrape();
  }

  /** The second gateway, on the ports it always has. */
  async startOwn() {
    const { collector, simulator, own } = this;
    this.own = await Gateway.start({ openaiBaseUrl: simulator.baseUrl, otlpEndpoint: collector.endpoint, env: this.#ownEnv, of: own });
  }

  async stop() {
    await this.prometheus?.stop();
    await this.alertmanager?.stop();
    await this.traffic?.stop();
    await this.own?.stop();
    await this.simulator?.stop();
    await this.collector?.stop();
    await this.flaky?.down();
    this.#refusing?.release();
  }

  /**
   * One fault and what it sets off: `alerts` are names, or {alert, ...labels} with which they have to come, `breaks` brings
   * it about, and `mends` ends it. Rows of the report.
   */
  async time({ alerts, job, fault, mended, breaks, mends }) {
    const named = alerts.map((one) => (typeof one === 'string' ? { alert: one } : one));
    const wanted = named.map(({ alert, ...labels }) => ({ alert, labels: { job, ...labels } }));
    const row = { fault, mended };
    const brokenAt = performance.now();
    try {
      await breaks();
      const fired = await Promise.all(wanted.map((one) => this.#told('firing', one, brokenAt, fireWithinMs)));
      const mendedAt = performance.now();
      await mends();
      const resolved = await Promise.all(wanted.map((one) => this.#told('resolved', one, mendedAt, resolveWithinMs)));
      const times = (i) => ({ fired: fired[i] - brokenAt, resolved: resolved[i] - mendedAt });
      return wanted.map((one, i) => ({ ...row, ...one, ...times(i) }));
    } catch (error) {
      await mends().catch(() => {});
      const failed = `DOES NOT HOLD: ${error.message.split('\n').join(' ')}`;
      return wanted.map((one) => ({ ...row, ...one, failed }));
    }
  }

  async #told(status, { alert, labels }, since, withinMs) {
    const wanted = Object.entries({ alertname: alert, ...labels });
    const isIt = (one) =>
      one.status === status && one.at >= since && wanted.every(([name, value]) => one.labels[name] === value);
    const found = await until(`${alert} ${status}`, () => this.alertmanager.told.find(isIt), { withinMs, everyMs: 20 });
    return found.at;
  }

  /** Names and jobs of alerts that fired and are in no row. */
  besides(rows) {
    const isIn = ({ labels }) => rows.some((row) => row.alert === labels.alertname && row.labels.job === labels.job);
    const others = this.alertmanager.told.filter((one) => one.status === 'firing' && !isIn(one));
    return [...new Set(others.map(({ labels }) => `${labels.alertname} (${labels.job})`))];
  }

  #configuration(folder) {
    return `global:
  scrape_interval: ${everyMs}ms
  scrape_timeout: ${everyMs}ms
  evaluation_interval: ${everyMs}ms
rule_files: ['${folder}/*.yml']
alerting:
  alertmanagers:
    - static_configs:
        - targets: ['127.0.0.1:${this.alertmanager.port}']
scrape_configs:
  - job_name: ${jobs.traffic}
    static_configs:
      - targets: ['127.0.0.1:${this.traffic.metricsPort}']
  - job_name: ${jobs.own}
    static_configs:
      - targets: ['127.0.0.1:${this.own.metricsPort}']
`;
  }
}

export async function withScene(scale, act) {
  const folder = await temporaryFolder();
  const scene = new Scene();
  try {
    await scene.start(scale, folder.path);
    return await act(scene);
  } finally {
    await scene.stop();
    await folder.remove();
  }
}
