// A gateway that looks as one in use: labelled agents with policies, traffic in waves through three dialects, applications
// with sessions, users and tools, answers that fail, stall and are blocked. It goes on until stop().

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { exchange } from './client.mjs';
import { Collector } from './collector.mjs';
import { Gateway, Simulator, adminToken } from './gateway.mjs';
import { Program, binary } from './program.mjs';
import { until } from './until.mjs';

const demoAgents = 3; // what archestra-traffic makes
/** Calls a second of the default agent beside the steady ones, one after the other. */
const waves = [2, 10, 22, 6, 14];
const steadyRate = 12;
const callEveryMs = 400;

const agents = {
  'Invoice Assistant': { team: 'finance', environment: 'production', 'cost-center': '4020' },
  'Release Notes': { team: 'platform', environment: 'staging', repository: 'archestra/docs' },
  'Sales Copilot': { team: 'sales', environment: 'production', region: 'emea', 'cost-center': '3180' },
};

const tools = {
  send_email: { to: { type: 'array' }, subject: { type: 'string' }, body: { type: 'string' } },
  query_database: { sql: { type: 'string' } },
  read_ticket: { id: { type: 'integer' } },
  refund_payment: { invoice: { type: 'string' }, amount: { type: 'number' } },
  search_web: { query: { type: 'string' } },
};

const policies = [
  { tool: 'refund_payment', action: 'block_always', reason: 'Refunds are made by people.' },
  {
    tool: 'send_email',
    conditions: [{ key: 'to[*].address', operator: 'notContains', value: '@example.com' }],
    action: 'block_always',
    mode: 'observe',
    reason: 'Mail goes to example.com only.',
  },
  { tool: 'query_database', action: 'block_when_context_is_untrusted', reason: 'Not after reading what strangers wrote.' },
];

const trust = [
  {
    tool: 'read_ticket',
    conditions: [{ key: 'author', operator: 'endsWith', value: '@example.com' }],
    action: 'mark_as_trusted',
    description: 'Tickets of colleagues',
  },
  {
    tool: 'search_web',
    conditions: [{ key: 'results[*].url', operator: 'regex', value: '^https?://[^/]*\\.example\\.net/' }],
    action: 'block_always',
    description: 'Pages of a competitor',
  },
];

/** What applications ask for, and how the provider answers: fields of x-sim-*. */
const kinds = [
  { sim: { tokens: 60, 'ttft-ms': 180, 'token-interval-ms': 12 }, stream: true },
  { sim: { tokens: 24, 'latency-ms': 320, 'latency-jitter-ms': 300 }, tool: 'read_ticket' },
  { sim: { tokens: 90, 'ttft-ms': 240, 'token-interval-ms': 9, 'stall-ms': 2600, 'stall-after': 30 }, stream: true },
  { sim: { 'latency-ms': 210, 'tool-calls': 1 }, tool: 'refund_payment' },
  { sim: { tokens: 40, 'ttft-ms': 90, 'token-interval-ms': 7 }, stream: true },
  { sim: { 'latency-ms': 260, 'tool-calls': 1 }, tool: 'send_email' },
  { sim: { tokens: 70, 'ttft-ms': 300, 'token-interval-ms': 16, 'cut-after': 25 }, stream: true },
  { sim: { 'latency-ms': 150, 'tool-calls': 1 }, tool: 'query_database' },
  { sim: { status: 429, 'latency-ms': 40 } },
  { sim: { close: 1 } },
];

export class Stage {
  gateway;
  #simulator;
  #collector;
  #programs = [];
  #agentIds = [];
  #calls = new Set();
  #isOver = false;
  #loops = [];

  static async start() {
    const stage = new Stage();
    stage.#collector = await Collector.start();
    stage.#simulator = await Simulator.start({ args: ['--journal', '0'] });
    stage.gateway = await Gateway.start({
      openaiBaseUrl: stage.#simulator.baseUrl,
      otlpEndpoint: stage.#collector.endpoint,
      env: { ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: `groq=${stage.#simulator.baseUrl}`, ARCHESTRA_RETRIES: '2' },
    });
    for (const [name, labels] of Object.entries(agents)) await stage.#makeAgent(name, labels);
    const [finance] = stage.#agentIds;
    for (const fields of policies) await stage.make('/tool-invocation-policies', { agentId: fields.mode ? null : finance, ...fields });
    for (const fields of trust) await stage.make('/trusted-data-policies', { agentId: null, ...fields });
    stage.#traffic(steadyRate, adminToken);
    stage.#loops.push(stage.#makeWaves(), stage.#makeCalls());
    await until('the agents of the traffic', async () => {
      const { json } = await stage.gateway.api('GET', '/agents?limit=100');
      return json.data.length >= Object.keys(agents).length + demoAgents + 1;
    });
    return stage;
  }

  async make(path, fields) {
    const { status, json } = await this.gateway.api('POST', path, fields);
    assert.equal(status, 201, JSON.stringify(json));
    return json;
  }

  async #makeAgent(name, labels) {
    const list = Object.entries(labels).map(([key, value]) => ({ key, value }));
    const { id } = await this.make('/agents', { name, labels: list });
    this.#agentIds.push(id);
  }

  /** Calls of archestra-traffic; with a token, of labelled agents. */
  #traffic(rate, token) {
    const url = `http://127.0.0.1:${this.gateway.apiPort}`;
    const args = ['--url', url, '--rate', String(rate), '--seed', String(rate), '--dialects', 'openai,anthropic,gemini'];
    const env = token ? { ARCHESTRA_ADMIN_TOKEN: token } : {};
    const program = new Program(args, { file: join(dirname(binary), 'archestra-traffic'), env });
    this.#programs.push(program);
    return program;
  }

  async #makeWaves() {
    for (let i = 0; !this.#isOver; i += 1) {
      const wave = this.#traffic(waves[i % waves.length]);
      for (let second = 0; second < 40 && !this.#isOver; second += 1) await sleep(1000);
      wave.kill('SIGTERM');
      await wave.ended;
    }
  }

  async #makeCalls() {
    for (let i = 0; !this.#isOver; i += 1) {
      const call = this.#call(i).catch(() => {}); // those that fail are among what there is to see
      this.#calls.add(call);
      void call.finally(() => this.#calls.delete(call));
      await sleep(callEveryMs);
    }
  }

  #call(i) {
    const { sim, stream = false, tool } = kinds[i % kinds.length];
    const declared = Object.entries(tools).filter(([name]) => name === tool || i % 7 === 0);
    const provider = i % 4 === 3 ? 'groq' : 'openai';
    const headers = {
      'Content-Type': 'application/json',
      Authorization: 'Bearer sk-of-the-application',
      'User-Agent': 'OpenAI/Python 2.8.0',
      'X-Archestra-Session-Id': `ticket-${4700 + Math.floor(i / 6)}`,
      'X-Archestra-Run-Id': `run-${9000 + i}`,
      'X-Archestra-User-Id': ['ada', 'grace', 'edsger', 'barbara'][i % 4],
      ...Object.fromEntries(Object.entries(sim).map(([name, value]) => [`x-sim-${name}`, String(value)])),
    };
    const functions = declared.map(([name, properties]) => ({
      type: 'function',
      function: { name, description: `${name.replaceAll('_', ' ')}.`, parameters: { type: 'object', properties } },
    }));
    const body = {
      model: provider === 'groq' ? 'llama-3.3-70b' : ['gpt-5', 'gpt-5-mini'][i % 2],
      messages: [{ role: 'user', content: 'Look into it and tell me what to do next.' }],
      stream,
      ...(functions.length > 0 && { tools: functions }),
    };
    const path = `/v1/${provider}/${this.#agentIds[i % this.#agentIds.length]}/chat/completions`;
    return exchange(this.gateway.apiPort, 'POST', path, { headers, body: JSON.stringify(body) });
  }

  async stop() {
    this.#isOver = true;
    await Promise.all(this.#loops);
    for (const program of this.#programs) if (program.isRunning) program.kill('SIGTERM');
    await Promise.all([...this.#programs.map((program) => program.ended), ...this.#calls]);
    await this.gateway.stop();
    await this.#simulator.stop();
    await this.#collector.stop();
  }
}
