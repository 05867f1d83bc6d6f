// Labels change, agents come and go while calls run, and a real Prometheus still counts every call: sums are the calls
// made at every moment, no series is reset, and increase() over the change is right.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { chatRequest, completion } from '../support/openai_chat.mjs';
import { Prometheus, prometheusMissing } from '../support/prometheus.mjs';
import { Scene } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

const everyMs = 500;
const workers = 4;
const requests = 'llm_requests_total';

describe('labels that change under load', { skip: prometheusMissing }, () => {
  let scene;
  let prometheus;
  before(async () => {
    scene = await Scene.start();
    scene.upstream.on('load', (exchange) => exchange.json200(completion));
    prometheus = await Prometheus.start(scene.gateway.metricsPort, { everyMs });
  });
  after(async () => {
    await prometheus?.stop();
    await scene.stop();
  });

  test('lose no call and repeat none', { timeout: 120_000 }, async () => {
    const { gateway } = scene;
    const api = async (method, path, fields, status) => {
      const answer = await gateway.api(method, path, fields);
      assert.equal(answer.status, status, JSON.stringify(answer.json));
      return answer.json;
    };
    const create = (name, labels) => api('POST', '/agents', { name, labels }, 201);
    const relabel = (agent, labels) => api('PUT', `/agents/${agent.id}`, { labels }, 200);

    const steady = await create('Steady', [{ key: 'team', value: 'red' }]);
    const moving = await create('Moving', [{ key: 'team', value: 'red' }]);
    const load = new Load(scene, [steady, moving]);

    // Both have series before the load comes, as they have in the middle of any day.
    for (const agent of load.agents) await load.call(agent);
    await prometheus.nextScrape();
    load.begin();
    await prometheus.nextScrape();
    await prometheus.nextScrape();
    await relabel(moving, [{ key: 'team', value: 'blue' }]); // changed
    await load.settle();
    await prometheus.nextScrape();
    assert.equal(await prometheus.value(`sum(${requests})`), load.answered);

    load.begin();
    await relabel(moving, [{ key: 'team', value: 'blue' }, { key: 'cost-center', value: '42' }]); // added
    await prometheus.nextScrape();
    const passing = await create('Passing', []);
    load.agents.push(passing);
    await prometheus.nextScrape();
    await relabel(moving, []); // removed
    await prometheus.nextScrape();
    load.agents.pop();
    await load.settle();
    await api('DELETE', `/agents/${passing.id}`, undefined, 204);
    load.begin();
    await prometheus.nextScrape();
    await load.settle();
    await prometheus.nextScrape();
    await prometheus.nextScrape();

    assert.equal(await prometheus.value(`sum(${requests})`), load.answered);
    const series = await prometheus.query(`${requests}[5m]`);
    const values = series.map(({ values: samples }) => samples.map(([, value]) => Number(value)));
    for (const samples of values)
      for (let i = 1; i < samples.length; i += 1) assert.ok(samples[i] >= samples[i - 1], `a reset: ${samples}`);

    // What increase() cannot see is what a series had already when it was first scraped: calls that ended before that.
    const firsts = values.reduce((sum, samples) => sum + samples[0], 0);
    const seen = values.reduce((sum, samples) => sum + samples.at(-1) - samples[0], 0);
    assert.equal(seen + firsts, load.answered);
    // Every call under the labels before, and those under new ones from the first scrape on.
    assert.ok(firsts < load.answered / 3, `${firsts} of ${load.answered} calls ended before their series was scraped`);
    const increase = await prometheus.value(`sum(increase(${requests}[5m]))`);
    assert.ok(increase >= seen * 0.95 && increase <= load.answered * 1.15, `${increase} for ${seen} of ${load.answered}`);

    const teams = await prometheus.query(`sum by (team, cost_center) (${requests}{agent_name="Moving"})`);
    const labelSets = teams.map(({ metric }) => `${metric.team ?? ''}/${metric.cost_center ?? ''}`);
    assert.deepEqual(labelSets.sort(), ['/', 'blue/', 'blue/42', 'red/']);
    const byAgent = await prometheus.value(`sum(${requests}{agent_id="${moving.id}"})`);
    assert.equal(byAgent, load.answeredFor.get(moving.id), 'the sum over an agent is continuous');
  });
});

/** Calls of several workers, one after the other each, for the agents in turn. */
class Load {
  answered = 0;
  answeredFor = new Map();
  #scene;
  #running = [];
  #stopping = false;

  constructor(scene, agents) {
    this.#scene = scene;
    this.agents = [...agents];
  }

  begin() {
    this.#stopping = false;
    this.#running = Array.from({ length: workers }, (_, worker) => this.#work(worker));
  }

  /** Ends the load, and waits until the gateway has recorded all of it: then the sum is what was answered. */
  async settle() {
    this.#stopping = true;
    await Promise.all(this.#running);
    let metrics;
    await until('no call in flight', async () => {
      metrics = await this.#scene.gateway.scrape();
      return metrics.sum('llm_requests_in_flight') === 0;
    });
    assert.equal(metrics.sum(requests), this.answered);
    assert.equal(metrics.sum('llm_request_duration_seconds_count'), this.answered);
  }

  async #work(worker) {
    for (let turn = worker; !this.#stopping; turn += 1) {
      await this.call(this.agents[turn % this.agents.length]);
      await sleep(5);
    }
  }

  async call({ id }) {
    const path = `/v1/openai/${id}/chat/completions`;
    const response = await this.#scene.post({ 'x-case': 'load' }, chatRequest, { path });
    assert.equal(response.status, 200);
    this.answered += 1;
    this.answeredFor.set(id, (this.answeredFor.get(id) ?? 0) + 1);
  }
}
