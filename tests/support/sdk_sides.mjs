// The two sides of a comparison: an SDK straight at a provider, and the same SDK at the gateway in front of it.

import assert from 'node:assert/strict';

import { Scene, newTrace } from './scene.mjs';
import { until } from './until.mjs';

const completed = { outcome: 'completed', status: 200 };

/** A provider and a gateway in front of it. */
export class Stage {
  standIn;
  scene;
  /** Of an agent beside the default one. */
  agentId;
  #StandIn;

  constructor(StandIn) {
    this.#StandIn = StandIn;
  }

  /** Whether the provider knows what a scenario needs. */
  knows(sdk, scenario) {
    return !this.#StandIn.lacks(sdk.dialect, scenario);
  }

  async start() {
    this.standIn = await this.#StandIn.start();
    this.scene = await Scene.start({ openaiBaseUrl: `${this.standIn.origin}/v1` });
    const { status, json } = await this.scene.gateway.api('POST', '/agents', { name: 'Agent of the SDK' });
    assert.equal(status, 201);
    this.agentId = json.id;
  }

  async stop() {
    await this.scene.stop();
    await this.standIn.stop();
  }

  directUrl(sdk) {
    return `${this.standIn.origin}${sdk.directPath}`;
  }

  gatewayUrl(sdk, agentId) {
    const agentPart = agentId === undefined ? '' : `/${agentId}`;
    return `http://127.0.0.1:${this.scene.gateway.apiPort}/v1/${sdk.dialect}${agentPart}${sdk.gatewayPath}`;
  }

  /** What act(client) answers, which makes `count` calls through the gateway, and the log lines of these. */
  async logged(sdk, behaviour, count, act) {
    const { traceId, traceparent } = newTrace();
    const headers = { ...this.standIn.headers(behaviour), traceparent };
    const result = await act(sdk.connect({ baseUrl: this.gatewayUrl(sdk), headers }));
    const { gateway } = this.scene;
    await until(`${count} log lines`, () => gateway.linesOf(traceId).length >= count);
    const lines = gateway.linesOf(traceId);
    assert.equal(lines.length, count, 'log lines');
    return { result, lines };
  }
}

/** What both sides have in common: `ends` collects what the SDK made of each call. */
class Side {
  ends = [];
  stage;
  sdk;

  constructor(stage, sdk) {
    this.stage = stage;
    this.sdk = sdk;
  }

  /**
   * Makes one call by a word of the SDK with `args`. `expected` says how it ends: `outcome` and `status` as a gateway
   * records them, whether it `throws` (true, false, or undefined where it may), and whether the gateway `counts` its
   * tokens. Answers what the word answered, or {error}.
   */
  async call(word, behaviour, args = {}, expected = {}) {
    const all = { ...completed, throws: false, ...expected };
    const { result, error, headers } = await this.make(word, behaviour, args, all);
    if (error !== undefined && all.throws === false) throw error;
    assert.ok(error !== undefined || all.throws !== true, 'it threw nothing');
    if (error !== undefined) this.ends.push(this.sdk.errorOf(error));
    else this.ends.push(all.throws === undefined ? 'ended' : result.parsed);
    return { ...result, error, headers };
  }

  /** Uses the word: {result} or {error}. */
  attempt(word, baseUrl, headers, args) {
    const client = this.sdk.connect({ baseUrl, headers });
    return this.sdk.words[word](client, args).then(
      (result) => ({ result, headers }),
      (error) => ({ error, headers }),
    );
  }
}

export class DirectSide extends Side {
  make(word, behaviour, args) {
    return this.attempt(word, this.stage.directUrl(this.sdk), this.stage.standIn.headers(behaviour), args);
  }
}

export class GatewaySide extends Side {
  /** `agent`: the id in the base URL, or undefined; `tries`: how many calls reach the provider. */
  async make(word, behaviour, args, { outcome, status, agent, tries = 1, throws, counts = true }) {
    const { scene, standIn } = this.stage;
    const agentId = agent === 'own' ? this.stage.agentId : agent;
    const url = this.stage.gatewayUrl(this.sdk, agentId);
    const { result: end, record } = await scene.observe(
      (headers) => this.attempt(word, url, { ...headers, ...standIn.headers(behaviour) }, args),
      { tries },
    );
    if (end.error !== undefined && throws === false) throw end.error;
    assert.equal(record.outcome, outcome);
    if (tries > 0) assert.equal(record.tryStatus, `${status}`);
    assert.equal(record.requests.labels.provider, this.sdk.dialect);
    if (tries > 0) assert.equal(record.requests.labels.agent_id === this.stage.agentId, agent === 'own');
    if (outcome === 'completed') {
      const told = await standIn.told(end.headers);
      const { usage = told } = end.result;
      if (told !== undefined) assert.deepEqual(usage, told, 'what the SDK made of the usage');
      assertTokens(record, counts ? usage : undefined);
    }
    return end;
  }
}

/** Metric, log line and span tell these tokens; none, where there are none to tell. */
function assertTokens(record, usage) {
  const tokens = usage ?? { input: 0, output: 0 };
  assert.deepEqual(record.tokens, tokens, 'tokens in the metric');
  assert.deepEqual(
    { input: record.log.input_tokens ?? 0, output: record.log.output_tokens ?? 0 },
    tokens,
    'tokens in the log line',
  );
  const { attributes } = record.client;
  assert.deepEqual(
    { input: attributes['gen_ai.usage.input_tokens'] ?? 0, output: attributes['gen_ai.usage.output_tokens'] ?? 0 },
    tokens,
    'tokens in the span',
  );
}

/** Waits until the provider noticed that its client had left, where it can tell. */
export async function assertLeft(standIn, headers) {
  if (standIn.seen === undefined) return;
  const call = await until('the end of the call at the provider', async () => {
    const seen = await standIn.seen(headers);
    return seen?.ended_ms != null && seen;
  });
  assert.equal(call.client_closed, true);
}
