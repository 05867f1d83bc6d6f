// TLS on the API port: calls as without it, whom it refuses and how long it waits, and a certificate that is exchanged
// while it runs.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';

import OpenAI from 'openai';

import { Authority } from '../support/certificate.mjs';
import { Client, exchange } from '../support/client.mjs';
import { chatRequest, completion, events, streamRequest, wholeStream } from '../support/openai_chat.mjs';
import { run, temporaryFolder } from '../support/program.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';

const json = { 'Content-Type': 'application/json' };
const headTimeoutMs = 1000;

let authority;
let ca;
let folder;
let scene;
const files = () => ({
  ARCHESTRA_TLS_CERT_FILE: `${folder.path}/cert.pem`,
  ARCHESTRA_TLS_KEY_FILE: `${folder.path}/key.pem`,
});

/** Issues another certificate and puts it where the gateway finds it; its serial number. */
async function install() {
  const { certFile, keyFile, cert } = await authority.issue();
  await copyFile(certFile, files().ARCHESTRA_TLS_CERT_FILE);
  await copyFile(keyFile, files().ARCHESTRA_TLS_KEY_FILE);
  return new X509Certificate(cert).serialNumber;
}


before(async () => {
  authority = await Authority.make();
  ca = await authority.certificate;
  folder = await temporaryFolder();
  await install();
  scene = await Scene.start({
    env: { ...files(), ARCHESTRA_CLIENT_HEAD_TIMEOUT_MS: `${headTimeoutMs}` },
    secure: { ca },
  });
});
after(async () => {
  await scene?.stop();
  await folder.remove();
  await authority.remove();
});

/** The handshakes with clients so far, by how they ended. */
async function handshakes() {
  const metrics = await scene.gateway.scrape();
  const of = (result) => metrics.sum('tls_handshakes_total', { type: 'client_socket', result });
  return { full: of('full'), resumed: of('resumed'), failed: of('failed') };
}

/** Waits until one more handshake has failed than `before`. */
function oneMoreFailed(before) {
  return until('a handshake that failed', async () => (await handshakes()).failed === before.failed + 1);
}

describe('over TLS', () => {
  test('calls are relayed and recorded as ever, and their scheme is https', async () => {
    const { result, record } = await scene.observe((headers) => scene.post(headers, chatRequest), {
      upstream: (own) => own.json200(completion),
    });
    assert.equal(result.body.toString(), JSON.stringify(completion));
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    assert.equal(record.server.attributes['url.scheme'], 'https');
    assert.equal(record.log.client_address, '127.0.0.1');
  });

  test('streams come event by event', async () => {
    const gate = Promise.withResolvers();
    const upstream = async (own) => {
      await own.streamHead();
      await own.chunk(wholeStream[0]);
      await gate.promise;
      for (const event of wholeStream.slice(1)) await own.chunk(event);
      await own.lastChunk();
    };
    const { result, record } = await scene.observe(
      async (headers) => {
        const client = await Client.connect(scene.gateway.apiPort, { secure: { ca } });
        await client.request('POST', chatPath, { headers: { ...json, ...headers }, body: JSON.stringify(streamRequest) });
        const head = await client.head();
        await until('the first event', () => client.bytes.available >= wholeStream[0].length);
        gate.resolve();
        return { ...head, ...(await client.body(head)) };
      },
      { upstream },
    );
    assert.equal(result.body.toString(), wholeStream.filter((event) => event !== events.usage).join(''));
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  });

  test('a body of megabytes comes whole in both directions', async () => {
    const big = 'x'.repeat(5_000_000);
    const { result } = await scene.observe((headers) => scene.post(headers, { ...chatRequest, big }), {
      upstream: (own) => own.json200({ ...completion, echoed: own.json.big }),
    });
    assert.equal(JSON.parse(result.body).echoed, big);
  });

  test('URLs of ours begin with https://', async () => {
    const port = scene.gateway.apiPort;
    const { result } = await scene.observe(
      (headers) => scene.post({ ...headers, Host: `localhost:${port}` }, {}, { path: '/v1/gemini/upload/v1beta/files' }),
      {
        upstream: (own) =>
          own.respond(200, { 'X-Goog-Upload-URL': `http://127.0.0.1:${scene.upstream.port}/upload/1` }, ''),
      },
    );
    assert.equal(result.fields.get('x-goog-upload-url'), `https://localhost:${port}/v1/gemini/upload/1`);
  });

  test('the official SDK calls it', { skip: !tls.setDefaultCACertificates && 'Node cannot trust one more' }, async () => {
    const trusted = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...trusted, ca.toString()]);
    try {
      const baseURL = `https://localhost:${scene.gateway.apiPort}/v1/openai`;
      const { result } = await scene.observe(
        (headers) => new OpenAI({ baseURL, apiKey: 'k', maxRetries: 0 }).chat.completions.create(chatRequest, { headers }),
        { upstream: (own) => own.json200(completion) },
      );
      assert.equal(result.choices[0].message.content, completion.choices[0].message.content);
    } finally {
      tls.setDefaultCACertificates(trusted);
    }
  });

  test('`archestra healthcheck` asks over TLS', async () => {
    const env = { ...files(), ARCHESTRA_DATA_DIR: scene.gateway.dataFolder, ARCHESTRA_API_PORT: `${scene.gateway.apiPort}` };
    const { code, stderr } = await run(['healthcheck'], { env });
    assert.deepEqual([code, stderr], [0, '']);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'])
    test(`sessions of ${version} are resumed, on whichever shard`, async () => {
      const secure = { ca, minVersion: version, maxVersion: version };
      const first = await Client.connect(scene.gateway.apiPort, { secure });
      const sessions = [];
      first.tls.on('session', (session) => sessions.push(session));
      await first.request('GET', '/health');
      await first.response();
      const session = first.tls.getSession() ?? sessions[0];
      first.close();
      for (let i = 0; i < 4; i += 1) {
        const before = await handshakes();
        const next = await Client.connect(scene.gateway.apiPort, { secure: { ...secure, session: sessions.at(-1) ?? session } });
        assert.equal(next.tls.isSessionReused(), true);
        assert.equal(next.tls.getProtocol(), version);
        await next.request('GET', '/health'); // before, Node need not have sent the end of its handshake
        assert.equal((await next.response()).status, 200);
        next.close();
        await until('the count', async () => (await handshakes()).resumed === before.resumed + 1);
      }
    });
});

describe('the end of an answer that only the close ends', () => {
  /** The types of all TLS records that the gateway sent, and how its side ended; the client is of TLS 1.2 and HTTP/1.0. */
  async function recordsOf(upstream) {
    const tap = { bytes: [], end: Promise.withResolvers() };
    const relay = net.createServer((near) => {
      const far = net.connect(scene.gateway.apiPort, '127.0.0.1');
      near.pipe(far);
      far.pipe(near);
      far.on('data', (bytes) => tap.bytes.push(bytes));
      far.on('end', () => tap.end.resolve('ended'));
      far.on('error', () => tap.end.resolve('reset'));
      near.on('error', () => {});
      tap.close = () => [near, far].forEach((socket) => socket.destroy());
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    try {
      await scene.observe(
        async (headers) => {
          const client = await Client.connect(relay.address().port, { secure: { ca, maxVersion: 'TLSv1.2' } });
          const body = JSON.stringify(chatRequest);
          const fields = Object.entries({ ...json, ...headers, 'Content-Length': body.length });
          await client.send(`POST ${chatPath} HTTP/1.0\r\n${fields.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`);
          tap.how = await within('the end', tap.end.promise);
        },
        { upstream },
      );
    } finally {
      tap.close?.();
      relay.close();
    }
    const all = Buffer.concat(tap.bytes);
    const types = [];
    for (let at = 0; at + 5 <= all.length; at += 5 + all.readUInt16BE(at + 3)) types.push(all[at]);
    return { types, how: tap.how };
  }
  const alert = 21;

  test('is a close_notify', async () => {
    const { types, how } = await recordsOf(async (own) => {
      await own.streamHead();
      await own.chunk('{}');
      await own.lastChunk();
    });
    assert.deepEqual([types.at(-1), how], [alert, 'ended']);
  });

  test('is none where the upstream broke off', async () => {
    const { types, how } = await recordsOf(async (own) => {
      await own.streamHead();
      await own.chunk('{');
      own.end();
    });
    assert.ok(!types.includes(alert), `${types}`);
    assert.equal(how, 'reset');
  });
});

describe('what is refused', () => {
  const weak = 'DEFAULT:@SECLEVEL=0';
  const cases = {
    'TLS 1.1': { secure: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: weak }, error: /protocol version|unsupported/i },
    'a client that wants HTTP/2 alone': { secure: { ALPNProtocols: ['h2'] }, error: /no application protocol/i },
    'a client that does not trust us': { secure: { ca: [] }, error: /unable to/i },
  };
  for (const [name, { secure, error }] of Object.entries(cases))
    test(name, async () => {
      const before = await handshakes();
      await assert.rejects(Client.connect(scene.gateway.apiPort, { secure: { ca, ...secure } }), error);
      // The client knows of it before it is counted: the next test would take it for its own.
      await oneMoreFailed(before);
    });

  test('plain HTTP is told so', async () => {
    const before = await handshakes();
    // More than the gateway reads before it knows: what it does not read must not destroy its answer.
    const body = Buffer.alloc(300_000);
    const response = await exchange(scene.gateway.apiPort, 'POST', chatPath, { headers: json, body });
    assert.deepEqual([response?.status, response.fields.get('x-archestra-error'), response.end], [400, 'bad_request', 'complete']);
    assert.equal(response.body.toString(), 'This port speaks TLS: the scheme is https://.\n');
    assert.equal(response.fields.get('connection'), 'close');
    await oneMoreFailed(before);
  });

  test('a client of HTTP/2 that knows HTTP/1.1 as well gets that', async () => {
    const secure = { ca, ALPNProtocols: ['h2', 'http/1.1'] };
    const client = await Client.connect(scene.gateway.apiPort, { secure });
    assert.equal(client.tls.alpnProtocol, 'http/1.1');
    await client.request('GET', '/health');
    assert.equal((await client.response()).status, 200);
    client.close();
  });

  for (const [name, bytes] of Object.entries({ nothing: [], 'a part of its first record': [22, 3, 1, 2, 0, 1, 0] }))
    test(`a client that sends ${name} is let go after the time for a head`, async () => {
      const before = await handshakes();
      const client = await Client.connect(scene.gateway.apiPort);
      await client.send(Buffer.from(bytes));
      const start = performance.now();
      await within('the end of the connection', client.bytes.over);
      const took = performance.now() - start;
      assert.ok(took > headTimeoutMs * 0.8 && took < headTimeoutMs * 5, `${took} ms`);
      await oneMoreFailed(before);
    });

  test('leaves no line in the log, whoever tries', () => {
    const told = scene.gateway.program.stderr.filter((line) => /handshake|tls/i.test(line));
    assert.deepEqual(told, []);
  });
});

describe('SIGHUP', () => {
  const shown = async () => {
    const client = await Client.connect(scene.gateway.apiPort, { secure: { ca } });
    const { serialNumber } = client.tls.getPeerCertificate();
    client.close();
    return serialNumber;
  };
  /** Sends one and waits for the line that it makes. */
  async function hangUp() {
    const before = scene.gateway.program.stderr.length;
    scene.gateway.program.kill('SIGHUP');
    const line = await until('a line', () => scene.gateway.program.stderr.slice(before).find((each) => /certificate/.test(each)));
    return JSON.parse(line);
  }
  const health = async (client) => {
    await client.request('GET', '/health');
    return (await client.response()).status;
  };

  test('brings another certificate to new connections, and old ones go on', async () => {
    const old = await Client.connect(scene.gateway.apiPort, { secure: { ca } });
    const serial = await install();
    assert.notEqual(await shown(), serial, 'nothing is read before');
    const line = await hangUp();
    assert.deepEqual([line.level, line.message], ['info', 'certificate read again']);
    assert.match(line.not_after, /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z$/);
    for (let i = 0; i < 4; i += 1) assert.equal(await shown(), serial);
    assert.equal(await health(old), 200);
    old.close();
  });

  const spoils = {
    'a certificate that is none': [() => writeFile(files().ARCHESTRA_TLS_CERT_FILE, 'no PEM'), /the certificate file cannot be used/],
    'another key': [async () => copyFile((await authority.issue()).keyFile, files().ARCHESTRA_TLS_KEY_FILE), /the key/],
  };
  for (const [name, [spoil, why]] of Object.entries(spoils))
    test(`with ${name} leaves the old in force and says why`, async () => {
      await install();
      await hangUp();
      const serial = await shown();
      await spoil();
      const line = await hangUp();
      assert.deepEqual([line.level, line.message], ['error', 'certificate not read again; the old one stays in force']);
      assert.match(line.why, why);
      assert.equal(await shown(), serial);
    });
});

test('the end does not wait for a client in its handshake', async () => {
  await install();
  const own = await Scene.start({ env: files(), secure: { ca } });
  const client = await Client.connect(own.gateway.apiPort);
  const start = performance.now();
  await own.stop();
  assert.ok(performance.now() - start < 5000, 'less than the time for a head');
  client.close();
});

describe('a start is refused', () => {
  const start = (env) => run(['serve'], { env: { ARCHESTRA_DATA_DIR: `${folder.path}/none`, ARCHESTRA_API_PORT: '0', ARCHESTRA_METRICS_PORT: '0', ...env } });

  test('with a certificate and no key', async () => {
    const { code, stderr } = await start({ ARCHESTRA_TLS_CERT_FILE: files().ARCHESTRA_TLS_CERT_FILE });
    assert.notEqual(code, 0);
    assert.match(stderr, /ARCHESTRA_TLS_CERT_FILE, ARCHESTRA_TLS_KEY_FILE: one is of no use without the other/);
  });

  test('with the key of another certificate', async () => {
    await install();
    await copyFile((await authority.issue()).keyFile, files().ARCHESTRA_TLS_KEY_FILE);
    const { code, stderr } = await start(files());
    assert.notEqual(code, 0);
    assert.match(stderr, /ARCHESTRA_TLS_KEY_FILE "[^"]*": the key/);
  });
});
