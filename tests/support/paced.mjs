// A gateway between the simulator, which keeps its own clock, and a collector: what each of them says of one stream.

import assert from 'node:assert/strict';

import { exchange } from './client.mjs';
import { Collector, SpanKind } from './collector.mjs';
import { Gateway, Simulator } from './gateway.mjs';
import { newTrace, only } from './scene.mjs';
import { until } from './until.mjs';

const question = 'What is the weather in Lisbon?';
const messages = [{ role: 'user', content: question }];

/** Streams in every form there is: what to post, and where. */
export const dialects = {
  'openai chat': {
    path: '/v1/openai/chat/completions',
    body: { model: 'gpt-4o', messages, stream: true },
  },
  'openai chat, usage asked for': {
    path: '/v1/openai/chat/completions',
    body: { model: 'gpt-4o', messages, stream: true, stream_options: { include_usage: true } },
  },
  'openai responses': { path: '/v1/openai/responses', body: { model: 'gpt-4o', input: question, stream: true } },
  'anthropic messages': {
    path: '/v1/anthropic/v1/messages',
    body: { model: 'claude-haiku-4-5', max_tokens: 64, messages, stream: true },
  },
  'gemini events': {
    path: '/v1/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: question }] }] },
  },
  'gemini array': {
    path: '/v1/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent',
    body: { contents: [{ role: 'user', parts: [{ text: question }] }] },
  },
};

export class PacedScene {
  gateway;
  simulator;
  collector;
  #calls = 0;

  static async start() {
    const scene = new PacedScene();
    scene.simulator = await Simulator.start();
    scene.collector = await Collector.start();
    scene.gateway = await Gateway.start({
      openaiBaseUrl: scene.simulator.baseUrl,
      otlpEndpoint: scene.collector.endpoint,
    });
    return scene;
  }

  async stop() {
    await this.gateway.stop();
    await this.simulator.stop();
    await this.collector.stop();
    assert.deepEqual(this.collector.faults, []);
  }

  /**
   * Makes one call, alone. `sim` is what the simulator is to do, by the names of its x-sim-* fields. Returns
   * {simulator, span, log, grown}: the simulator's own entry, the CLIENT span, the line, and how much a metric grew.
   */
  async call({ path, body }, sim) {
    this.#calls += 1;
    const id = `paced-${this.#calls}`;
    const { traceId, traceparent } = newTrace();
    const named = Object.entries(sim).map(([name, value]) => [`x-sim-${name}`, String(value)]);
    const before = await this.gateway.scrape();
    const response = await exchange(this.gateway.apiPort, 'POST', path, {
      headers: { 'Content-Type': 'application/json', traceparent, 'x-sim-id': id, ...Object.fromEntries(named) },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200);
    let after;
    await until('the metrics of the call', async () => {
      after = await this.gateway.scrape();
      return after.since(before, 'llm_accounting_finalized_total') === 1;
    });
    const log = await until('its log line', () => this.gateway.linesOf(traceId)[0]);
    const clients = () => this.collector.spansOf(traceId).filter(({ kind }) => kind === SpanKind.CLIENT);
    await until('its span', () => clients().length > 0);
    const entry = await until('the end of the simulator', async () =>
      (await this.simulator.calls()).find((call) => call.id === id && call.ended_ms !== null),
    );
    return {
      simulator: entry,
      span: only(clients(), 'CLIENT spans'),
      log,
      grown: (name, labels) => after.since(before, name, labels),
    };
  }
}
