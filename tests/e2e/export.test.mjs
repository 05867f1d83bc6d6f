// Spans over OTLP/HTTP: where they go, with which authentication, and what is in them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Collector, SpanKind } from '../support/collector.mjs';
import { answeringUpstream, call, endpointOf, withExport, withGateway } from '../support/export.mjs';
import { completion } from '../support/openai_chat.mjs';
import { newTrace } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

let upstream;
before(async () => (upstream = await answeringUpstream()));
after(() => upstream.stop());

const withCollector = (env, act) => withExport(upstream, env, act);

/** The request in which the spans of one call arrived. */
async function exported(gateway, collector) {
  const traceId = await call(gateway);
  await until('the spans', () => collector.spansOf(traceId).length === 2);
  return collector.requests.at(-1);
}

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

describe('the endpoint of OpenTelemetry\'s own variables', () => {
  const base = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const traces = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const ours = 'ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT';
  const forms = {
    'of all signals gets v1/traces': [{ [base]: '' }, '/v1/traces'],
    'of all signals gets it behind its path': [{ [base]: '/otlp/' }, '/otlp/v1/traces'],
    'of traces is used verbatim': [{ [base]: '/base', [traces]: '/custom' }, '/custom'],
    'of traces without a path is /': [{ [traces]: '' }, '/'],
    'yields to ours': [{ [base]: '/base', [traces]: '/custom', [ours]: '/ours' }, '/ours'],
  };
  for (const [name, [paths, used]] of Object.entries(forms)) {
    test(name, () =>
      withCollector(
        ({ origin }) => Object.fromEntries(Object.entries(paths).map(([key, path]) => [key, origin + path])),
        async (gateway, collector) => {
          const { method, path } = await exported(gateway, collector);
          assert.equal(`${method} ${path}`, `POST ${used}`);
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
      (collector) => ({ ...endpointOf(collector), OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue,x-key=a%20b,User-Agent=mine' }),
      async (gateway, collector) => {
        const { headers } = await exported(gateway, collector);
        assert.equal(headers['user-agent'], 'mine', 'instead of ours, not beside it');
        assert.equal(headers['x-team'], 'blue');
        assert.equal(headers['x-key'], 'a b');
      },
    ));

  test('fields of traces instead of those of all signals, and basic beside them', () =>
    withCollector(
      (collector) => ({
        ...endpointOf(collector),
        ...username,
        ...password,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-scope-orgid=tenant-1,authorization=Other%20one',
      }),
      async (gateway, collector) => {
        const { headers } = await exported(gateway, collector);
        assert.equal(headers['x-team'], undefined);
        assert.equal(headers['x-scope-orgid'], 'tenant-1');
        assert.equal(headers.authorization, basic);
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

for (const off of [
  { OTEL_TRACES_EXPORTER: 'none' },
  { OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' },
]) {
  test(`${JSON.stringify(off)} sends nothing`, async () => {
    const collector = await Collector.start();
    try {
      await withGateway(upstream, { ...endpointOf(collector), ...off }, (gateway) => call(gateway));
      assert.deepEqual(collector.requests, [], 'not even at its end');
    } finally {
      await collector.stop();
    }
  });
}

test('ARCHESTRA_OTEL_SPAN_NAMES=genai names LLM spans as the GenAI conventions do', () =>
  withCollector(
    (collector) => ({ ...endpointOf(collector), ARCHESTRA_OTEL_SPAN_NAMES: 'genai' }),
    async (gateway, collector) => {
      const traceId = await call(gateway);
      await until('the spans', () => collector.spansOf(traceId).length === 2);
      const names = collector.spansOf(traceId).map(({ kind, name }) => [kind, name]);
      assert.deepEqual(Object.fromEntries(names), {
        [SpanKind.SERVER]: 'POST /v1/openai/chat/completions',
        [SpanKind.CLIENT]: 'chat gpt-test',
      });
    },
  ));

test('one batch says who sent it', () =>
  withCollector(endpointOf, async (gateway, collector) => {
    const traceId = await call(gateway);
    await until('the spans', () => collector.spansOf(traceId).length === 2);
    const [{ resource, scope }] = collector.spansOf(traceId);
    assert.equal(resource['service.name'], 'archestra');
    assert.ok(resource['service.version']);
    assert.equal(resource['telemetry.sdk.language'], 'cpp');
    assert.ok(scope.name);
  }));

describe('resource attributes', () => {
  const resourceWith = async (env, check) =>
    withCollector(
      (collector) => ({ ...endpointOf(collector), ...env }),
      async (gateway, collector) => {
        const traceId = await call(gateway);
        await until('the spans', () => collector.spansOf(traceId).length === 2);
        await check(collector.spansOf(traceId)[0].resource, gateway);
      },
    );

  test('say more of the process', () =>
    resourceWith(
      { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod,team=a%2Cb,service.name=gateway' },
      (resource) => {
        assert.equal(resource['deployment.environment.name'], 'prod');
        assert.equal(resource.team, 'a,b');
        assert.equal(resource['service.name'], 'gateway');
      },
    ));

  test('do not win over OTEL_SERVICE_NAME', () =>
    resourceWith(
      { OTEL_RESOURCE_ATTRIBUTES: 'service.name=gateway', OTEL_SERVICE_NAME: 'llm-gateway' },
      (resource) => assert.equal(resource['service.name'], 'llm-gateway'),
    ));

  test('are left out as a whole where one of them makes no sense', () =>
    resourceWith({ OTEL_RESOURCE_ATTRIBUTES: 'team=a,%zz=1' }, async (resource, gateway) => {
      assert.equal(resource.team, undefined);
      assert.equal(resource['service.name'], 'archestra');
      await until('a line about it', () => gateway.program.stderr.some((line) => line.includes('OTEL_RESOURCE_ATTRIBUTES')));
    }));
});

test('a sample rate of 0 exports only what the caller has sampled', () =>
  withCollector(
    (collector) => ({ ...endpointOf(collector), ARCHESTRA_OTEL_TRACES_SAMPLE_RATE: '0' }),
    async (gateway, collector) => {
      for (let i = 0; i < 5; i += 1) await call(gateway, { isTraced: false });
      const traceId = await call(gateway);
      await until('the spans', () => collector.spansOf(traceId).length === 2);
      assert.equal(collector.spans.length, 2);
      assert.equal((await gateway.scrape()).sum('llm_requests_total'), 6);
    },
  ));

describe('which requests leave spans', () => {
  const kinds = { root: '03', sampled: '01', unsampled: '00' };
  const all = ['root', 'sampled', 'unsampled'];
  const cases = [
    [{}, ['root', 'sampled']],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, all],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, []],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, []],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, ['sampled']],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, ['sampled']],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' }, ['root', 'sampled']],
    [{ OTEL_TRACES_SAMPLER: 'always_on', ARCHESTRA_OTEL_TRACES_SAMPLE_RATE: '0' }, ['sampled']],
  ];
  for (const [env, expected] of cases) {
    test(`${JSON.stringify(env)}: ${expected.join(', ') || 'none'}`, async () => {
      const collector = await Collector.start();
      const sent = {};
      try {
        await withGateway(upstream, { OTEL_TRACES_EXPORTER: 'otlp', ...endpointOf(collector), ...env }, async (gateway) => {
          for (const kind of all) {
            const before = upstream.exchanges.length;
            const given = kind === 'root' ? {} : { traceparent: newTrace().traceparent.replace(/01$/, kinds[kind]) };
            await call(gateway, { isTraced: false, headers: given });
            const [exchange, ...others] = upstream.exchanges.slice(before);
            assert.deepEqual(others, []);
            [, sent[kind]] = exchange.fields.get('traceparent').split('-');
            const flags = parseInt(exchange.fields.get('traceparent').slice(-2), 16);
            assert.equal((flags & 1) === 1, expected.includes(kind), `what the provider is told of a ${kind} one`);
          }
          assert.equal((await gateway.scrape()).sum('llm_requests_total'), all.length);
        });
        // The gateway has ended: what it had to say it has said.
        const seen = all.filter((kind) => collector.spansOf(sent[kind]).length > 0);
        assert.deepEqual(seen, expected);
        for (const kind of expected) assert.equal(collector.spansOf(sent[kind]).length, 2);
      } finally {
        await collector.stop();
      }
    });
  }
});

describe('a span', () => {
  const remote = 0x300; // OpenTelemetry: whether a parent is remote is known, and it is
  const local = 0x100;
  const sampled = 1;
  const random = 2; // W3C: the trace id, which is then one of ours
  const sides = { [SpanKind.SERVER]: 'POST /v1/openai/chat/completions', [SpanKind.CLIENT]: 'openai.chat.completions' };

  test('says its kind, and whether its parent is somebody else\'s', () =>
    withCollector(endpointOf, async (gateway, collector) => {
      const traceId = await call(gateway);
      await call(gateway, { isTraced: false });
      await until('the spans', () => collector.spans.length === 4);
      for (const { kind, name } of collector.spans) assert.equal(name, sides[kind]);
      for (const { kind, flags, traceId: own } of collector.spans) {
        const isRemote = kind === SpanKind.SERVER && own === traceId;
        const ofTrace = own === traceId ? sampled : sampled | random;
        assert.equal(flags, (isRemote ? remote : local) | ofTrace, `flags of kind ${kind}`);
      }
    }));

  test('begins and ends when the call did', () =>
    withCollector(endpointOf, async (gateway, collector) => {
      const answerAfterMs = 120;
      upstream.on('late', async (own) => {
        await new Promise((resolve) => setTimeout(resolve, answerAfterMs));
        await own.json200(completion);
      });
      const before = wallNanoseconds();
      const traceId = await call(gateway, { caseName: 'late' });
      const after = wallNanoseconds();
      await until('the spans', () => collector.spansOf(traceId).length === 2);
      const slack = 5_000_000n; // the clocks' grains
      for (const { start, end, name } of collector.spansOf(traceId)) {
        assert.ok(start >= before - slack, `${name} began ${before - start} ns too early`);
        assert.ok(end <= after + slack, `${name} ended ${end - after} ns too late`);
        assert.ok(end - start >= BigInt(answerAfterMs) * 1_000_000n - slack, `${name} took ${end - start} ns`);
      }
    }));
});

function wallNanoseconds() {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}
