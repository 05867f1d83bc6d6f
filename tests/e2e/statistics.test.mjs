// What the platform API shows of the calls before now: the same as metrics, spans and log say of them, whoever made them,
// however they ended, and whatever is sampled or logged.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { answer as message, requestBody as messagesRequest } from '../support/anthropic_messages.mjs';
import { chunks, generateRequest, pathOf } from '../support/gemini.mjs';
import { completion, chatRequest, events, errorBody, streamRequest, words } from '../support/openai_chat.mjs';
import { agentWith, block } from '../support/policies.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { chatBody, chatToolCall } from '../support/tool_answers.mjs';
import { until } from '../support/until.mjs';

const hostile = '</script><img src=x onerror="alert(1)"> \\ "\u{1f916}';
const nobody = '00000000-0000-4000-8000-0000000000ff';
const defaultAgent = '00000000-0000-4000-8000-000000000001';

let scene;
let gateway;
let agent; // with labels
let guarded; // with a policy
const records = {};

before(async () => {
  scene = await Scene.start({ env: { ARCHESTRA_RETRIES: '1', ARCHESTRA_RETRY_BACKOFF_MS: '20' } });
  gateway = scene.gateway;
  const labels = [{ key: 'team', value: hostile }, { key: 'cost-center', value: '4711' }];
  const made = await gateway.api('POST', '/agents', { name: hostile, labels });
  agent = made.json;
  guarded = await agentWith(gateway, { invocation: [block('send_email')] });
  const calls = {
    chat: {
      path: `/v1/openai/${agent.id}/chat/completions`,
      body: chatRequest,
      upstream: (exchange) => exchange.json200(completion),
      headers: { 'X-Archestra-Meta': 'helper/run-1/session-1', 'X-Archestra-User-Id': '<b>"user"</b>', 'User-Agent': 'test/1' },
    },
    stream: {
      body: streamRequest,
      upstream: async (exchange) => {
        await exchange.streamHead();
        for (const each of [events.role, ...words(3), events.stop, events.usage, events.done]) await exchange.chunk(each);
        await exchange.lastChunk();
      },
    },
    message: { path: '/v1/anthropic/v1/messages', body: messagesRequest, upstream: (exchange) => exchange.json200(message) },
    generate: {
      path: pathOf('generateContent'),
      body: generateRequest,
      upstream: (exchange) => exchange.json200(chunks.at(-1)),
    },
    failed: {
      body: { ...chatRequest, model: hostile },
      upstream: (exchange) => exchange.respond(500, { 'Content-Type': 'application/json' }, errorBody('server_error', 'no')),
    },
    hostile: { body: { ...chatRequest, model: hostile }, upstream: (exchange) => exchange.json200(completion) },
    retried: {
      body: chatRequest,
      tries: 2,
      upstream: async (exchange) => {
        const isFirst = (seen += 1) === 1;
        if (isFirst) await exchange.respond(503, { 'Content-Type': 'application/json' }, errorBody('overloaded', 'later'));
        else await exchange.json200(completion);
      },
    },
    blocked: {
      path: `/v1/openai/${guarded}/chat/completions`,
      body: chatRequest,
      upstream: (exchange) => exchange.json200({ ...chatBody({ tool_calls: [chatToolCall('send_email', { to: 'a' })] }), usage: completion.usage }),
    },
    refused: { path: `/v1/openai/${nobody}/chat/completions`, body: chatRequest, tries: 0 },
  };
  let seen = 0;
  for (const [name, { path, body, ...options }] of Object.entries(calls))
    records[name] = (await scene.observe((headers) => scene.post(headers, body, { path }), options)).record;
});
after(() => scene.stop());

const count = () => Object.keys(records).length;
const overview = async (query = '') => {
  const { status, json } = await gateway.api('GET', `/statistics/overview${query}`);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
};
const recent = async (query = '') => {
  const { status, json } = await gateway.api('GET', `/recent-calls${query}`);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
};
const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);
const text = encodeURIComponent;

/** What the metrics say of the calls whose series have these labels. */
function expectedOf(metrics, labels = {}) {
  const isError = ({ labels: { outcome } }) => outcome !== 'completed' && outcome !== 'client_cancelled';
  return {
    calls: metrics.sum('llm_requests_total', labels),
    errors: sum(metrics.samples('llm_requests_total', labels).filter(isError).map(({ value }) => value)),
    inputTokens: metrics.sum('llm_tokens_total', { ...labels, type: 'input' }),
    outputTokens: metrics.sum('llm_tokens_total', { ...labels, type: 'output' }),
    blockedToolCalls: metrics.sum('llm_blocked_tool_total', labels),
  };
}

const countsOf = ({ totals }) => Object.fromEntries(Object.entries(totals).filter(([, value]) => typeof value === 'number'));

describe('the overview', () => {
  test('says in each period what the metrics say', async () => {
    const expected = expectedOf(await gateway.scrape());
    assert.equal(expected.calls, count());
    assert.ok(expected.errors >= 2 && expected.inputTokens > 0 && expected.blockedToolCalls === 1, JSON.stringify(expected));
    for (const [minutes, step, points] of [[15, 10, 90], [60, 60, 60], [360, 300, 72], [1440, 300, 288]]) {
      const { all, groups, ...rest } = await overview(`?minutes=${minutes}`);
      assert.deepEqual(countsOf(all), expected, `${minutes} minutes`);
      assert.deepEqual(groups, []);
      assert.deepEqual([rest.stepSeconds, rest.times.length, rest.groupBy, rest.foldedGroups, rest.foldedCalls], [step, points, 'none', 0, 0]);
      assert.equal(Date.parse(rest.from) / 1000, rest.times[0]);
      const age = Date.now() - Date.parse(rest.knownFrom);
      assert.ok(age >= 0 && age < 120_000, `the gateway began ${age} ms ago`);
      assert.equal(Date.parse(rest.to) / 1000, rest.times.at(-1) + step);
      assert.ok(rest.times.every((time, index) => time === rest.times[0] + index * step && time % step === 0));
      assert.ok(Date.now() / 1000 < rest.times.at(-1) + step + 5 && Date.now() / 1000 > rest.times.at(-1) - 5, 'until now');
      for (const [name, total] of Object.entries(expected)) {
        assert.equal(all.series[name].length, points);
        assert.equal(sum(all.series[name]), total, `the sum of ${name}`);
      }
      for (const measure of ['latency', 'timeToFirstToken', 'gateway'])
        for (const percentile of ['p50', 'p95', 'p99']) {
          assert.equal(all.series[measure][percentile].length, points);
          assert.ok(all.series[measure][percentile].some((value) => value !== null), `${percentile} of ${measure}`);
          assert.ok(all.totals[measure][percentile] > 0);
        }
    }
  });

  test('has durations as the spans have them, within 3 %', async () => {
    const near = (actual, exact, what) => assert.ok(Math.abs(actual - exact) <= exact * 0.031 + 2e-6, `${what}: ${actual}, exactly ${exact}`);
    const [{ totals }] = (await overview(`?groupBy=agent&agentId=${agent.id}`)).groups;
    near(totals.latency.p99, Number(records.chat.client.end - records.chat.client.start) / 1e9, 'latency');
    near(totals.gateway.p50, records.chat.log.gateway_ms / 1000, 'gateway');
    assert.equal(totals.timeToFirstToken.p50, null, 'of no stream');
    const stream = (await overview('?provider=openai&groupBy=model')).groups.find(({ key }) => key === 'gpt-test').totals;
    near(stream.timeToFirstToken.p50, records.stream.log.time_to_first_token_ms / 1000, 'time to first token');
  });

  test('groups and filters as the labels of the metrics do', async () => {
    const metrics = await gateway.scrape();
    const labelOf = { provider: 'provider', model: 'model', agent: 'agent_id', 'label:cost-center': 'cost_center', 'label:team': 'team' };
    for (const [groupBy, label] of Object.entries(labelOf)) {
      const { groups, all } = await overview(`?groupBy=${text(groupBy)}`);
      const keys = new Set(metrics.samples('llm_requests_total').map(({ labels }) => labels[label] ?? ''));
      assert.deepEqual(new Set(groups.map(({ key }) => key)), keys, groupBy);
      assert.equal(sum(groups.map(({ totals }) => totals.calls)), all.totals.calls);
      assert.deepEqual(groups.map(({ totals }) => totals.calls), groups.map(({ totals }) => totals.calls).sort((a, b) => b - a));
      for (const group of groups.filter(({ key }) => key !== ''))
        assert.deepEqual(countsOf(group), expectedOf(metrics, { [label]: group.key }), `${groupBy} ${group.key}`);
    }
    const names = (await overview('?groupBy=agent')).groups.map(({ key, name }) => [key, name]);
    assert.ok(names.some(([key, name]) => key === agent.id && name === hostile));
    assert.ok(names.some(([key, name]) => key === 'unknown' && name === 'unknown'));
    const filters = {
      'provider=gemini': { provider: 'gemini' },
      [`model=${text(hostile)}`]: { model: hostile },
      'model=unknown': { model: 'unknown' },
      [`agentId=${agent.id.toUpperCase()}`]: { agent_id: agent.id },
      'agentId=unknown': { agent_id: 'unknown' },
      [`label=${text(`team:${hostile}`)}`]: { team: hostile },
      'provider=openai&model=gpt-test': { provider: 'openai', model: 'gpt-test' },
    };
    for (const [filter, labels] of Object.entries(filters)) {
      const expected = expectedOf(metrics, labels);
      assert.ok(expected.calls > 0, filter);
      assert.deepEqual(countsOf((await overview(`?${filter}`)).all), expected, filter);
    }
    assert.equal((await overview('?provider=nobody')).all.totals.calls, 0);
  });

  test('keeps what was counted under the labels of the call', async () => {
    const before = await overview('?groupBy=label:team');
    await gateway.api('PUT', `/agents/${agent.id}`, { labels: [{ key: 'team', value: 'other' }] });
    assert.deepEqual((await overview('?groupBy=label:team')).groups.map(({ key }) => key), before.groups.map(({ key }) => key));
    await gateway.api('PUT', `/agents/${agent.id}`, { labels: agent.labels });
  });

  test('agents and dimensions', async () => {
    const metrics = await gateway.scrape();
    for (const [minutes, step, points] of [[15, 30, 30], [60, 120, 30], [360, 900, 24], [1440, 3600, 24]]) {
      const { status, json } = await gateway.api('GET', `/statistics/agents?minutes=${minutes}`);
      assert.equal(status, 200);
      assert.equal(json.stepSeconds, step);
      assert.deepEqual(new Set(json.data.map(({ agentId }) => agentId)), new Set([agent.id, guarded, defaultAgent, 'unknown']));
      for (const { agentId, calls, totals } of json.data) {
        const { blockedToolCalls, ...expected } = expectedOf(metrics, { agent_id: agentId });
        assert.deepEqual(totals, expected);
        assert.equal(calls.length, points);
        assert.equal(sum(calls), expected.calls);
      }
    }
    const { json } = await gateway.api('GET', '/statistics/dimensions');
    assert.deepEqual(json.providers, ['anthropic', 'gemini', 'openai']);
    assert.deepEqual(json.labelKeys, ['cost-center', 'team']);
    assert.deepEqual(new Set(json.models), new Set([hostile, 'gpt-test', 'gemini-test', messagesRequest.model, 'unknown']));
  });
});

describe('a recent call', () => {
  const secondsOf = ({ start, end }) => Number(end - start) / 1e9;
  const same = (actual, expected, what) => assert.ok(Math.abs(actual - expected) < 1.5e-6, `${what}: ${actual}, ${expected}`);

  test('is what its spans and its line say', async () => {
    for (const [name, { server, clients, log }] of Object.entries(records)) {
      const { status, json: call } = await gateway.api('GET', `/recent-calls/${server.spanId}`);
      assert.equal(status, 200, name);
      const attributes = server.attributes;
      assert.equal(call.traceId, server.traceId);
      same(Date.parse(call.startedAt) / 1e3, Math.floor(Number(server.start) / 1e6) / 1e3, `start of ${name}`);
      same(call.duration, secondsOf(server), `duration of ${name}`);
      same(call.gateway, log.gateway_ms / 1000, `gateway's time of ${name}`);
      const { outcome, provider, operation, status_code: statusCode, error_type: errorType = null } = log;
      assert.deepEqual(
        [call.outcome, call.provider, call.operation, call.statusCode, call.errorType, call.method, call.route, call.urlPath],
        [outcome, provider, operation, statusCode, errorType, 'POST', attributes['http.route'], attributes['url.path']],
      );
      assert.deepEqual([call.model, call.responseModel, call.stream], [log.model ?? null, log.response_model ?? null, log.stream]);
      assert.deepEqual(
        [call.inputTokens, call.outputTokens, call.usageProvenance],
        [log.input_tokens ?? 0, log.output_tokens ?? 0, log.usage_provenance],
      );
      assert.deepEqual([call.requestBytes, call.responseBytes], [log.request_bytes, log.response_bytes]);
      assert.deepEqual([call.session, call.run, call.user, call.clientAgent], [log.session_id ?? null, log.run_id ?? null, log.user_id ?? null, log.client_agent_id ?? null]);
      assert.deepEqual(call.agent && [call.agent.id, call.agent.name], log.agent_id ? [log.agent_id, log.agent_name] : null);
      assert.deepEqual([call.toolCalls, call.blockedToolCalls], [log.tool_calls, log.blocked_tool_calls ?? 0]);
      assert.deepEqual([call.sampled, call.clientAddress, call.finishReasons], [true, '127.0.0.1', log.finish_reasons ?? []]);
      assert.equal(call.tries, clients.length);
      assert.equal(call.tryDetails.length, clients.length);
      call.tryDetails.forEach((attempt, index) => {
        const span = clients[index];
        assert.equal(attempt.spanId, span.spanId);
        same(attempt.duration, secondsOf(span), `duration of a try of ${name}`);
        same(attempt.startedAfter, Number(span.start - server.start) / 1e9, `start of a try of ${name}`);
        assert.equal(attempt.statusCode, span.attributes['http.response.status_code'] ?? null);
        assert.equal(attempt.outcome, span.attributes['archestra.outcome']);
        assert.equal(attempt.errorType, span.attributes['error.type'] ?? null);
        assert.deepEqual([attempt.serverAddress, attempt.serverPort], ['127.0.0.1', scene.upstream.port]);
        assert.equal(attempt.retriedAfter === null, index === clients.length - 1);
      });
      const times = clients.length ? call.tryDetails.at(-1) : {};
      assert.equal(call.timeToFirstByte, times.timeToFirstByteSent ?? null);
      assert.equal(call.timeToFirstToken, times.timeToFirstToken ?? null);
      if (log.time_to_first_token_ms) same(call.timeToFirstToken, log.time_to_first_token_ms / 1000, 'time to first token');
    }
  });

  test('has the labels that its agent had, and the decisions about its tool calls', async () => {
    const { json: chat } = await gateway.api('GET', `/recent-calls/${records.chat.server.spanId}`);
    assert.deepEqual(chat.agent, { id: agent.id, name: hostile, labels: agent.labels });
    assert.deepEqual([chat.session, chat.run, chat.clientAgent, chat.userAgent], ['session-1', 'run-1', 'helper', 'test/1']);
    const { json: blocked } = await gateway.api('GET', `/recent-calls/${records.blocked.server.spanId}`);
    const [{ policyId, ...decision }] = blocked.toolDecisions;
    assert.deepEqual(decision, { tool: 'send_email', decision: 'blocked', reason: 'send_email is not for you.', mode: 'enforce' });
    assert.match(policyId, /^[0-9a-f-]{36}$/);
    assert.equal(blocked.toolDecisionsLeftOut, 0);
  });

  test('is in the list, newest first, page by page', async () => {
    const order = Object.values(records).map(({ server }) => server.spanId).reverse();
    const whole = await recent();
    assert.deepEqual(whole.data.map(({ id }) => id), order);
    assert.deepEqual([whole.pagination, whole.held, whole.capacity], [{ limit: 50, next: null }, order.length, 10_000]);
    assert.equal(whole.oldestAt, whole.data.at(-1).startedAt);
    const ids = [];
    for (let next = ''; next !== null; ) {
      const { data, pagination } = await recent(`?limit=2${next && `&before=${next}`}`);
      assert.ok(data.length <= 2);
      ids.push(...data.map(({ id }) => id));
      next = pagination.next;
    }
    assert.deepEqual(ids, order);
    const { json: details } = await gateway.api('GET', `/recent-calls/${order[0]}`);
    for (const [key, value] of Object.entries(whole.data[0])) assert.deepEqual(details[key], value, key);
  });

  test('is found by what is known of it', async () => {
    const ids = async (query) => (await recent(`?${query}`)).data.map(({ id }) => id).sort();
    const of = (...names) => names.map((name) => records[name].server.spanId).sort();
    const found = {
      'provider=anthropic': of('message'),
      [`model=${text(hostile)}`]: of('failed', 'hostile'),
      'model=unknown': of('failed', 'refused'),
      [`agentId=${agent.id}`]: of('chat'),
      'agentId=unknown': of('refused'),
      'outcome=upstream_error': of('failed'),
      'outcome=invalid_request': of('refused'),
      'session=session-1': of('chat'),
      'run=run-1': of('chat'),
      [`user=${text(records.chat.log.user_id)}`]: of('chat'),
      [`traceId=${records.stream.server.traceId}`]: of('stream'),
      'blocked=true': of('blocked'),
      'blocked=true&provider=gemini': [],
      'stream=true': of('stream'),
      [`label=${text(`team:${hostile}`)}`]: of('chat'),
      'minDuration=1000': [],
    };
    for (const [query, expected] of Object.entries(found)) assert.deepEqual(await ids(query), expected, query);
    assert.equal((await ids('stream=false')).length, count() - 1);
    assert.equal((await ids('blocked=false')).length, count() - 1);
    const { server, log } = records.retried;
    const seconds = log.duration_ms / 1000 - 2e-6;
    const slow = (await recent(`?minDuration=${seconds}`)).data;
    assert.ok(slow.every(({ duration }) => duration >= seconds) && slow.some(({ id }) => id === server.spanId), `${seconds}`);
    assert.ok(slow.length < count(), 'not all');
  });
});

test('a query that makes no sense is refused with what would', async () => {
  const refused = {
    '/statistics/overview?minutes=30': /minutes must be 15, 60, 360 or 1440/,
    '/statistics/overview?groupBy=label:': /groupBy must be/,
    '/statistics/overview?groupBy=team': /groupBy must be/,
    '/statistics/overview?agentId=1': /agentId must be/,
    '/statistics/overview?label=team': /label must be a key and a value/,
    '/statistics/overview?hours=1': /no parameter "hours"/,
    '/statistics/agents?minutes=0': /minutes must be/,
    '/statistics/dimensions?x=1': /no parameter/,
    '/live?x=1': /no parameter/,
    '/recent-calls?limit=201': /limit must be a whole number from 1 to 200/,
    '/recent-calls?before=x': /before must be/,
    '/recent-calls?outcome=fine': /outcome must be/,
    '/recent-calls?traceId=ABC': /traceId must be/,
    '/recent-calls?blocked=yes': /blocked must be true or false/,
    '/recent-calls?minDuration=-1': /minDuration must be/,
    '/recent-calls?minDuration=nan': /minDuration must be/,
    '/recent-calls/xyz': /16 hex digits/,
    '/recent-calls/00000000-0000-4000-8000-000000000001': /16 hex digits/,
  };
  for (const [path, why] of Object.entries(refused)) {
    const { status, json } = await gateway.api('GET', path);
    assert.deepEqual([status, json.error.type], [400, 'invalid_request'], path);
    assert.match(json.error.message, why, path);
  }
  assert.equal((await gateway.api('GET', '/recent-calls/0000000000000000')).status, 404);
  assert.equal((await gateway.api('POST', '/recent-calls', {})).status, 405);
  for (const path of ['/statistics/overview', '/statistics/agents', '/statistics/dimensions', '/recent-calls', '/live'])
    assert.equal((await gateway.api('GET', path, undefined, { token: null })).status, 401, path);
});

test('what is neither sampled nor logged is there, too', async () => {
  const before = await recent();
  await gateway.api('PUT', '/log-levels', { accessLog: 'off' });
  const name = scene.script((exchange) => exchange.json200(completion));
  const traceId = '1234567890abcdef1234567890abcdef';
  await scene.post({ 'x-case': name, traceparent: `00-${traceId}-1234567890abcdef-00` }, chatRequest, { path: chatPath });
  const { data } = await until('the call', async () => {
    const after = await recent(`?traceId=${traceId}`);
    return after.data.length > 0 && after;
  });
  await gateway.api('PUT', '/log-levels', { accessLog: 'info' });
  assert.equal((await recent()).held, before.held + 1);
  const { json } = await gateway.api('GET', `/recent-calls/${data[0].id}`);
  assert.equal(json.sampled, false);
  assert.equal(gateway.linesOf(traceId).length, 0);
});
