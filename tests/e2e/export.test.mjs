// Spans over OTLP/HTTP: where they go, with which authentication, and what happens when nobody takes them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { exchange } from '../support/client.mjs';
import { Collector } from '../support/collector.mjs';
import { refusingPort } from '../support/dead_ends.mjs';
import { Gateway } from '../support/gateway.mjs';
import { chatRequest, completion } from '../support/openai_chat.mjs';
import { chatPath, newTrace } from '../support/scene.mjs';
import { until } from '../support/until.mjs';
import { Upstream } from '../support/upstream.mjs';

let upstream;
before(async () => {
  upstream = await Upstream.start();
  upstream.on('chat', (own) => own.json200(completion));
});
after(() => upstream.stop());

/** Runs act(gateway, collector) with a gateway whose environment is env(collector); all is stopped after it. */
async function withCollector(env, act) {
  const collector = await Collector.start();
  try {
    await withGateway({ OTEL_TRACES_EXPORTER: 'otlp', ...env(collector) }, (gateway) => act(gateway, collector));
    assert.deepEqual(collector.faults, []);
  } finally {
    await collector.stop();
  }
}

async function withGateway(env, act) {
  const gateway = await Gateway.start({ openaiBaseUrl: upstream.baseUrl(), env });
  try {
    await act(gateway);
  } finally {
    await gateway.stop();
  }
}

/** One chat call; its trace id. */
async function call(gateway) {
  const { traceId, traceparent } = newTrace();
  const headers = { 'Content-Type': 'application/json', 'x-case': 'chat', traceparent };
  const response = await exchange(gateway.apiPort, 'POST', chatPath, { headers, body: JSON.stringify(chatRequest) });
  assert.equal(response.status, 200);
  return traceId;
}

/** The request in which the spans of one call arrived. */
async function exported(gateway, collector) {
  const traceId = await call(gateway);
  await until('the spans', () => collector.spansOf(traceId).length === 2);
  return collector.requests.at(-1);
}

const endpointOf = (collector) => ({ ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });

describe('the endpoint', () => {
  const forms = {
    'with /v1/traces is used as it is': ['/v1/traces', '/v1/traces'],
    'that ends in /v1/traces is used as it is': ['/prefix/v1/traces', '/prefix/v1/traces'],
    'without a path gets /v1/traces': ['', '/v1/traces'],
    'with / gets /v1/traces': ['/', '/v1/traces'],
    'with any other path is used verbatim': ['/otlp/custom', '/otlp/custom'],
  };
  for (const [name, [given, used]] of Object.entries(forms)) {
    test(name, () =>
      withCollector(
        ({ origin }) => ({ ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: origin + given }),
        async (gateway, collector) => {
          const { method, path, headers } = await exported(gateway, collector);
          assert.equal(`${method} ${path}`, `POST ${used}`);
          assert.equal(headers['content-type'], 'application/x-protobuf');
          assert.equal(headers['content-encoding'], undefined);
          assert.equal(headers.authorization, undefined, 'no credential was configured');
        },
      ));
  }
});

describe('authentication', () => {
  const bearer = { ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_BEARER: 'bearer-credential' };
  const username = { ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_USERNAME: 'alice' };
  const password = { ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_PASSWORD: 'pässword:1' };
  const basic = `Basic ${Buffer.from('alice:pässword:1').toString('base64')}`;
  const cases = {
    'a bearer token': [bearer, 'Bearer bearer-credential'],
    'user name and password': [{ ...username, ...password }, basic],
    'the bearer token, where both are there': [{ ...bearer, ...username, ...password }, 'Bearer bearer-credential'],
    'nothing, without a password': [username, undefined],
    'nothing, without a user name': [password, undefined],
  };
  for (const [name, [env, expected]] of Object.entries(cases)) {
    test(name, () =>
      withCollector(
        (collector) => ({ ...endpointOf(collector), ...env }),
        async (gateway, collector) => {
          const { headers } = await exported(gateway, collector);
          assert.equal(headers.authorization, expected);
          const { stdout, stderr } = gateway.program;
          assert.ok(![...stdout, ...stderr].some((line) => /bearer-credential|pässword/.test(line)), 'it is logged');
        },
      ));
  }

  test('fields of the backend\'s own', () =>
    withCollector(
      (collector) => ({ ...endpointOf(collector), OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue,x-key=a%20b' }),
      async (gateway, collector) => {
        const { headers } = await exported(gateway, collector);
        assert.equal(headers['x-team'], 'blue');
        assert.equal(headers['x-key'], 'a b');
      },
    ));
});

test('gzip on request', () =>
  withCollector(
    (collector) => ({ ...endpointOf(collector), OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }),
    async (gateway, collector) => {
      const { headers } = await exported(gateway, collector);
      assert.equal(headers['content-encoding'], 'gzip');
    },
  ));

test('OTEL_TRACES_EXPORTER=none sends nothing', async () => {
  const collector = await Collector.start();
  try {
    await withGateway({ ...endpointOf(collector), OTEL_TRACES_EXPORTER: 'none' }, call);
    assert.deepEqual(collector.requests, [], 'not even at its end');
  } finally {
    await collector.stop();
  }
});

test('a collector that refuses for a while gets each span once', () =>
  withCollector(endpointOf, async (gateway, collector) => {
    collector.answer = { status: 503, headers: { 'retry-after': '0' } };
    const traceId = await call(gateway);
    await until('a refused export', () => collector.requests.length > 0);
    assert.deepEqual(collector.spans, []);
    collector.answer = { status: 200, headers: {} };
    await until('the spans', () => collector.spansOf(traceId).length >= 2, { withinMs: 30_000 });
    const later = await call(gateway);
    await until('later spans', () => collector.spansOf(later).length === 2);
    assert.equal(collector.spansOf(traceId).length, 2);
  }));

test('calls go on without a collector', async () => {
  const dead = await refusingPort();
  const env = { OTEL_TRACES_EXPORTER: 'otlp', ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${dead.port}/v1/traces` };
  try {
    await withGateway(env, async (gateway) => {
      for (let i = 0; i < 20; i += 1) await call(gateway);
      assert.equal((await gateway.scrape()).sum('llm_requests_total', { outcome: 'completed' }), 20);
    });
  } finally {
    dead.release();
  }
});

test('one batch says who sent it', () =>
  withCollector(endpointOf, async (gateway, collector) => {
    const traceId = await call(gateway);
    await until('the spans', () => collector.spansOf(traceId).length === 2);
    const [{ resource, scope }] = collector.spansOf(traceId);
    assert.match(resource['service.name'], /archestra/i);
    assert.ok(resource['service.version']);
    assert.ok(scope.name);
  }));
