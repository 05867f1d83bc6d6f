// The description of the platform API beside what the gateway answers: each operation, and its errors.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Page, signIn } from '../support/browser_session.mjs';
import { exchange } from '../support/client.mjs';
import { Gateway, Simulator, adminToken } from '../support/gateway.mjs';
import { OpenApi } from '../support/openapi.mjs';
import { chatRequest } from '../support/openai_chat.mjs';
import { run } from '../support/program.mjs';
import { until } from '../support/until.mjs';

const nobody = '00000000-0000-4000-8000-0000000000ff';
/** Parameters that operations which only read cannot do without. */
const queries = { '/api/agents/labels/values': '?key=team' };

const label = { key: 'team', value: 'a' };
const tools = [{ type: 'function', function: { name: 'send_email', parameters: { type: 'object' } } }];
const condition = { key: 'to', operator: 'equal', value: 'x' };
const invocation = { tool: 'send_email', action: 'block_always', conditions: [condition] };
const trusted = { tool: 'read_inbox', action: 'mark_as_trusted' };

describe('the description', () => {
  let simulator;
  let gateway;
  let openapi;
  const covered = new Set();

  /** Asks, checks that the answer is as described, and gives it. */
  async function ask(method, path, { id, query = '', body, as } = {}, expected = undefined) {
    const target = path.slice('/api'.length).replace('{id}', id) + query;
    const answer = await (as ? as.api(method, target, body) : gateway.api(method, target, body));
    openapi.check({ method, path }, answer);
    if (expected) assert.equal(answer.status, expected, JSON.stringify(answer.json));
    if (answer.status < 300) covered.add(`${method} ${path}`);
    return answer;
  }

  before(async () => {
    simulator = await Simulator.start();
    gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
    openapi = new OpenApi((await gateway.api('GET', '/openapi.json', undefined, { token: '' })).json);
  });
  after(async () => {
    await gateway.stop();
    await simulator.stop();
  });

  test('is what `archestra openapi` prints', async () => {
    const printed = await run(['openapi']);
    assert.equal(printed.code, 0);
    assert.deepEqual(JSON.parse(printed.stdout), (await gateway.api('GET', '/openapi.json')).json);
  });

  test('is true of sessions', async () => {
    openapi.check({ method: 'POST', path: '/api/session' }, await signIn(gateway));
    covered.add('POST /api/session');
    openapi.check({ method: 'POST', path: '/api/session' }, await signIn(gateway, 'wrong'));
    const page = await Page.signedIn(gateway);
    await ask('GET', '/api/session', { as: page }, 200);
    await ask('GET', '/api/session', {}, 401);
    await ask('DELETE', '/api/session', { as: page }, 204);
  });

  test('is true of agents and labels', async () => {
    const made = await ask('POST', '/api/agents', { body: { name: 'A', labels: [label] } }, 201);
    const { id } = made.json;
    const drain = { onClientDisconnect: { action: 'drain', seconds: 5 } };
    await ask('PUT', '/api/agents/{id}', { id, body: drain }, 200);
    await ask('GET', '/api/agents/{id}', { id }, 200);
    await ask('GET', '/api/agents/labels/values', { query: '?key=team' }, 200);
    await ask('GET', '/api/agents/labels/values', {}, 400);
    await ask('POST', '/api/agents/labels/check', { body: { labels: [label, { key: 'id', value: '' }] } }, 200);
    await ask('POST', '/api/agents/labels/check', { body: {} }, 400);
    await ask('DELETE', '/api/agents/{id}', { id }, 204);
    await ask('DELETE', '/api/agents/{id}', { id }, 404);
    await ask('POST', '/api/agents', { body: { name: '' } }, 400);
  });

  for (const [path, draft] of [
    ['/api/tool-invocation-policies', invocation],
    ['/api/trusted-data-policies', trusted],
  ])
    test(`is true of ${path}`, async () => {
      const { id } = (await ask('POST', path, { body: draft }, 201)).json;
      await ask('GET', path, {}, 200);
      await ask('GET', `${path}/{id}`, { id }, 200);
      await ask('PUT', `${path}/{id}`, { id, body: draft }, 200);
      await ask('PUT', `${path}/{id}`, { id: nobody, body: draft }, 404);
      await ask('DELETE', `${path}/{id}`, { id }, 204);
      const { total } = (await ask('GET', path)).json.pagination;
      const problemOf = async (body) => (await ask('POST', `${path}/check`, { body }, 200)).json.problem;
      assert.equal(await problemOf(draft), null);
      for (const bad of [
        { ...draft, tool: undefined },
        { ...draft, action: 'explode' },
        { ...draft, agentId: nobody },
        { ...draft, conditions: [{ ...condition, operator: 'regex', value: '(' }] },
        { ...draft, unknown: 1 },
        [],
      ]) {
        const refused = await ask('POST', path, { body: bad }, 400);
        assert.equal(await problemOf(bad), refused.json.error.message);
      }
      assert.equal((await ask('GET', path)).json.pagination.total, total, 'nothing is stored by a check');
    });

  test('is true of tools', async () => {
    await exchange(gateway.apiPort, 'POST', '/v1/openai/chat/completions', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...chatRequest, tools }),
    });
    const tool = await until('a tool', async () => (await ask('GET', '/api/tools')).json.data[0]);
    await ask('GET', '/api/tools/{id}', { id: tool.id }, 200);
    await ask('PUT', '/api/tools/{id}', { id: tool.id, body: { usableWithUntrustedData: true } }, 200);
    await ask('DELETE', '/api/tools/{id}', { id: tool.id }, 204);
  });

  test('is true of recent calls and statistics', async () => {
    await exchange(gateway.apiPort, 'POST', '/v1/openai/chat/completions', {
      headers: { 'Content-Type': 'application/json', 'X-Archestra-Session-Id': 's' },
      body: JSON.stringify({ ...chatRequest, tools }),
    });
    const { id } = await until('a call', async () => (await ask('GET', '/api/recent-calls', {}, 200)).json.data[0]);
    await ask('GET', '/api/recent-calls/{id}', { id }, 200);
    await ask('GET', '/api/recent-calls/{id}', { id: '0000000000000000' }, 404);
    await ask('GET', '/api/recent-calls/{id}', { id: 'x' }, 400);
    for (const query of ['?groupBy=agent&minutes=15', '?groupBy=label:team'])
      assert.ok((await ask('GET', '/api/statistics/overview', { query }, 200)).json.groups.length > 0);
    await ask('GET', '/api/statistics/overview', { query: '?minutes=1' }, 400);
    const cardinality = await ask('GET', '/api/metrics/cardinality', {}, 200);
    assert.ok(cardinality.json.sets.length > 0);
    await ask('GET', '/api/metrics/cardinality', { query: '?limit=0' }, 400);
    assert.ok((await ask('GET', '/api/statistics/agents', {}, 200)).json.data.length > 0);
  });

  test('is true of log levels', async () => {
    await ask('PUT', '/api/log-levels', { body: {} }, 200);
  });

  test('is true of all that only reads, and nothing was left out here', async () => {
    for (const { method, path, isStream } of openapi.operations) {
      if (isStream) covered.add(`${method} ${path}`);
      if (method !== 'GET' || isStream || path.includes('{') || path === '/api/session') continue;
      await ask(method, path, { query: queries[path] }, 200);
    }
    const missing = openapi.operations.map(({ method, path }) => `${method} ${path}`).filter((name) => !covered.has(name));
    assert.deepEqual(missing, []);
  });
});

test('settings are shown with where they came from, and without secrets', async () => {
  const env = {
    ARCHESTRA_METRICS_SECRET: 'hush-metrics',
    HTTPS_PROXY: 'http://hush-user:hush-password@127.0.0.1:1',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=hush-header',
    ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1/v1/traces?key=hush-query',
    OTEL_TRACES_EXPORTER: 'otlp',
    ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: 'groq=https://api.groq.com/openai/v1',
  };
  const gateway = await Gateway.start({ env, args: ['--retries', '2'] });
  try {
    const { json } = await gateway.api('GET', '/settings');
    const text = JSON.stringify(json);
    assert.ok(!text.includes('hush') && !text.includes(adminToken), text);
    const find = (name) => json.settings.find((setting) => setting.name === name);
    const given = (name) => [find(name).value, find(name).source];
    assert.deepEqual(given('ARCHESTRA_RETRIES'), ['2', 'flag']);
    assert.deepEqual(given('ARCHESTRA_METRICS_SECRET'), ['***', 'environment']);
    assert.deepEqual(given('HTTPS_PROXY'), ['http://***@127.0.0.1:1', 'environment']);
    assert.deepEqual(given('ARCHESTRA_CA_FILE'), [null, 'default']);
    assert.equal(json.metricsSecretSet, true);
    assert.equal(json.metricsUrl, `http://gateway.test:${gateway.metricsPort}/metrics`);
    const groq = json.providers.find(({ name }) => name === 'groq');
    assert.deepEqual(groq, {
      name: 'groq',
      dialect: 'openai',
      baseUrl: `${json.apiBaseUrl}/v1/groq`,
      upstreamUrl: 'https://api.groq.com/openai/v1',
    });
    assert.equal(json.telemetry.traces.endpoint, 'http://127.0.0.1:1/v1/traces?***');
    const failing = await until('a failed export', async () => {
      const { traces } = (await gateway.api('GET', '/settings')).json.telemetry;
      return traces.failing && traces;
    });
    assert.ok(failing.lastError.includes('refused'), failing.lastError);
    assert.equal(failing.lastSuccessAt, null);
  } finally {
    await gateway.stop();
  }
});
