// What the gateway is to everything around it: its endpoints, its metrics and traces, and what of a call it lets through
// to the provider and back.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Client, exchange } from '../support/client.mjs';
import { Gateway } from '../support/gateway.mjs';
import { chatRequest, completion, wholeStream } from '../support/openai_chat.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

const chatText = JSON.stringify(chatRequest);
const unknownAgent = '3f0c5a1e-0000-4000-8000-000000000000';

let scene;
let port;
before(async () => {
  scene = await Scene.start();
  port = scene.gateway.apiPort;
});
after(() => scene.stop());

/** The path of a file operation below the provider's prefix: what only passes through. */
const filesPath = '/v1/openai/files';

describe('endpoints', () => {
  test('/health', async () => {
    const response = await exchange(port, 'GET', '/health');
    assert.equal(response.status, 200);
    assert.match(response.fields.get('content-type'), /^application\/json/);
    const { version, ...rest } = JSON.parse(response.body);
    assert.deepEqual(rest, { status: 'Archestra Platform API' });
    assert.match(version, /^\d+\.\d+\.\d+/);
  });

  test('/ready', async () => assert.equal((await exchange(port, 'GET', '/ready')).status, 200));

  test('HEAD has the fields of GET and no body', async () => {
    const client = await Client.connect(port);
    await client.request('HEAD', '/health');
    const head = await client.response({ method: 'HEAD' });
    await client.request('GET', '/health');
    const response = await client.response();
    assert.equal(response.status, 200);
    assert.equal(head.fields.get('content-length'), String(response.body.length));
    client.close();
  });

  for (const path of ['/nothing', '/v1', '/v1/nobody/chat/completions', '/healthy']) {
    test(`404 for ${path}`, async () => {
      const response = await exchange(port, 'GET', path);
      assert.equal(response.status, 404);
      const { error } = JSON.parse(response.body);
      assert.equal(typeof error.message, 'string');
      assert.equal(typeof error.type, 'string');
    });
  }

  test('404 in OpenAI\'s shape for an agent that is not known', async () => {
    const { result, record } = await scene.observe(
      (headers) => scene.post(headers, chatRequest, { path: `/v1/openai/${unknownAgent}/chat/completions` }),
      { tries: 0 },
    );
    assert.equal(result.status, 404);
    assert.ok(result.fields.get('x-archestra-error'));
    assert.deepEqual(Object.keys(JSON.parse(result.body).error).sort(), ['code', 'message', 'param', 'type']);
    assert.equal(record.requests.labels.agent_id, 'unknown');
    assert.equal(record.httpLabels.route, '/v1/openai/:agentId/chat/completions');
  });

  test('the default agent has its own path too', async () => {
    const first = await scene.observe((headers) => scene.post(headers, chatRequest), { upstream: answerChat });
    const { agent_id: id, agent_name: name } = first.record.requests.labels;
    assert.equal(name, 'Default Agent');
    const { result, record } = await scene.observe(
      (headers) => scene.post(headers, chatRequest, { path: `/v1/openai/${id}/chat/completions` }),
      { upstream: answerChat },
    );
    assert.equal(result.status, 200);
    assert.equal(record.requests.labels.agent_id, id);
    assert.equal(record.server.name, 'POST /v1/openai/:agentId/chat/completions');
    assert.equal(record.client.attributes['agent.id'], id);
    assert.equal(record.client.attributes['agent.name'], 'Default Agent');
  });
});

describe('/metrics', () => {
  test('is Prometheus text whose every family says what it is', async () => {
    const response = await exchange(scene.gateway.metricsPort, 'GET', '/metrics');
    assert.equal(response.fields.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const metrics = await scene.gateway.scrape();
    for (const [name, { help, type }] of metrics.families) {
      assert.ok(help?.length > 0, `HELP of ${name}`);
      assert.match(type ?? 'none', /^(counter|gauge|histogram|summary)$/, `TYPE of ${name}`);
    }
    for (const name of [
      'http_request_duration_seconds',
      'llm_request_duration_seconds',
      'llm_tokens_total',
      'llm_requests_total',
      'llm_requests_in_flight',
      'llm_time_to_first_token_seconds',
      'process_cpu_user_seconds_total',
      'process_cpu_system_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
    ]) {
      assert.ok(metrics.families.has(name), name);
    }
    assert.ok(metrics.sum('process_resident_memory_bytes') > 1e6);
    assert.ok(Math.abs(metrics.sum('process_start_time_seconds') - Date.now() / 1000) < 600);
  });

  test('shows every family before its first sample', async () => {
    const gateway = await Gateway.start();
    try {
      const fresh = new Set((await gateway.scrape()).families.keys());
      const used = (await scene.gateway.scrape()).families.keys();
      for (const name of used) assert.ok(fresh.has(name), `${name} only appears with its first sample`);
    } finally {
      await gateway.stop();
    }
  });

  test('has histograms whose buckets add up', async () => {
    await scene.observe((headers) => scene.post(headers, chatRequest), { upstream: answerChat });
    const metrics = await scene.gateway.scrape();
    for (const [name, { type }] of metrics.families) if (type === 'histogram') assertBuckets(metrics, name);
    const bounds = (name) => new Set(metrics.samples(`${name}_bucket`).map(({ labels }) => labels.le));
    assert.deepEqual(
      [...bounds('http_request_duration_seconds')],
      ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1.0', '2.5', '5.0', '10.0', '+Inf'],
    );
    assert.deepEqual(
      [...bounds('llm_request_duration_seconds')],
      ['0.05', '0.1', '0.25', '0.5', '1.0', '2.0', '5.0', '10.0', '20.0', '30.0', '60.0', '120.0', '300.0', '600.0', '+Inf'],
    );
  });

  test('is not served on the API port, nor the API on the metrics port', async () => {
    assert.equal((await exchange(port, 'GET', '/metrics')).status, 404);
    assert.equal((await exchange(scene.gateway.metricsPort, 'GET', '/health')).status, 404);
  });

  test('labels routes by template, never by raw path', async () => {
    await exchange(port, 'GET', `/nothing/${unknownAgent}`);
    await pass('GET', `${filesPath}/file-123456`, (own) => own.json200({}));
    const templates = new Set([
      '/health',
      '/ready',
      'unmatched',
      '/v1/openai/chat/completions',
      '/v1/openai/:agentId/chat/completions',
      '/v1/openai/*',
      '/v1/openai/:agentId/*',
    ]);
    const metrics = await scene.gateway.scrape();
    const routes = metrics.samples('http_request_duration_seconds_count').map(({ labels }) => labels.route);
    assert.ok(routes.includes('unmatched') && routes.includes('/v1/openai/*'), routes.join(' '));
    for (const route of routes) assert.ok(templates.has(route), route);
  });
});

describe('traces', () => {
  test('continue the client\'s and go on to the provider', async () => {
    const { record, caseName } = await scene.observe((headers) => scene.post(headers, chatRequest), {
      upstream: answerChat,
      headers: { tracestate: 'vendor=value' },
    });
    const { fields } = await scene.upstream.only(caseName);
    assert.deepEqual(fields.all('traceparent'), [`00-${record.client.traceId}-${record.client.spanId}-01`]);
    assert.equal(fields.get('tracestate'), 'vendor=value');
    assert.equal(record.server.name, `POST ${chatPath}`);
    assert.equal(record.server.attributes['http.request.method'], 'POST');
    assert.equal(record.server.attributes['http.route'], chatPath);
    assert.equal(record.server.attributes['http.response.status_code'], 200);
    assert.equal(record.server.attributes['url.path'], chatPath);
    assert.equal(record.server.traceState, 'vendor=value');
  });

  test('are not recorded where the client\'s is not', async () => {
    const name = scene.script(answerChat);
    const traceId = randomBytes(16).toString('hex');
    await scene.post({ 'x-case': name, traceparent: `00-${traceId}-00f067aa0ba902b7-00` }, chatRequest);
    const { fields } = await scene.upstream.only(name);
    assert.match(fields.get('traceparent'), new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    await scene.observe((headers) => scene.post(headers, chatRequest), { upstream: answerChat }); // comes later
    assert.deepEqual(scene.collector.spansOf(traceId), []);
  });

  test('begin here where the client sends none, or nonsense', async () => {
    for (const headers of [{}, { traceparent: '00-zz-00f067aa0ba902b7-01' }]) {
      const name = scene.script(answerChat);
      await scene.post({ 'x-case': name, ...headers }, chatRequest);
      const { fields } = await scene.upstream.only(name);
      const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-03$/.exec(fields.get('traceparent'));
      await until('its spans', () => scene.collector.spansOf(traceId).length === 2);
      const server = scene.collector.spansOf(traceId).find(({ parentSpanId }) => parentSpanId === '');
      assert.ok(server, 'the SERVER span is a root');
      assert.ok(scene.collector.spansOf(traceId).some((span) => span.spanId === spanId));
    }
  });
});

describe('fields', () => {
  test('go upstream, but not hop-by-hop ones, baggage and our own', async () => {
    const kept = {
      Authorization: 'Bearer sk-secret-of-the-client',
      'OpenAI-Organization': 'org-1',
      'User-Agent': 'test/1',
      'x-unknown': 'a, b;  c="d"',
      'Content-Type': 'application/json; charset=utf-8',
      'Idempotency-Key': 'once',
    };
    const dropped = {
      Connection: 'keep-alive, x-named-by-connection',
      'x-named-by-connection': '1',
      'Keep-Alive': 'timeout=5',
      'Proxy-Connection': 'keep-alive',
      TE: 'trailers',
      baggage: 'user=alice',
      'X-Archestra-Agent-Id': 'mine',
      'X-Archestra-Session-Id': 'session-1',
    };
    const { caseName } = await scene.observe((headers) => scene.post(headers, chatRequest), {
      upstream: answerChat,
      headers: { ...kept, ...dropped },
    });
    const { fields, body } = await scene.upstream.only(caseName);
    for (const [name, value] of Object.entries(kept)) assert.equal(fields.get(name), value, name);
    for (const name of Object.keys(dropped).filter((own) => own !== 'Connection')) {
      assert.equal(fields.get(name), undefined, name);
    }
    assert.doesNotMatch(fields.get('connection') ?? '', /x-named/);
    assert.equal(fields.get('host'), `127.0.0.1:${scene.upstream.port}`);
    assert.equal(body.toString(), chatText);
  });

  test('come back, but not hop-by-hop ones', async () => {
    const { result } = await pass('GET', filesPath, (own) =>
      own.respond(
        200,
        [
          ['x-request-id', 'req-1'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['Connection', 'x-hop'],
          ['x-hop', '1'],
          ['Keep-Alive', 'timeout=5'],
        ],
        '{}',
      ),
    );
    assert.equal(result.fields.get('x-request-id'), 'req-1');
    assert.deepEqual(result.fields.all('set-cookie'), ['a=1', 'b=2']);
    assert.equal(result.fields.get('x-hop'), undefined);
    assert.equal(result.fields.get('keep-alive'), undefined);
    assert.equal(result.fields.get('content-length'), '2');
  });

  test('no credential gets into spans or logs', async () => {
    const secret = `sk-${randomBytes(12).toString('hex')}`;
    const { record } = await scene.observe((headers) => scene.post(headers, chatRequest), {
      upstream: answerChat,
      headers: { Authorization: `Bearer ${secret}` },
    });
    const { stdout, stderr } = scene.gateway.program;
    assert.ok(![...stdout, ...stderr].some((line) => line.includes(secret)));
    assert.ok(!JSON.stringify([record.server.attributes, record.client.attributes]).includes(secret));
  });

  test('Server-Timing tells the gateway\'s time from the provider\'s', async () => {
    const { result } = await scene.observe((headers) => scene.post(headers, chatRequest), {
      upstream: async (own) => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        await answerChat(own);
      },
    });
    const parts = /^gateway;dur=([\d.]+), upstream;dur=([\d.]+)$/.exec(result.fields.get('server-timing'));
    assert.ok(parts, result.fields.get('server-timing'));
    assert.ok(Number(parts[2]) >= 55, `upstream took ${parts[2]} ms`);
    assert.ok(Number(parts[1]) < 55, `the gateway took ${parts[1]} ms`);
  });
});

describe('the usage option', () => {
  const cases = {
    'is added': [{ stream: true }, { stream: true, stream_options: { include_usage: true } }],
    'is merged with other stream options': [
      { stream: true, stream_options: { include_obfuscation: false } },
      { stream: true, stream_options: { include_obfuscation: false, include_usage: true } },
    ],
    'is put into empty stream options': [
      { stream: true, stream_options: {} },
      { stream: true, stream_options: { include_usage: true } },
    ],
    'replaces null': [{ stream: true, stream_options: null }, { stream: true, stream_options: { include_usage: true } }],
    'is switched on where it was off': [
      { stream: true, stream_options: { include_usage: false } },
      { stream: true, stream_options: { include_usage: true } },
    ],
    'is left alone without a stream': [{ stream: false }, { stream: false }],
  };
  for (const [name, [asked, sent]] of Object.entries(cases)) {
    test(name, async () => {
      const { result, caseName, record } = await scene.observe(
        (headers) => scene.post(headers, { ...chatRequest, ...asked }),
        { upstream: (own) => (asked.stream ? answerStream(own) : answerChat(own)) },
      );
      assert.equal(result.status, 200);
      assert.ok(asked.stream === false || !result.body.includes('"prompt_tokens"'));
      assert.deepEqual((await scene.upstream.only(caseName)).json, { ...chatRequest, ...sent });
      assert.deepEqual(record.tokens, { input: 11, output: 7 });
    });
  }
});

function pass(method, target, upstream) {
  return scene.observe((headers) => exchange(port, method, target, { headers }), { upstream });
}

function answerChat(own) {
  return own.json200(completion);
}

async function answerStream(own) {
  await own.streamHead();
  for (const event of wholeStream) await own.chunk(event);
  await own.lastChunk();
}

function assertBuckets(metrics, name) {
  const series = new Map();
  for (const { labels, value } of metrics.samples(`${name}_bucket`)) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(rest);
    const before = series.get(key) ?? { bound: -Infinity, value: 0 };
    const bound = le === '+Inf' ? Infinity : Number(le);
    assert.ok(bound > before.bound && value >= before.value, `${name}${key} le=${le}`);
    series.set(key, { bound, value });
  }
  for (const [key, { bound, value }] of series) {
    assert.equal(bound, Infinity, `${name}${key} has no +Inf`);
    const [count] = metrics.samples(`${name}_count`, JSON.parse(key));
    assert.equal(value, count.value, `${name}${key}`);
  }
}
