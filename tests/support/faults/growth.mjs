// Scrapes all along, and looks whether anything that may only grow went back: each series, and the sum over all series of
// an agent, whose labels change. Reads pages of many thousand lines, so it takes no more apart than it has to.

import { setTimeout as sleep } from 'node:timers/promises';

import { exchange } from '../client.mjs';

const ofAgents =
  /^(llm_requests_total|llm_tokens_total|llm_request_duration_seconds_count|llm_accounting_finalized_total)\{.*agent_id="([^"]*)"/;

export class Growth {
  pages = 0;
  linesMost = 0;
  #checks;
  #port;
  #before = { series: new Map(), agents: new Map() };
  #stopping = false;
  #done;

  /** `port` is a function, `everyMs` the pause between two scrapes. */
  constructor(checks, port, everyMs) {
    this.#checks = checks;
    this.#port = port;
    this.#done = this.#work(everyMs);
  }

  /** Looks once more, and ends. */
  async stop() {
    this.#stopping = true;
    await this.#done;
    await this.look();
  }

  async look() {
    const { body } = await exchange(this.#port(), 'GET', '/metrics');
    const now = this.#read(body.toString('utf8'));
    this.pages += 1;
    this.linesMost = Math.max(this.linesMost, now.series.size);
    this.#compare('no series went back', this.#before.series, now.series);
    this.#compare('no sum over an agent went back', this.#before.agents, now.agents);
    this.#before = now;
  }

  async #work(everyMs) {
    while (!this.#stopping) {
      await this.look();
      await sleep(everyMs);
    }
  }

  #compare(what, before, now) {
    for (const [name, value] of before)
      this.#checks.that(what, now.get(name) >= value, () => `${name} was ${value} and is ${now.get(name)}`);
  }

  #read(page) {
    const series = new Map();
    const agents = new Map();
    let grows = false;
    for (const line of page.split('\n')) {
      if (line.startsWith('# TYPE ')) grows = !line.endsWith(' gauge');
      if (!grows || line.startsWith('#') || line === '' || line.includes('quantile="')) continue;
      const space = line.lastIndexOf(' ');
      const name = line.slice(0, space);
      const value = Number(line.slice(space + 1));
      series.set(name, value);
      const own = ofAgents.exec(name);
      if (own) agents.set(`${own[1]} of ${own[2]}`, (agents.get(`${own[1]} of ${own[2]}`) ?? 0) + value);
    }
    return { series, agents };
  }
}
