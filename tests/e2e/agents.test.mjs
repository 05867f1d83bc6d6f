// The platform API of agents: what it answers and refuses, and that what it answered holds for the very next call.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client, exchange, requestBytes } from '../support/client.mjs';
import { adminToken } from '../support/gateway.mjs';
import { chatRequest, completion, events, streamRequest, words } from '../support/openai_chat.mjs';
import { Scene, only } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

const defaultId = '00000000-0000-4000-8000-000000000001';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const chatPathOf = (id) => `/v1/openai/${id}/chat/completions`;
const bearer = { Authorization: `Bearer ${adminToken}` };

let scene;
let gateway;
before(async () => {
  scene = await Scene.start({ env: { ARCHESTRA_THREADS: '3' } });
  gateway = scene.gateway;
});
after(() => scene.stop());

async function create(fields) {
  const { status, json } = await gateway.api('POST', '/agents', fields);
  assert.equal(status, 201, JSON.stringify(json));
  return json;
}

function assertError({ status, json }, expectedStatus, type, message) {
  assert.equal(status, expectedStatus, JSON.stringify(json));
  assert.deepEqual(Object.keys(json), ['error']);
  assert.deepEqual(Object.keys(json.error).sort(), ['message', 'type']);
  assert.equal(json.error.type, type);
  assert.match(json.error.message, message);
}

describe('an agent', () => {
  test('is made, shown, changed and deleted', async () => {
    const labels = [{ key: 'cost-center', value: '4711' }, { key: 'größe', value: 'Ü 🤖 "\\' }];
    const made = await gateway.api('POST', '/agents', { name: 'Bot', labels });
    assert.equal(made.status, 201);
    assert.equal(made.fields.get('content-type'), 'application/json');
    const agent = made.json;
    assert.match(agent.id, uuid);
    assert.equal(made.fields.get('location'), `/api/agents/${agent.id}`);
    const { id, createdAt, updatedAt, ...rest } = agent;
    assert.deepEqual(rest, {
      name: 'Bot',
      isDefault: false,
      labels,
      considerContextUntrusted: false,
      denyToolsInUntrustedContext: false,
      onClientDisconnect: { action: 'cancel' },
      captureContent: false,
    });
    assert.equal(createdAt, updatedAt);
    assert.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 60_000, createdAt);
    assert.deepEqual((await gateway.api('GET', `/agents/${id}`)).json, agent);
    assert.deepEqual((await gateway.api('GET', `/agents/${id.toUpperCase()}`)).json, agent);

    const settings = {
      considerContextUntrusted: true,
      denyToolsInUntrustedContext: true,
      onClientDisconnect: { action: 'drain', seconds: 30 },
      captureContent: true,
    };
    const changed = await gateway.api('PUT', `/agents/${id}`, settings);
    assert.equal(changed.status, 200);
    assert.ok(changed.json.updatedAt > updatedAt, 'a change is later');
    assert.deepEqual(changed.json, { ...agent, ...settings, updatedAt: changed.json.updatedAt });
    const renamed = await gateway.api('PUT', `/agents/${id}`, { name: 'Other', labels: [] });
    assert.deepEqual(renamed.json, { ...changed.json, name: 'Other', labels: [], updatedAt: renamed.json.updatedAt });
    assert.deepEqual((await gateway.api('GET', `/agents/${id}`)).json, renamed.json);

    const gone = await gateway.api('DELETE', `/agents/${id}`);
    assert.deepEqual([gone.status, gone.json, gone.fields.get('content-length')], [204, undefined, undefined]);
    for (const [method, body] of [['GET'], ['PUT', {}], ['DELETE']])
      assertError(await gateway.api(method, `/agents/${id}`, body), 404, 'not_found', /no agent/);
  });

  test('may have the name of another', async () => {
    const [first, second] = [await create({ name: 'Same' }), await create({ name: 'Same' })];
    assert.notEqual(first.id, second.id);
  });

  test('that is the default one can be changed, not deleted', async () => {
    const before = (await gateway.api('GET', `/agents/${defaultId}`)).json;
    assert.deepEqual([before.name, before.isDefault], ['Default Agent', true]);
    assert.equal((await gateway.api('PUT', `/agents/${defaultId}`, { name: 'Ours' })).json.name, 'Ours');
    assertError(await gateway.api('DELETE', `/agents/${defaultId}`), 409, 'conflict', /default agent/);
    assert.equal((await gateway.api('PUT', `/agents/${defaultId}`, { name: before.name })).json.isDefault, true);
  });
});

describe('a request is refused', () => {
  const post = (body, options) => () => gateway.api('POST', '/agents', body, options);
  const labelled = (...keys) => post({ name: 'A', labels: keys.map((key) => ({ key, value: 'v' })) });
  const fault = (send, message) => ({ send, status: 400, type: 'invalid_request', message });
  const table = {
    'without a name': fault(post({}), /"name" is missing/),
    'with an empty name': fault(post({ name: '' }), /name is empty/),
    'with too long a name': fault(post({ name: 'ü'.repeat(256) }), /256 characters; it may have 255/),
    'with a field that does not exist': fault(post({ name: 'A', colour: 'red' }), /"colour" is no field/),
    'with a field that only we set': fault(post({ name: 'A', id: defaultId }), /"id" is no field/),
    'with a wrong type': fault(post({ name: 'A', captureContent: 'yes' }), /"captureContent" must be true or false/),
    'with JSON that is none': fault(post('{"name":"A"'), /not valid JSON/),
    'with bytes that are no text': fault(post(Buffer.from('7b226e616d65223a22ff227d', 'hex')), /not valid UTF-8/),
    'with too deep a body': fault(post(`{"name":${'['.repeat(50)}1${']'.repeat(50)}}`), /deeper than 16 levels/),
    'with an empty body': fault(post(''), /body is empty/),
    'with the label id': fault(labelled('id'), /"id" collides with the attribute agent\.id/),
    'with the label name': fault(labelled('name'), /"name" collides/),
    'with the label job': fault(labelled('job'), /"job" collides/),
    'with the label instance': fault(labelled('instance'), /"instance" collides/),
    'with a label of __': fault(labelled('__x'), /"__x" starts with "__"/),
    'with a label that metrics have': fault(labelled('status-code'), /"status-code" becomes "status_code"/),
    'with labels that become the same': fault(labelled('a.b', 'a-b'), /"a\.b" and "a-b" collide: both become "a_b"/),
    'with too long a key': fault(labelled('k'.repeat(64)), /64 characters; it may have 63/),
    'with too many labels': fault(labelled(...Array.from({ length: 33 }, (_, i) => `k${i}`)), /33 labels.*32/),
    'with an id that is none': fault(() => gateway.api('GET', '/agents/nobody'), /not a UUID/),
    'with a bad limit': fault(() => gateway.api('GET', '/agents?limit=1001'), /limit must be/),
    'with a parameter that does not exist': fault(() => gateway.api('GET', '/agents?page=2'), /"page"/),
    'without the key of values': fault(() => gateway.api('GET', '/agents/labels/values'), /key is missing/),
    'that is too large': {
      send: post(`{"name":"${'x'.repeat(2 << 20)}"}`),
      status: 413,
      type: 'body_too_large',
      message: /too large/,
    },
    'that is no JSON': {
      send: post('{}', { headers: { 'Content-Type': 'text/plain' } }),
      status: 415,
      type: 'unsupported_media_type',
      message: /application\/json/,
    },
    'of another method': {
      send: () => gateway.api('PATCH', `/agents/${defaultId}`, {}),
      status: 405,
      type: 'method_not_allowed',
      message: /GET, HEAD, PUT, DELETE/,
    },
    'for nothing': { send: () => gateway.api('GET', '/nothing'), status: 404, type: 'not_found', message: /nothing/ },
  };
  for (const [name, { send, status, type, message }] of Object.entries(table)) {
    test(name, async () => {
      const before = (await gateway.api('GET', '/agents')).json.pagination.total;
      const answer = await send();
      assertError(answer, status, type, message);
      if (status === 405) assert.equal(answer.fields.get('allow'), 'GET, HEAD, PUT, DELETE');
      assert.equal((await gateway.api('GET', '/agents')).json.pagination.total, before, 'nothing was made');
    });
  }

  for (const token of [undefined, 'wrong', `${adminToken}x`, adminToken.slice(1)]) {
    test(`with the token ${token}`, async () => {
      for (const [method, path, body] of [['GET', '/agents'], ['POST', '/agents', { name: 'A' }], ['GET', '/nothing']]) {
        const answer = await gateway.api(method, path, body, { token: token ?? null });
        assertError(answer, 401, 'unauthorized', /admin token/);
        assert.equal(answer.fields.get('www-authenticate'), 'Bearer');
      }
    });
  }
});

describe('lists', () => {
  test('come in pages that neither repeat nor leave out', async () => {
    const ids = new Set();
    for (let i = 0; i < 25; i += 1) ids.add((await create({ name: 'paged', labels: [{ key: 'page', value: `${i}` }] })).id);
    for (const sortBy of ['name', 'createdAt', 'updatedAt']) {
      const seen = [];
      for (let offset = 0; offset < 25; offset += 10) {
        const path = `/agents?search=PAGED&limit=10&offset=${offset}&sortBy=${sortBy}&sortDirection=desc`;
        const { data, pagination } = (await gateway.api('GET', path)).json;
        assert.deepEqual(pagination, { limit: 10, offset, total: 25 });
        seen.push(...data.map(({ id }) => id));
      }
      assert.deepEqual(new Set(seen), ids);
      assert.equal(seen.length, 25);
    }
    const values = (await gateway.api('GET', '/agents/labels/values?key=page')).json;
    assert.deepEqual(values.data, Array.from({ length: 25 }, (_, i) => `${i}`).sort());
    assert.ok((await gateway.api('GET', '/agents/labels/keys')).json.data.includes('page'));
    for (const id of ids) assert.equal((await gateway.api('DELETE', `/agents/${id}`)).status, 204);
    assert.deepEqual((await gateway.api('GET', '/agents/labels/values?key=page')).json.data, []);
  });
});

describe('HTTP', () => {
  test('keeps the connection, answers in order, and knows HEAD and Expect', async () => {
    const client = await Client.connect(gateway.apiPort);
    try {
      await client.send(
        Buffer.concat([
          requestBytes('GET', `/api/agents/${defaultId}`, bearer),
          requestBytes('HEAD', '/api/agents', bearer),
          requestBytes('GET', '/api/nothing', bearer),
        ]),
      );
      assert.equal(JSON.parse((await client.response()).body).id, defaultId);
      const head = await client.response({ method: 'HEAD' });
      assert.ok(head.status === 200 && Number(head.fields.get('content-length')) > 0);
      assert.equal((await client.response()).status, 404);
      const body = '{"captureContent":false}';
      const expecting = { ...bearer, 'Content-Type': 'application/json', Expect: '100-continue', 'Content-Length': body.length };
      await client.request('PUT', `/api/agents/${defaultId}`, { headers: expecting });
      assert.equal((await client.head()).status, 100);
      await client.send(body);
      assert.equal((await client.response()).status, 200);
      const chunked = { ...bearer, 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' };
      await client.request('PUT', `/api/agents/${defaultId}`, { headers: chunked, body: '2\r\n{}\r\n0\r\n\r\n' });
      assert.equal((await client.response()).status, 200);
    } finally {
      client.close();
    }
  });

  test('requests are measured and traced by their route', async () => {
    const before = await gateway.scrape();
    const traceId = 'f'.repeat(31);
    const cases = [
      ['GET', '/agents', '/api/agents', 200],
      ['GET', `/agents/${defaultId}`, '/api/agents/:id', 200],
      ['GET', '/agents/labels/keys', '/api/agents/labels/keys', 200],
      ['GET', '/agents/labels/values?key=a', '/api/agents/labels/values', 200],
      ['GET', '/openapi.json', '/api/openapi.json', 200],
      ['GET', '/whatever/raw', '/api/*', 404],
      ['DELETE', '/agents/nobody', '/api/agents/:id', 400],
    ];
    for (const [i, [method, path, route, status]] of cases.entries()) {
      const traceparent = `00-${traceId}${i}-000000000000000${i + 1}-01`;
      assert.equal((await gateway.api(method, path, undefined, { headers: { traceparent } })).status, status);
      await until(`the span of ${path}`, () => scene.collector.spansOf(`${traceId}${i}`).length > 0);
      const span = only(scene.collector.spansOf(`${traceId}${i}`), 'spans');
      assert.equal(span.name, `${method} ${route}`);
      assert.equal(span.attributes['http.route'], route);
      assert.equal(span.attributes['http.response.status_code'], status);
      const labels = { method, route, status_code: String(status) };
      await until('its metric', async () =>
        (await gateway.scrape()).since(before, 'http_request_duration_seconds_count', labels) === 1);
    }
  });

  test('/api/openapi.json describes what is there, to everybody', async () => {
    const { status, json } = await gateway.api('GET', '/openapi.json', undefined, { token: null });
    assert.equal(status, 200);
    assert.equal(json.openapi, '3.1.0');
    for (const [path, operations] of Object.entries(json.paths)) {
      const target = path.replace('{id}', '00000000-0000-4000-8000-00000000ffff').replace(/^\/api/, '');
      // A stream of events has no end to wait for.
      const hasEnd = (name) => !operations[name].responses['200']?.content?.['text/event-stream'];
      for (const method of Object.keys(operations).filter((name) => name !== 'parameters' && hasEnd(name))) {
        const answer = await gateway.api(method.toUpperCase(), target, method === 'post' || method === 'put' ? '' : undefined);
        assert.ok(operations[method].responses[answer.status], `${method} ${path}: ${answer.status} is not described`);
        assert.notEqual(answer.status, 405);
      }
    }
  });
});

describe('the next call', () => {
  /** One call, observed; the agent's own labels on metric and span as it shows them. */
  async function call(id) {
    const upstream = (own) => own.json200(completion);
    const act = (headers) => scene.post(headers, chatRequest, { path: chatPathOf(id) });
    const { result, record } = await scene.observe(act, { upstream });
    assert.equal(result.status, 200);
    const own = ['provider', 'model', 'agent_id', 'agent_name', 'outcome'];
    const labels = Object.entries(record.requests.labels).filter(([name]) => !own.includes(name));
    const attributes = Object.entries(record.client.attributes).filter(([name]) => name.startsWith('agent.'));
    return { name: record.requests.labels.agent_name, labels: Object.fromEntries(labels), attributes: Object.fromEntries(attributes) };
  }

  test('shows an agent as it was just answered', async () => {
    const { id } = await create({ name: 'Live', labels: [{ key: 'cost-center', value: '1' }] });
    assert.deepEqual(await call(id), {
      name: 'Live',
      labels: { cost_center: '1' },
      attributes: { 'agent.id': id, 'agent.name': 'Live', 'agent.cost-center': '1' },
    });
    await gateway.api('PUT', `/agents/${id}`, { name: 'Later', labels: [{ key: 'cost-center', value: '2' }, { key: 'team', value: 'x' }] });
    assert.deepEqual(await call(id), {
      name: 'Later',
      labels: { cost_center: '2', team: 'x' },
      attributes: { 'agent.id': id, 'agent.name': 'Later', 'agent.cost-center': '2', 'agent.team': 'x' },
    });
    await gateway.api('PUT', `/agents/${id}`, { labels: [] });
    assert.deepEqual((await call(id)).labels, {});
    const metrics = await gateway.scrape();
    assert.equal(metrics.sum('llm_requests_total', { agent_id: id }), 3, 'no change counts twice or resets');
  });

  test('carries labels of the greatest length whole', async () => {
    const label = { key: '𝕜'.repeat(63), value: '🤖'.repeat(255) };
    const { id } = await create({ name: '🤖'.repeat(255), labels: [label] });
    const { name, labels, attributes } = await call(id);
    assert.deepEqual([name, attributes['agent.name']], [label.value, label.value]);
    assert.deepEqual(Object.values(labels), [label.value]);
    assert.equal(attributes[`agent.${label.key}`], label.value);
  });

  test('goes to the changed default agent without an id in its path', async () => {
    await gateway.api('PUT', `/agents/${defaultId}`, { labels: [{ key: 'team', value: 'default' }] });
    const act = (headers) => scene.post(headers, chatRequest);
    const { record } = await scene.observe(act, { upstream: (own) => own.json200(completion) });
    assert.equal(record.requests.labels.team, 'default');
    await gateway.api('PUT', `/agents/${defaultId}`, { labels: [] });
  });

  test('sees a change on every shard', async () => {
    const { id } = await create({ name: 'Everywhere' });
    const name = scene.script((own) => own.json200(completion));
    const clients = await Promise.all(Array.from({ length: 24 }, () => Client.connect(gateway.apiPort)));
    try {
      for (let round = 1; round <= 10; round += 1) {
        const labels = [{ key: 'round', value: `${round}` }];
        assert.equal((await gateway.api('PUT', `/agents/${id}`, { labels })).status, 200);
        const headers = { 'Content-Type': 'application/json', 'x-case': name };
        await Promise.all(
          clients.map(async (client) => {
            await client.request('POST', chatPathOf(id), { headers, body: JSON.stringify(chatRequest) });
            assert.equal((await client.response()).status, 200);
          }),
        );
        const counted = async () =>
          (await gateway.scrape()).sum('llm_requests_total', { agent_id: id, round: `${round}` }) === clients.length;
        await until(`all calls of round ${round} under its label`, counted);
      }
    } finally {
      for (const client of clients) client.close();
    }
  });

  test('leaves one that is under way as it began', async () => {
    const { id } = await create({ name: 'Under way', labels: [{ key: 'phase', value: 'old' }] });
    const go = Promise.withResolvers();
    const upstream = async (own) => {
      await own.streamHead();
      await own.chunk(events.role);
      await go.promise;
      for (const part of [...words(3), events.stop, events.usage, events.done]) await own.chunk(part);
      await own.lastChunk();
    };
    const act = async (headers) => {
      const answer = scene.post(headers, streamRequest, { path: chatPathOf(id) });
      await scene.upstream.only(headers['x-case']);
      await gateway.api('PUT', `/agents/${id}`, { labels: [{ key: 'phase', value: 'new' }] });
      await gateway.api('DELETE', `/agents/${id}`);
      go.resolve();
      return answer;
    };
    const { record } = await scene.observe(act, { upstream });
    assert.equal(record.outcome, 'completed');
    assert.equal(record.requests.labels.phase, 'old');
    assert.equal(record.client.attributes['agent.phase'], 'old');
  });

  test('finds no agent that was deleted', async () => {
    const { id } = await create({ name: 'Gone' });
    await gateway.api('DELETE', `/agents/${id}`);
    const { result, record } = await scene.observe(
      (headers) => scene.post(headers, chatRequest, { path: chatPathOf(id) }),
      { tries: 0 },
    );
    assert.equal(result.status, 404);
    assert.equal(result.fields.get('x-archestra-error'), 'agent_not_found');
    const { error } = JSON.parse(result.body);
    assert.ok('param' in error && 'code' in error, `OpenAI's own shape: ${result.body}`);
    assert.equal(record.requests.labels.agent_id, 'unknown');
  });
});

describe('under load', () => {
  test('concurrent writes leave one of them', async () => {
    const { id } = await create({ name: 'Contended' });
    const writes = Array.from({ length: 60 }, (_, i) => `${i}`);
    const answers = await Promise.all(
      writes.map((value) => gateway.api('PUT', `/agents/${id}`, { name: `n${value}`, labels: [{ key: 'k', value }] })),
    );
    for (const [i, { status, json }] of answers.entries()) {
      assert.equal(status, 200);
      assert.deepEqual([json.name, json.labels[0].value], [`n${i}`, `${i}`], 'each is answered with what it made');
    }
    const last = (await gateway.api('GET', `/agents/${id}`)).json;
    assert.equal(last.name, `n${last.labels[0].value}`, 'no mixture of two');
    const latest = answers.map(({ json }) => json).sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1)).at(-1);
    assert.deepEqual(last, latest);
  });

  test('changes disturb no call, and every call is counted once', async () => {
    const { id } = await create({ name: 'Busy', labels: [{ key: 'n', value: '0' }] });
    const name = scene.script((own) => own.json200(completion));
    const calls = 300;
    let running = true;
    const changing = (async () => {
      let changes = 0;
      for (; running; changes += 1) {
        const labels = [{ key: 'n', value: `${changes % 5}` }];
        assert.equal((await gateway.api('PUT', `/agents/${id}`, { labels })).status, 200);
      }
      return changes;
    })();
    const lanes = Array.from({ length: 6 }, async () => {
      for (let i = 0; i < calls / 6; i += 1) {
        const response = await scene.post({ 'x-case': name }, chatRequest, { path: chatPathOf(id) });
        assert.equal(response.status, 200);
      }
    });
    await Promise.all(lanes).finally(() => (running = false));
    assert.ok((await changing) > 5, 'there were changes');
    const total = async () => (await gateway.scrape()).sum('llm_requests_total', { agent_id: id }) === calls;
    await until('each call in one series', total);
  });

  test('clients that leave at any time harm nothing', async () => {
    const { id } = await create({ name: 'Left' });
    const body = JSON.stringify({ labels: [{ key: 'k', value: 'v' }] });
    const bytes = requestBytes('PUT', `/api/agents/${id}`, { ...bearer, 'Content-Type': 'application/json' }, body);
    for (let i = 0; i < 80; i += 1) {
      const client = await Client.connect(gateway.apiPort);
      client.send(i % 4 === 0 ? bytes.subarray(0, -5) : bytes).catch(() => {});
      if (i % 2) await new Promise((resolve) => setImmediate(resolve));
      if (i % 3 === 0) client.reset();
      else if (i % 3 === 1) client.halfClose();
      else client.close();
      if (i % 3 === 1) setTimeout(() => client.close(), 50);
    }
    assert.equal((await gateway.api('GET', `/agents/${id}`)).status, 200);
    assert.equal((await exchange(gateway.apiPort, 'GET', '/ready')).status, 200);
  });
});
