// What happens to a gateway while calls run: agents change and go, policies come and go, it is told to reload, and its
// collector fails.

import { setTimeout as sleep } from 'node:timers/promises';

import { block } from '../policies.mjs';
import { Chance } from './chance.mjs';
import { tools } from './plans.mjs';

const agentsAtATime = 4;
const deletionsMax = 6; // for series of an agent that is gone stay for an hour
const collectorFails = ['refuses', 'resets', 'says nothing', 'answers 503', 'takes a part'];

export class Disturbances {
  /** Ids of the agents there are now. */
  agents = [];
  counts = {
    'changes of labels': 0,
    'agents deleted': 0,
    'policies put in force': 0,
    'policies taken back': 0,
    reloads: 0,
    'times that the collector failed': 0,
  };
  #stage;
  #checks;
  #chance;
  #policy;
  #stopping = false;
  #done = [];

  constructor({ stage, checks, seed }) {
    this.#stage = stage;
    this.#checks = checks;
    this.#chance = new Chance(seed, -2);
  }

  /** Makes the first agents; nothing is disturbed yet. */
  async prepare() {
    while (this.agents.length < agentsAtATime) await this.#makeAgent();
  }

  /** From here on things change, and the collector fails. */
  start() {
    this.#done.push(this.#changeThings());
    this.failToCollect();
  }

  /** The collector alone fails. */
  failToCollect() {
    this.#done.push(this.#failToCollect());
  }

  async stop() {
    this.#stopping = true;
    await Promise.all(this.#done);
  }

  async #changeThings() {
    while (!this.#stopping) {
      await this.#chance.weighted([
        [5, () => this.#changeLabels()],
        [0.6, () => this.#replaceAgent()],
        [3, () => this.#changePolicy()],
        [1, () => this.#reload()],
      ])();
      await sleep(this.#chance.between(50, 400));
    }
  }

  async #failToCollect() {
    while (!this.#stopping) {
      await sleep(this.#chance.between(200, 2500));
      await this.#stage.collector.mode(this.#chance.pick(collectorFails));
      this.counts['times that the collector failed'] += 1;
      await sleep(this.#chance.between(100, 2500));
      await this.#stage.collector.mode('takes');
    }
  }

  async #api(status, ...request) {
    const answer = await this.#stage.gateway.api(...request);
    this.#checks.equal(
      'the platform API answers as it should',
      answer.status,
      status,
      () => `${request[0]} ${request[1]}`,
    );
    return answer.json;
  }

  async #makeAgent() {
    const made = await this.#api(201, 'POST', '/agents', {
      name: `Agent ${this.#chance.below(1000)}`,
      labels: this.#labels(),
    });
    this.agents.push(made.id);
  }

  #labels() {
    return [{ key: 'phase', value: this.#chance.pick(['one', 'two']) }];
  }

  async #changeLabels() {
    await this.#api(200, 'PUT', `/agents/${this.#chance.pick(this.agents)}`, { labels: this.#labels() });
    this.counts['changes of labels'] += 1;
  }

  async #replaceAgent() {
    if (this.counts['agents deleted'] >= deletionsMax) return;
    const [id] = this.agents.splice(this.#chance.below(this.agents.length), 1);
    await this.#api(204, 'DELETE', `/agents/${id}`);
    this.counts['agents deleted'] += 1;
    await this.#makeAgent();
  }

  async #changePolicy() {
    if (this.#policy) {
      await this.#api(204, 'DELETE', `/tool-invocation-policies/${this.#policy}`);
      this.#policy = undefined;
      this.counts['policies taken back'] += 1;
      return;
    }
    this.#policy = (
      await this.#api(201, 'POST', '/tool-invocation-policies', { agentId: null, ...block(tools[0]) })
    ).id;
    this.counts['policies put in force'] += 1;
  }

  #reload() {
    this.#stage.gateway.program.kill('SIGHUP');
    this.counts.reloads += 1;
  }
}
