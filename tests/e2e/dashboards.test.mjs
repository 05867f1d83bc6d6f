// Every query of the dashboards and of the rules, asked of a real Prometheus that scrapes the gateway while the demo's
// traffic passes it: each has an answer, names what there is, and stands beside a unit that fits.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { documented } from '../../deploy/grafana/platform.mjs';
import { rules } from '../../deploy/prometheus/source.mjs';
import { Collector } from '../support/collector.mjs';
import { ExpressionCheck, unitFits } from '../support/expression_check.mjs';
import { Gateway, Simulator, adminToken } from '../support/gateway.mjs';
import { binary } from '../support/program.mjs';
import { Prometheus, prometheusMissing } from '../support/prometheus.mjs';
import { comparedIn, parse } from '../support/promql.mjs';
import { until } from '../support/until.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const trafficSeconds = 15;
const callsPerSecond = 40;

/** The labels of the demo's agents, as metrics have them. */
const agentLabels = ['team', 'environment', 'cost_center'];

/** What Grafana puts in the place of its variables; every choice is All, and the label that of a team. */
const values = { job: '.*', instance: '.*', provider: '.*', model: '.*', agent: '.*', label_key: 'team', label_value: '.*' };
const ofTime = { __rate_interval: '10s', __range: '60s' };

/** Vectors of alerts that have no series while all is well. */
const mayBeEmpty = new Map([
  ['absent(', 'absent() gives something only where there is nothing'],
  ['outcome="internal_error"', 'no call may ever end so; the proof of the alerts makes one'],
]);

const corePanels = ['bargauge', 'heatmap', 'stat', 'table', 'timeseries'];

const folder = join(root, 'deploy/grafana/dashboards');
const dashboards = await Promise.all(
  (await readdir(folder)).map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))),
);
const { recording, alerts } = rules();
const recorded = recording.flatMap((group) => group.rules);
const check = new ExpressionCheck({ agentLabels, recorded });

const panelsOf = ({ panels }) => panels.flatMap((panel) => (panel.type === 'row' ? panel.panels : [panel]));
const isPrometheus = ({ type }) => type === 'prometheus';

/** A query as Prometheus gets it. */
function filledIn(text) {
  return text.replace(/\$\{?(\w+)\}?/g, (whole, name) => {
    const value = values[name] ?? ofTime[name];
    assert.ok(value, `${whole} in ${text} is no variable`);
    return value;
  });
}

const queries = dashboards.flatMap((dashboard) =>
  panelsOf(dashboard).flatMap((panel) =>
    panel.targets
      .filter(({ datasource }) => isPrometheus(datasource))
      .map((target, index) => ({
        where: `${dashboard.title} / ${panel.title}`,
        type: panel.type,
        expr: filledIn(target.expr),
        target,
        unit: unitOfTarget(panel, index),
      })),
  ),
);

/** The unit that the values of a query are shown in. */
function unitOfTarget({ type, options, fieldConfig, transformations }, index) {
  if (type === 'heatmap') return { cells: options.yAxis.unit };
  if (type !== 'table') return { values: fieldConfig.defaults.unit };
  const { renameByName } = transformations.find(({ id }) => id === 'organize').options;
  const column = renameByName[`Value #${String.fromCharCode(65 + index)}`] ?? renameByName.Value;
  const own = fieldConfig.overrides.find(({ matcher }) => matcher.options === column);
  return { values: own?.properties.find(({ id }) => id === 'unit').value ?? 'none' };
}

const isNumber = ([, value]) => value !== 'NaN';
const samplesOf = ({ value, values: all }) => all ?? [value];

describe('dashboards', () => {
  test('are made of what there is: core panels, data sources by variable, each place taken once', () => {
    for (const dashboard of dashboards) {
      const names = new Set(dashboard.templating.list.map(({ name }) => name));
      const panels = panelsOf(dashboard);
      const ids = dashboard.panels.flatMap(({ id, panels: inRow = [] }) => [id, ...inRow.map((one) => one.id)]);
      assert.ok(panels.length > 10, dashboard.title);
      assert.equal(new Set(ids).size, ids.length, 'ids of panels');
      const taken = new Set();
      for (const { title, type, description, datasource, targets, gridPos: { x, y, w, h } } of panels) {
        const what = `${dashboard.title} / ${title}`;
        assert.ok(corePanels.includes(type), `${what}: ${type}`);
        assert.ok(description.length > 5, `${what} has no description`);
        for (const { uid } of [datasource, ...targets.map((target) => target.datasource)])
          assert.ok(/^\$\{\w+\}$/.test(uid) && names.has(uid.slice(2, -1)), `${what}: data source ${uid}`);
        assert.ok(x >= 0 && x + w <= 24, `${what} is too wide`);
        for (let row = y; row < y + h; row += 1)
          for (let column = x; column < x + w; column += 1) {
            assert.ok(!taken.has(`${row}/${column}`), `${what} stands on another panel`);
            taken.add(`${row}/${column}`);
          }
      }
      for (const [, name] of JSON.stringify(panels).matchAll(/\$\{?(\w+)\}?/g))
        assert.ok(names.has(name) || name in ofTime, `${dashboard.title} has no variable ${name}`);
    }
  });

  test('name metrics and labels of the catalogue alone, in units that fit', () => {
    assert.ok(queries.length > 100);
    for (const { where, expr, unit, target } of queries) {
      assert.deepEqual(check.complaints(expr), [], where);
      if (unit.values) assert.ok(unitFits(unit.values, check.unitOf(expr)), `${where}: ${unit.values} for ${expr}`);
      else {
        const quantile = `histogram_quantile(0.5, ${expr})`;
        assert.ok(unitFits(unit.cells, check.unitOf(quantile)), `${where}: cells in ${unit.cells} of ${expr}`);
        assert.equal(target.format, 'heatmap', where);
      }
    }
  });

  test('ask for exemplars where there are histograms', () => {
    const shown = queries.filter(({ type, target }) => ['timeseries', 'heatmap'].includes(type) && target.expr.includes('_bucket'));
    assert.ok(shown.length > 15);
    for (const { where, target } of shown) assert.equal(target.exemplar, true, where);
  });

  test('have the documented chart examples, word for word', () => {
    const all = new Set(dashboards.flatMap(panelsOf).flatMap(({ targets }) => targets.map(({ expr }) => expr)));
    assert.equal(documented.length, 10);
    for (const [title, , expr] of documented) assert.ok(all.has(expr), title);
  });

  test('a query that is wrong is found', () => {
    const one = (expr) => check.complaints(expr).join();
    assert.match(one('rate(llm_request_total[5m])'), /no metric llm_request_total/);
    assert.match(one('sum by (model) (llm_requests_in_flight)'), /no label model/);
    assert.match(one('llm_tokens_total{kind="input"}'), /no label kind/);
    assert.match(one('sum by (teams) (llm_tokens_total)'), /no label teams/);
    assert.equal(one('sum by (team) (rate(llm_tokens_total{type="input"}[5m]))'), '');
    const fits = (unit, expr) => unitFits(unit, check.unitOf(expr));
    assert.ok(!fits('bytes', 'process_start_time_seconds'));
    assert.ok(!fits('s', 'rate(llm_gateway_seconds_count[5m])'));
    assert.ok(!fits('percentunit', 'sum(rate(llm_tokens_total[5m]))'));
    assert.ok(!fits('bytes', 'process_resident_memory_bytes / 1024'));
    assert.ok(fits('s', 'rate(llm_gateway_seconds_sum[5m]) / rate(llm_gateway_seconds_count[5m])'));
    assert.throws(() => check.unitOf('process_resident_memory_bytes + process_start_time_seconds'), /unlike units/);
  });
});

describe('dashboards and rules before a gateway at work', { skip: prometheusMissing }, () => {
  let collector;
  let simulator;
  let gateway;
  let prometheus;
  let period;

  before(async () => {
    collector = await Collector.start();
    simulator = await Simulator.start();
    gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl, otlpEndpoint: collector.endpoint });
    prometheus = await Prometheus.start(gateway.metricsPort, { config: await config(gateway.metricsPort) });
    await prometheus.nextScrape();
    const start = Date.now() / 1000;
    await traffic(gateway);
    await until('no call in flight', async () => (await gateway.scrape()).sum('llm_requests_in_flight') === 0);
    await prometheus.nextScrape();
    await prometheus.nextScrape();
    period = { start, end: Date.now() / 1000, step: 1 };
  });
  after(async () => {
    await prometheus?.stop();
    await gateway?.stop();
    await simulator?.stop();
    await collector?.stop();
  });

  test('every panel has something to show', async () => {
    const empty = [];
    for (const { where, expr, target } of queries) {
      const found = target.range ? await prometheus.range(expr, period) : await prometheus.query(expr);
      if (!found.some((series) => samplesOf(series).some(isNumber))) empty.push(`${where}: ${expr}`);
      const legend = [...filledIn(target.legendFormat).matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
      for (const label of legend)
        assert.ok(found.some(({ metric }) => label in metric), `${where}: no {{${label}}} in what ${expr} gives`);
    }
    assert.deepEqual(empty, []);
  });

  test('every variable has values, and every mark its time', async () => {
    for (const { title, templating, annotations } of dashboards) {
      for (const variable of templating.list.filter(({ type }) => type === 'query'))
        assert.ok((await valuesOf(variable)).length > 0, `${title} / ${variable.name}`);
      for (const { expr } of annotations.list) {
        assert.deepEqual(check.complaints(filledIn(expr)), []);
        assert.ok((await prometheus.query(filledIn(expr))).length > 0, expr);
      }
    }
  });

  /** What Grafana offers for a variable. */
  async function valuesOf({ name, query, regex }) {
    const [, verb, inner] = /^(label_values|label_names)\((.*)\)$/.exec(query.query);
    if (verb === 'label_names') {
      const names = await prometheus.get('labels', { 'match[]': `{__name__=~".*${inner}.*"}` });
      const kept = names.filter((label) => new RegExp(regex.slice(1, -1)).test(label));
      assert.deepEqual(kept.sort(), ['agent_name', ...agentLabels].sort(), name);
      return kept;
    }
    const [, selector, label] = /^(.*), (\S+)$/.exec(filledIn(inner));
    assert.deepEqual(check.complaints(`sum by (${label}) (${selector})`), [], name);
    return prometheus.get(`label/${label}/values`, { 'match[]': selector });
  }

  test('every rule has something to record, every alert something to look at', async () => {
    for (const { record, expr } of recorded) {
      assert.deepEqual(check.complaints(expr), [], record);
      const found = await prometheus.range(record, period);
      assert.ok(found.some((series) => samplesOf(series).some(isNumber)), record);
    }
    for (const { alert, expr } of alerts.flatMap((group) => group.rules)) {
      assert.deepEqual(check.complaints(expr), [], alert);
      await prometheus.query(expr);
      const compared = comparedIn(parse(expr));
      assert.ok(compared.length > 0, alert);
      for (const vector of compared) {
        const reason = [...mayBeEmpty].find(([part]) => vector.includes(part));
        // A day that has not passed yet has nothing before it.
        const found = await prometheus.range(vector.replaceAll(/ offset \d+m/g, ''), period);
        if (!reason) assert.ok(found.some((series) => samplesOf(series).some(isNumber)), `${alert}: ${vector}`);
      }
    }
    const { groups } = await prometheus.get('rules');
    for (const { name, lastError, health } of groups.flatMap((group) => group.rules))
      assert.equal(health, 'ok', `${name}: ${lastError}`);
  });

  test('every attribute that the traces panels ask for is on a span', () => {
    const asked = dashboards.flatMap(panelsOf).flatMap(({ targets }) => targets).filter(({ datasource }) => !isPrometheus(datasource));
    assert.equal(asked.length, 4);
    const known = new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)));
    const names = asked.flatMap(({ query = '', tags = '' }) => [
      ...[...query.matchAll(/span\.([\w.]+)/g)].map(([, name]) => name),
      ...tags.split(' ').filter((tag) => tag && tag !== 'error=true').map((tag) => tag.split('=')[0]),
    ]);
    assert.ok(names.length > 5);
    for (const name of names) assert.ok(known.has(name), name);
    assert.ok(collector.spans.some(({ attributes }) => attributes['route.category'] === 'llm-proxy'));
  });

  test('the rules call failures what the clients suffered from, and no more', async () => {
    // The demo's mix: what a provider refuses with 400 or 429 is for the client to mend, and so is to leave.
    const total = (outcome) => `sum(llm_requests_total{outcome=~"${outcome}"})`;
    const refused = 'sum(llm_request_duration_seconds_count{status_code=~"4.."})';
    const failed = await prometheus.value(`${total('upstream_truncated|upstream_error')} - ${refused}`);
    const judged = failed + (await prometheus.value(total('completed')));
    const ratio = await prometheus.value('archestra:availability_errors:ratio_rate5m');
    assert.ok(failed > 0 && (await prometheus.value(refused)) > 0 && (await prometheus.value(total('client_cancelled'))) > 0);
    // What a new series begins with is nothing that rate() sees.
    const share = failed / judged;
    assert.ok(ratio > share * 0.5 && ratio < share * 1.25, `${ratio}, and ${failed} of ${judged}`);
  });
});

/** The repository's own configuration, for this gateway and in a hurry. */
async function config(metricsPort) {
  const text = await readFile(join(root, 'deploy/prometheus/prometheus.yml'), 'utf8');
  return text
    .replace('localhost:9050', `127.0.0.1:${metricsPort}`)
    .replaceAll(/_interval: 15s/g, '_interval: 1s')
    .replace(/^ {2}- rules\/\*\.yml$/m, `  - ${root}deploy/prometheus/rules/*.yml`)
    .replace(/^alerting:\n(?: .*\n)*/m, '');
}

/** The demo's traffic generator, to its end. */
async function traffic({ apiPort, metricsPort }) {
  const options = {
    url: `http://127.0.0.1:${apiPort}`,
    'metrics-url': `http://127.0.0.1:${metricsPort}/metrics`,
    seconds: trafficSeconds,
    rate: callsPerSecond,
    dialects: 'openai,anthropic,gemini',
    'admin-token': adminToken,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const child = spawn(join(dirname(binary), 'archestra-traffic'), args, { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, 'the traffic generator');
}
