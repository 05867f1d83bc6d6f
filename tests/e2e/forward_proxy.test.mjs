// A forward proxy on the way to a provider behind TLS, and to the collector: HTTPS_PROXY and NO_PROXY.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { assertGatewayError } from '../support/answers.mjs';
import { Authority } from '../support/certificate.mjs';
import { exchange } from '../support/client.mjs';
import { Collector } from '../support/collector.mjs';
import { refusingPort } from '../support/dead_ends.mjs';
import { ForwardProxy, Tinyproxy, tinyproxyMissing } from '../support/forward_proxy.mjs';
import { NameServer } from '../support/name_server.mjs';
import { chatRequest, completion, events, streamRequest, wholeStream } from '../support/openai_chat.mjs';
import { run } from '../support/program.mjs';
import { Scene } from '../support/scene.mjs';
import { until } from '../support/until.mjs';
import { Upstream } from '../support/upstream.mjs';

const host = 'provider.test';
const user = 'gateway';
const password = 'pass-word';
const credentials = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const json = { 'Content-Type': 'application/json' };

let authority;
let secure; // of the provider and of the collector
before(async () => {
  authority = await Authority.make();
  secure = await authority.issue({ names: `DNS:${host},DNS:collector.test` });
});
after(() => authority.remove());

let upstream;
let proxy;
let names; // what the gateway can ask
beforeEach(async () => {
  upstream = await Upstream.start({ secure });
  proxy = await ForwardProxy.start();
  names = await NameServer.start({ 'proxy.test': ['127.0.0.1'] });
  upstream.on('json', (own) => own.json200(completion));
  upstream.on('close', (own) => own.respond(200, { ...json, Connection: 'close' }, JSON.stringify(completion)));
  upstream.on('stream', async (own) => {
    await own.streamHead();
    for (const event of wholeStream) await own.chunk(event);
    await own.lastChunk();
  });
});
afterEach(async () => {
  await upstream.stop();
  await proxy.stop();
  await names.stop();
});

/** Runs act(scene) with a gateway of one shard that knows `proxyUrl` and is otherwise told `env`. */
async function withGateway(env, act, { proxyUrl = `http://${user}:${password}@proxy.test:${proxy.port}` } = {}) {
  const scene = await Scene.start({
    openaiBaseUrl: upstream.baseUrl(host),
    env: {
      ARCHESTRA_CA_FILE: authority.caFile,
      ARCHESTRA_THREADS: '1',
      ARCHESTRA_DNS_SERVERS: names.address,
      HTTPS_PROXY: proxyUrl,
      ...env,
    },
  });
  try {
    await act(scene);
  } finally {
    await scene.stop();
  }
}

const call = (scene, name, body = chatRequest) =>
  scene.observe((headers) => scene.post({ ...headers, 'x-case': name }, body));

async function assertCompletes(scene, name = 'json') {
  const { result, record } = await call(scene, name);
  assert.equal(result.status, 200);
  assert.equal(result.body.toString(), JSON.stringify(completion));
  record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  return record;
}

const logOf = (scene) => scene.gateway.program.stderr.map((line) => JSON.parse(line));
const logged = (scene, message) => logOf(scene).filter((line) => line.message === message);

function handshakes(record) {
  const of = (result) => record.growth('tls_handshakes_total', { type: 'upstream_socket', result });
  return { full: of('full'), resumed: of('resumed'), failed: of('failed') };
}

describe('a provider behind a proxy', () => {
  test('is asked for by its name, which only the proxy looks up, and the connection is used again', () =>
    withGateway({}, async (scene) => {
      const record = await assertCompletes(scene);
      assert.equal(record.client.attributes['server.address'], host);
      assert.equal(record.client.attributes['server.port'], upstream.port);
      const stream = await call(scene, 'stream', streamRequest);
      assert.equal(stream.result.body.toString(), wholeStream.filter((event) => event !== events.usage).join(''));
      for (let i = 0; i < 3; i += 1) await assertCompletes(scene);

      assert.equal(proxy.heads.length, 1);
      const [{ startLine, fields }] = proxy.heads;
      assert.equal(startLine, `CONNECT ${host}:${upstream.port} HTTP/1.1`);
      assert.deepEqual(fields.list, [
        ['Host', `${host}:${upstream.port}`],
        ['Proxy-Authorization', credentials],
      ]);
      assert.equal(upstream.connections, 1);
      assert.equal(upstream.heads[0].fields.get('host'), `${host}:${upstream.port}`);
      assert.equal(upstream.heads[0].fields.get('proxy-authorization'), undefined);
      assert.deepEqual([...new Set(names.asked.map(({ name }) => name))], ['proxy.test']);

      const [line, ...more] = logged(scene, 'upstreams are reached by a proxy');
      assert.deepEqual(more, []);
      assert.equal(line.proxy, `proxy.test:${proxy.port}`);
      assert.equal(line.providers, 'openai, anthropic, gemini');
      assert.equal(line.collector, 'no', 'it is on this machine');
      const everything = [...scene.gateway.program.stderr, ...scene.gateway.program.stdout].join('\n');
      for (const secret of [password, credentials.split(' ')[1]]) assert.ok(!everything.includes(secret));
    }));

  for (const [version, resumed] of [['TLSv1.2', [false, true, true]], ['TLSv1.3', [false, true, true]]])
    test(`resumes sessions of ${version} in new tunnels`, async () => {
      await upstream.stop();
      upstream = await Upstream.start({ secure: { ...secure, minVersion: version, maxVersion: version } });
      upstream.on('close', (own) => own.respond(200, { ...json, Connection: 'close' }, JSON.stringify(completion)));
      await withGateway({}, async (scene) => {
        for (const isResumed of resumed)
          assert.deepEqual(handshakes(await assertCompletes(scene, 'close')), {
            full: isResumed ? 0 : 1,
            resumed: isResumed ? 1 : 0,
            failed: 0,
          });
        assert.deepEqual(upstream.resumed, resumed);
        assert.equal(proxy.heads.length, resumed.length);
        await until('the end of the tunnels', () => proxy.open === 0);
      });
    });

  test('is verified by its own name', async () => {
    await upstream.stop();
    upstream = await Upstream.start({ secure: await authority.issue({ names: 'DNS:proxy.test' }) });
    await withGateway({}, async (scene) => {
      const { result, record } = await call(scene, 'json');
      assertGatewayError(result, 502, 'tls_failure');
      record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'tls_failure' });
      assert.deepEqual(upstream.heads, []);
    });
  });

  test('gets a request again that went out on a connection that had ended', () =>
    withGateway({}, async (scene) => {
      await assertCompletes(scene);
      let requests = 0;
      const { result, record } = await scene.observe(
        (headers) => {
          upstream.on('stale', (own) => ((requests += 1) === 1 ? own.end() : own.json200(completion)));
          return exchange(scene.gateway.apiPort, 'GET', '/v1/openai/models', { headers: { ...headers, 'x-case': 'stale' } });
        },
      );
      assert.equal(result.status, 200);
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      assert.equal(requests, 2);
      assert.equal(proxy.heads.length, 2);
    }));

  test('whose URL begins with http:// is called straight', async () => {
    const plain = await Upstream.start();
    plain.on('json', (own) => own.json200(completion));
    const env = { ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: `plain=${plain.baseUrl('plain.test')}` };
    names.names.set('plain.test', ['127.0.0.1']);
    try {
      await withGateway(env, async (scene) => {
        const { result, record } = await scene.observe((headers) =>
          scene.post({ ...headers, 'x-case': 'json' }, chatRequest, { path: '/v1/plain/chat/completions' }),
        );
        assert.equal(result.status, 200);
        record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
      });
      assert.deepEqual(proxy.heads, []);
      assert.equal(plain.heads.length, 1);
    } finally {
      await plain.stop();
    }
  });

  for (const list of [host, '.test', `other.example, *.test:443,${host.toUpperCase()}`, '*'])
    test(`is called straight with NO_PROXY=${list}`, () => {
      names.names.set(host, ['127.0.0.1']);
      return withGateway({ NO_PROXY: list }, async (scene) => {
        await assertCompletes(scene);
        assert.deepEqual(proxy.heads, []);
        assert.ok(names.asked.some(({ name }) => name === host));
        assert.equal(logged(scene, 'upstreams are reached by a proxy')[0].providers, '');
      });
    });

  test('is not called straight for what NO_PROXY says of others', () =>
    withGateway({ NO_PROXY: `${host}:1,notprovider.test,127.0.0.0/8` }, async (scene) => {
      await assertCompletes(scene);
      assert.equal(proxy.heads.length, 1);
    }));

  test('is called straight where it is on this machine', async () => {
    await upstream.stop();
    upstream = await Upstream.start({ secure: await authority.issue({ names: 'DNS:localhost' }) });
    upstream.on('json', (own) => own.json200(completion));
    await withGateway({ ARCHESTRA_OPENAI_BASE_URL: upstream.baseUrl('localhost') }, async (scene) => {
      await assertCompletes(scene);
      assert.deepEqual(proxy.heads, []);
    });
  });
});

test('the name in small letters wins, and the flag over both', () =>
  withGateway({ HTTPS_PROXY: 'http://capital.test:1', https_proxy: `proxy.test:${proxy.port}`, NO_PROXY: '*', no_proxy: 'x.test' }, async (scene) => {
    await assertCompletes(scene);
    assert.equal(proxy.heads.length, 1);
    assert.equal(proxy.heads[0].fields.get('proxy-authorization'), undefined);
    const shown = await run(['check-config', '--https-proxy', 'http://u:p@flag.test'], {
      env: { HTTPS_PROXY: 'http://capital.test:1', https_proxy: 'http://small.test:1' },
    });
    assert.match(shown.stdout, /^# https_proxy = "http:\/\/\*\*\*@flag\.test" {2}# flag$/m);
    const empty = await run(['check-config'], { env: { NO_PROXY: 'capital.test', no_proxy: '' } });
    assert.match(empty.stdout, /^no_proxy = "capital\.test" {2}# environment$/m, 'an empty one is as good as none');
  }));

test('a proxy that makes no sense stops the start, and its password is not repeated', async () => {
  const names = ['https://user:hidden@proxy.test', 'socks5://user:hidden@proxy.test', 'http://user:hid?den@proxy.test/x'];
  for (const HTTPS_PROXY of names) {
    const { code, stderr } = await run(['serve'], { env: { HTTPS_PROXY } });
    assert.notEqual(code, 0, HTTPS_PROXY);
    assert.match(stderr, /HTTPS_PROXY \(environment\): \(a secret\) is not accepted; it takes http:\/\//);
    assert.ok(!/hid/.test(stderr), stderr);
  }
});

test('what makes no sense in NO_PROXY, which is not ours alone, is told and ignored', () => {
  names.names.set(host, ['127.0.0.1']);
  return withGateway({ NO_PROXY: `<local>,${host}` }, async (scene) => {
    await assertCompletes(scene);
    assert.deepEqual(proxy.heads, []);
    const [warning] = logged(scene, 'what is neither name, address nor network means nobody');
    assert.equal(warning?.name, 'NO_PROXY: <local>');
  });
});

describe('a real proxy, tinyproxy,', { skip: tinyproxyMissing }, () => {
  let real;
  before(async () => (real = await Tinyproxy.start({ hosts: { [host]: '127.0.0.1' }, user, password })));
  after(() => real?.stop());

  test('carries calls and streams to a provider whose name only it knows', () =>
    withGateway(
      {},
      async (scene) => {
        const requests = real.requests.length;
        for (let i = 0; i < 3; i += 1) await assertCompletes(scene);
        const stream = await call(scene, 'stream', streamRequest);
        assert.equal(stream.result.body.toString(), wholeStream.filter((event) => event !== events.usage).join(''));
        assert.deepEqual(handshakes(await assertCompletes(scene, 'close')), { full: 0, resumed: 0, failed: 0 });
        assert.deepEqual(handshakes(await assertCompletes(scene)), { full: 0, resumed: 1, failed: 0 });
        assert.deepEqual(real.requests.slice(requests), Array(2).fill(`CONNECT ${host}:${upstream.port} HTTP/1.1`));
        assert.equal(upstream.connections, 2);
      },
      { proxyUrl: `http://${user}:${password}@proxy.test:${real.port}` },
    ));

  for (const [what, userInfo] of Object.entries({ 'no password': '', 'another password': `${user}:other@` }))
    test(`refuses who has ${what}`, () =>
      withGateway(
        {},
        async (scene) => {
          const { result, record } = await call(scene, 'json');
          assertGatewayError(result, 502, 'proxy_failed');
          record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'proxy_failed' });
          const status = userInfo === '' ? 407 : 401; // as tinyproxy has it
          assert.match(logged(scene, 'upstream failed')[0].why, new RegExp(`^proxy_failed: the proxy .*\\(status ${status}\\)$`));
          assert.equal(upstream.connections, 0);
        },
        { proxyUrl: `http://${userInfo}proxy.test:${real.port}` },
      ));
});

describe('a proxy that', () => {
  const failed = { status: 502, code: 'proxy_failed', outcome: 'upstream_unreachable' };
  const late = { status: 504, code: 'connect_timeout', outcome: 'upstream_timeout' };
  const tunnel = 'HTTP/1.1 200 OK\r\n\r\n';
  const faults = {
    'wants other credentials': {
      act: (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 2\r\n\r\nno'),
      why: 'proxy_failed: the proxy wants credentials, or others (status 407)',
    },
    'forbids the tunnel': {
      act: (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
      why: 'proxy_failed: the proxy refused the tunnel (status 403)',
    },
    'cannot reach the provider': {
      act: (socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'),
      why: 'proxy_failed: the proxy refused the tunnel (status 502)',
    },
    'answers with garbage': {
      act: (socket) => socket.write(Buffer.alloc(20_000, 'garbage')),
      why: "proxy_failed: the proxy's answer was too long",
    },
    'speaks something else': {
      act: (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n'),
      why: "proxy_failed: the proxy's answer was not valid HTTP",
    },
    'closes in the middle of its head': {
      act: (socket) => socket.end('HTTP/1.1 200 OK\r\nVia: 1.1'),
      why: 'proxy_failed: the proxy broke the connection before it answered',
    },
    'closes at once': {
      act: (socket) => socket.end(),
      why: 'proxy_failed: the proxy broke the connection before it answered',
    },
    'resets the connection': {
      act: (socket) => socket.resetAndDestroy(),
      why: 'proxy_failed: the proxy broke the connection before it answered',
    },
    'never ends its head': {
      act: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const more = () => {
          while (socket.writable && socket.write(`X: ${'x'.repeat(500)}\r\n`));
        };
        socket.on('drain', more);
        more();
      },
      why: "proxy_failed: the proxy's answer was too long",
    },
    'sends interim answers without end': {
      act: (socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)),
      why: "proxy_failed: the proxy's answer was not valid HTTP",
    },
    'sends bytes behind its head': {
      act: (socket) => socket.write(`${tunnel}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}`),
      why: 'proxy_failed: bytes came out of the tunnel before anything was sent (status 200)',
    },
    'sends bytes where TLS is to begin': {
      act: (socket) => {
        socket.write(tunnel);
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'));
      },
      why: 'tls_failure: what the peer speaks is not TLS',
      is: { ...failed, code: 'tls_failure' },
    },
    'closes the tunnel at once': {
      act: (socket) => socket.end(tunnel),
      why: 'tls_failure: ',
      is: { ...failed, code: 'tls_failure' },
    },
    'says nothing': { act: () => {}, why: 'timeout: the proxy did not answer', is: late },
    'says a byte now and then': {
      act: (socket) => {
        const all = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1000)}\r\n\r\n`;
        let sent = 0;
        const timer = setInterval(() => socket.write(all[(sent += 1)]), 50);
        socket.on('close', () => clearInterval(timer));
      },
      why: 'timeout: the proxy did not answer',
      is: late,
    },
  };
  for (const [name, { act, why, is = failed }] of Object.entries(faults))
    test(name, () =>
      withGateway({ ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: is === late ? '500' : '10000' }, async (scene) => {
        proxy.act = act;
        const { result, record } = await call(scene, 'json');
        assertGatewayError(result, is.status, is.code);
        record.assertOutcome({ outcome: is.outcome, tryStatus: '0', errorType: is.code });
        assert.equal(record.client.attributes['server.address'], host);
        await until('the line about the failure', () => logged(scene, 'upstream failed').length > 0);
        const [line, ...more] = logged(scene, 'upstream failed');
        assert.deepEqual(more, []);
        assert.ok(line.why.startsWith(why), `${line.why}, not ${why}`);
        assert.equal(line.host, host);
        assert.equal(proxy.heads.length, 1);
        assert.deepEqual(upstream.heads, []);

        // And the next one finds no trace of that.
        proxy.act = null;
        await assertCompletes(scene);
      }));

  test('is not there', async () => {
    const { port, release } = await refusingPort();
    await withGateway(
      {},
      async (scene) => {
        const { result, record } = await call(scene, 'json');
        assertGatewayError(result, 502, 'proxy_failed');
        record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'proxy_failed' });
        assert.equal(logged(scene, 'upstream failed')[0].why, 'proxy_failed: the proxy refused the connection');
      },
      { proxyUrl: `127.0.0.1:${port}` },
    );
    release();
  });

  test('has no address', () =>
    withGateway(
      {},
      async (scene) => {
        const { result } = await call(scene, 'json');
        assertGatewayError(result, 502, 'proxy_failed');
        assert.equal(logged(scene, 'upstream failed')[0].why, "proxy_failed: the proxy's name has no address");
      },
      { proxyUrl: 'http://nowhere.test:3128' },
    ));

  test('refuses once is asked again where calls are tried again', () =>
    withGateway({ ARCHESTRA_RETRIES: '1', ARCHESTRA_RETRY_BACKOFF_MS: '1' }, async (scene) => {
      proxy.act = (socket) => {
        proxy.act = null;
        socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
      };
      const { result, record } = await scene.observe((headers) => scene.post({ ...headers, 'x-case': 'json' }, chatRequest), {
        tries: 2,
      });
      assert.equal(result.status, 200);
      record.assertTries([
        { outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'proxy_failed' },
        { outcome: 'completed', tryStatus: '200' },
      ]);
    }));
});

describe('a collector behind TLS', () => {
  let collector;
  beforeEach(async () => (collector = await Collector.start({ secure })));
  afterEach(() => collector.stop());
  const endpoint = () => `https://collector.test:${new URL(collector.origin).port}/v1/traces`;

  /** A call to a provider that is reached straight; its spans. */
  async function withCollector(env, act) {
    names.names.set(host, ['127.0.0.1']);
    const scene = await Scene.start({
      openaiBaseUrl: upstream.baseUrl(host),
      env: {
        ARCHESTRA_CA_FILE: authority.caFile,
        ARCHESTRA_DNS_SERVERS: names.address,
        ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(),
        HTTPS_PROXY: `proxy.test:${proxy.port}`,
        OTEL_BSP_SCHEDULE_DELAY: '100',
        ...env,
      },
    });
    try {
      const result = await scene.post({ 'x-case': 'json' }, chatRequest);
      assert.equal(result.status, 200);
      await act(scene);
    } finally {
      await scene.stop();
    }
  }

  test('is reached by the proxy', () =>
    withCollector({ NO_PROXY: host }, async (scene) => {
      await until('the spans', () => collector.spans.length >= 2);
      assert.deepEqual([...new Set(proxy.heads.map(({ startLine }) => startLine))], [`CONNECT ${new URL(endpoint()).host} HTTP/1.1`]);
      assert.ok(names.asked.every(({ name }) => name !== 'collector.test'));
      const [line] = logged(scene, 'upstreams are reached by a proxy');
      assert.deepEqual([line.providers, line.collector], ['', 'yes']);
    }));

  test('is reached straight where NO_PROXY says so', () => {
    names.names.set('collector.test', ['127.0.0.1']);
    return withCollector({ NO_PROXY: '.test' }, async () => {
      await until('the spans', () => collector.spans.length >= 2);
      assert.deepEqual(proxy.heads, []);
    });
  });

  test('is told of in the log where the proxy refuses', () => {
    proxy.act = (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    return withCollector({ NO_PROXY: host }, async (scene) => {
      const message = 'telemetry does not reach the collector; it is kept, then dropped and counted';
      await until('the line', () => logged(scene, message).length === 1);
      assert.equal(logged(scene, message)[0].why, 'proxy_failed: the proxy wants credentials, or others (status 407)');
      proxy.act = null;
      await until('the spans', () => collector.spans.length >= 2);
    });
  });
});
