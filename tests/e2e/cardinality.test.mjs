// GET /api/metrics/cardinality says of the series of /metrics what /metrics itself says.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { exchange } from '../support/client.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { chatRequest } from '../support/openai_chat.mjs';
import { until } from '../support/until.mjs';

const places = 6;

let simulator;
let gateway;
let page;
let found;
before(async () => {
  simulator = await Simulator.start();
  gateway = await Gateway.start({
    openaiBaseUrl: simulator.baseUrl,
    env: { ARCHESTRA_METRICS_LABEL_SETS: String(places) },
  });
  const agents = [];
  for (const [name, labels] of Object.entries({ red: [{ key: 'team', value: 'say "hi"' }], blue: [] })) {
    const created = await gateway.api('POST', '/agents', { name, labels });
    assert.equal(created.status, 201);
    agents.push(created.json.id);
  }
  const call = async (agent, model, status = 200) => {
    const headers = { 'Content-Type': 'application/json', 'x-sim-tokens': '2', 'x-sim-status': String(status) };
    const body = JSON.stringify({ ...chatRequest, model });
    const answer = await exchange(gateway.apiPort, 'POST', `/v1/openai/${agent}/chat/completions`, { headers, body });
    assert.equal(answer.status, status);
  };
  for (const model of ['one', 'two']) await call(agents[0], model);
  for (const status of [500, 503]) await call(agents[0], 'one', status);
  for (const model of ['one', 'two', 'three', 'four', 'five']) await call(agents[1], model);
  await until('no call in flight', async () => (await gateway.scrape()).sum('llm_requests_in_flight') === 0);
  page = await gateway.scrape();
  found = await cardinality('?limit=100');
});
after(async () => {
  await gateway?.stop();
  await simulator?.stop();
});

async function cardinality(query = '') {
  const answer = await gateway.api('GET', `/metrics/cardinality${query}`);
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json;
}

/** What only calls change: requests to the API are counted, too. */
const isOfCalls = (name) => name.startsWith('llm_');

test('counts series as telemetry_series does', () => {
  const expected = page
    .samples('telemetry_series')
    .map(({ labels, value }) => [labels.metric, value])
    .filter(([name, value]) => value > 0 && isOfCalls(name));
  const counted = found.metrics.map(({ name, series }) => [name, series]).filter(([name]) => isOfCalls(name));
  assert.deepEqual(counted.sort(), expected.sort());
  assert.ok(expected.length > 10);
  assert.equal(found.series, found.metrics.reduce((sum, { series }) => sum + series, 0));
  const sizes = found.metrics.map(({ series }) => series);
  assert.deepEqual(sizes, sizes.toSorted((a, b) => b - a));
  assert.ok(found.metrics.some(({ name }) => name === 'process_cpu_seconds_total'), 'and what nobody keeps');
});

test('says how many places for label sets are taken', () => {
  for (const kind of ['model', 'agent', 'tool']) {
    const { used, max } = found.labelSets[kind];
    assert.equal(used, page.sum('telemetry_label_sets', { kind }), kind);
    assert.equal(max, page.sum('telemetry_label_sets_max', { kind }), kind);
  }
  assert.equal(found.labelSets.model.used, places);
  assert.equal(found.foldedCalls, page.sum('telemetry_folded_calls_total'));
  assert.ok(found.foldedCalls > 0);
});

test('names the label sets as they are on the metrics', () => {
  const key = (labels) => JSON.stringify(Object.entries(labels).sort());
  const expected = new Map();
  for (const [name, { type, samples }] of page.families) {
    if (!isOfCalls(name)) continue;
    for (const { name: own, labels } of samples) {
      if (type === 'histogram' && own !== `${name}_count`) continue;
      // What begins a family, and what its agent brought.
      const { provider, model, agent_id, agent_name, team } = labels;
      const set = key(JSON.parse(JSON.stringify({ provider, model, agent_id, agent_name, team })));
      expected.set(set, (expected.get(set) ?? 0) + 1);
    }
  }
  const sets = new Map(found.sets.map(({ labels, series }) => [key(labels), series]));
  assert.deepEqual([...sets].sort(), [...expected].sort());
  assert.ok([...sets.keys()].some((set) => set.includes('__overflow__')));
  assert.equal(found.sets[0].series, Math.max(...expected.values()), 'the largest comes first');
  const red = found.sets.find(({ labels }) => labels.agent_name === 'red' && labels.model === 'one');
  assert.equal(red.labels.team, 'say "hi"');
});

test('shows as many sets as are asked for, and changes nothing', async () => {
  assert.equal((await cardinality('?limit=1')).sets.length, 1);
  assert.deepEqual((await cardinality()).sets, found.sets.slice(0, 20));
  const after = await gateway.scrape();
  assert.equal(after.sum('llm_requests_total'), page.sum('llm_requests_total'));
});
