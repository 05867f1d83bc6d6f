// Every way in which a server behind TLS can be bad: what the client gets, what is recorded, and that the log names what is
// wrong in words that whoever has to mend it understands.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';

import { assertBroken, assertGatewayError } from '../support/answers.mjs';
import { Authority, inDays } from '../support/certificate.mjs';
import { chatRequest, completion, streamRequest, wholeStream } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { until } from '../support/until.mjs';
import { Upstream } from '../support/upstream.mjs';

const jsonText = JSON.stringify(completion);
const json = { 'Content-Type': 'application/json' };

let root; // trusted
let stranger; // not trusted
let between; // issued by root
let good;
before(async () => {
  root = await Authority.make();
  stranger = await Authority.make({ name: 'a stranger' });
  between = await Authority.make({ name: 'between', issuer: root });
  good = await root.issue();
});
after(async () => {
  for (const authority of [root, stranger, between]) await authority.remove();
});

const env = () => ({ ARCHESTRA_CA_FILE: root.caFile, ARCHESTRA_THREADS: '1' });

/** Makes a call with a gateway whose provider is at `port`; {result, record, lines} with what it logged of the call. */
async function callAt(port, { more = {}, body = chatRequest, host = 'localhost' } = {}) {
  const scene = await Scene.start({ openaiBaseUrl: `https://${host}:${port}/v1`, env: { ...env(), ...more } });
  try {
    const { result, record } = await scene.observe((headers) => scene.post({ 'x-case': 'it', ...headers }, body));
    const log = () => scene.gateway.program.stderr.map((line) => JSON.parse(line));
    if (record.outcome !== 'completed')
      await until('the line about the failure', () => log().some(({ message }) => message === 'upstream failed'));
    return { result, record, lines: log() };
  } finally {
    await scene.stop();
  }
}

function whyOf({ lines }) {
  return lines.find(({ message }) => message === 'upstream failed')?.why;
}

/** A server on a plain socket: act(socket) for each connection, which is never left open. */
async function plainServer(act, use) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    act(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(server.address().port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** A TLS server with Node's options that answers as scripted. */
async function secureServer(secure, act, use) {
  const upstream = await Upstream.start({ secure });
  upstream.on('it', act ?? ((own) => own.json200(completion)));
  try {
    return await use(upstream.port, upstream);
  } finally {
    await upstream.stop();
  }
}

describe('a server that is not to be trusted gets nothing of a call:', () => {
  const bundle = async (...certificates) => Buffer.concat(await Promise.all(certificates));
  const rsa = (bits) => ['rsa', '-pkeyopt', `rsa_keygen_bits:${bits}`];
  // Node would not use such certificates and protocols by itself.
  const weak = 'DEFAULT:@SECLEVEL=0';
  const cases = {
    'its certificate has expired': {
      secure: () => root.issue({ from: inDays(-9), to: inDays(-2) }),
      why: /a certificate of the server has expired/,
      certificate: { depth: 0 },
    },
    'its certificate is not valid yet': {
      secure: () => root.issue({ from: inDays(2), to: inDays(9) }),
      why: /is not valid yet, or this clock is slow/,
      certificate: { depth: 0 },
    },
    'its certificate is for another name': {
      secure: () => root.issue({ names: 'DNS:api.example,DNS:*.localhost' }),
      why: /for another name \(hostname mismatch\)/,
      certificate: { names: 'DNS:api.example, DNS:*.localhost' },
    },
    'its certificate is for a name, and it is called by its address': {
      secure: () => good,
      host: '127.0.0.1',
      why: /for another address/,
      certificate: { names: 'DNS:localhost' },
    },
    'its certificate is signed by itself': {
      secure: async () => {
        const own = await Authority.make({ name: 'localhost' });
        return { cert: await own.certificate, key: await own.key, remove: () => own.remove() };
      },
      why: /self-signed and not trusted/,
      certificate: { subject: 'CN=localhost', issuer: 'CN=localhost' },
    },
    'its certificate is by an authority that nobody here knows': {
      secure: () => stranger.issue(),
      why: /the issuer of a certificate is unknown/,
      certificate: { issuer: 'CN=a stranger' },
    },
    'the same, and it sends that authority along': {
      secure: async () => {
        const { cert, key } = await stranger.issue();
        return { cert: await bundle(cert, stranger.certificate), key };
      },
      why: /comes from an authority that is not trusted/,
      certificate: { depth: 1, subject: 'CN=a stranger' },
    },
    'it leaves out the intermediate certificate': {
      secure: () => between.issue(),
      why: /left out an intermediate certificate/,
      certificate: { issuer: 'CN=between' },
    },
    'its key is too weak': {
      secure: async () => ({ ...(await root.issue({ key: rsa(1024) })), ciphers: weak }),
      why: /the key of the server's certificate is too weak/,
      certificate: { depth: 0 },
    },
    'its certificate is signed with SHA-1': {
      secure: async () => ({ ...(await root.issue({ digest: 'sha1' })), ciphers: weak }),
      why: /signed with a weak digest/,
      certificate: { depth: 0 },
    },
    'it knows TLS 1.1 at most': {
      secure: () => ({ ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: weak }),
      why: /no protocol version in common: TLS 1.2 or 1.3 is wanted/,
    },
    'it knows no cipher that is good enough': {
      secure: async () => ({ ...(await root.issue({ key: rsa(2048) })), maxVersion: 'TLSv1.2', ciphers: 'NULL-SHA256:@SECLEVEL=0' }),
      why: /no cipher or parameters in common/,
    },
    'it does not offer HTTP/1.1': {
      secure: () => ({ ...good, ALPNProtocols: ['h2'] }),
      why: /does not offer HTTP\/1.1/,
    },
  };
  for (const [name, { secure, why, certificate, host }] of Object.entries(cases)) {
    test(name, async () => {
      const options = await secure();
      await secureServer(options, null, async (port, upstream) => {
        const call = await callAt(port, { host });
        assertGatewayError(call.result, 502, 'tls_failure');
        call.record.assertOutcome({ outcome: 'upstream_unreachable', tryStatus: '0', errorType: 'tls_failure' });
        assert.deepEqual(upstream.heads, [], 'nothing of the call was sent');
        assert.match(whyOf(call), why);
        assert.equal(call.record.growth('tls_handshakes_total', { type: 'upstream_socket', result: 'failed' }), 1);
        const refused = call.lines.filter(({ message }) => message === 'certificate refused');
        assert.equal(refused.length, certificate ? 1 : 0);
        for (const [key, value] of Object.entries(certificate ?? {})) assert.equal(refused[0][key], value, key);
        if (certificate) assert.match(refused[0].not_after, /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z$/);
      });
      await options.remove?.();
    });
  }

  test('unless it sends the intermediate certificate', async () => {
    const { cert, key } = await between.issue();
    await secureServer({ cert: await bundle(cert, between.certificate), key }, null, async (port) => {
      const { record } = await callAt(port);
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    });
  });

  test('it wants a certificate of the client, of which TLS 1.3 tells after the handshake', () =>
    secureServer({ ...good, requestCert: true, rejectUnauthorized: true }, null, async (port, upstream) => {
      const call = await callAt(port);
      assertGatewayError(call.result, 502, 'upstream_truncated');
      call.record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_truncated' });
      assert.deepEqual(upstream.heads, []);
      assert.match(whyOf(call), /the server wants a certificate of the client/);
    }));
});

describe('a server that does not shake hands', () => {
  const refused = { status: 502, code: 'tls_failure', outcome: 'upstream_unreachable' };
  const cases = {
    'but answers in HTTP': {
      act: (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')),
      why: /what the peer speaks is not TLS/,
    },
    'but sends garbage': {
      act: (socket) => socket.once('data', () => socket.write(Buffer.alloc(512, 'garbage'))),
      why: /what the peer speaks is not TLS/,
    },
    'but closes the connection': {
      act: (socket) => socket.once('data', () => socket.end()),
      why: /closed the connection during the TLS handshake/,
    },
    'but resets the connection': {
      act: (socket) => socket.once('data', () => socket.resetAndDestroy()),
      why: /the connection broke during the TLS handshake \(Connection reset by peer\)/,
    },
    'but closes in the middle of its first record': {
      // A handshake record of 80 bytes, of which 5 come.
      act: (socket) => socket.once('data', () => socket.end(Buffer.from([22, 3, 3, 0, 80, 2, 0, 0, 76, 3]))),
      why: /closed the connection during the TLS handshake/,
    },
    'but alerts': {
      act: (socket) => socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 112]))),
      why: /the server does not know this name/,
    },
    'and never answers': {
      act: () => {},
      why: /timeout: TLS handshake/,
      is: { status: 504, code: 'connect_timeout', outcome: 'upstream_timeout' },
    },
    'and stops in the middle of its first record': {
      act: (socket) => socket.once('data', () => socket.write(Buffer.from([22, 3, 3, 0, 80, 2, 0, 0, 76, 3]))),
      why: /timeout: TLS handshake/,
      is: { status: 504, code: 'connect_timeout', outcome: 'upstream_timeout' },
    },
  };
  for (const [name, { act, why, is = refused }] of Object.entries(cases)) {
    test(name, () =>
      plainServer(act, async (port) => {
        const call = await callAt(port, { more: { ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: '1000' } });
        assertGatewayError(call.result, is.status, is.code);
        call.record.assertOutcome({ outcome: is.outcome, tryStatus: '0', errorType: is.code });
        assert.match(whyOf(call), why);
        assert.equal(call.record.growth('tls_handshakes_total', { type: 'upstream_socket', result: 'failed' }), 1);
      }));
  }
});

describe('a server that closes', () => {
  /** Without a word of TLS, once everything has arrived: Node says nothing where a socket is destroyed. */
  const cut = async (exchange) => {
    await exchange.allArrived();
    exchange.close();
  };
  const truncated = { outcome: 'upstream_truncated', errorType: 'upstream_truncated' };
  const cases = {
    'without close_notify before its answer': {
      act: cut,
      expected: { ...truncated, tryStatus: '0' },
      check: ({ result }) => assertGatewayError(result, 502, 'upstream_truncated'),
      why: /without a close_notify/,
    },
    'without close_notify in a body with Content-Length': {
      why: /without a close_notify/,
      act: async (exchange) => {
        await exchange.head(200, { ...json, 'Content-Length': jsonText.length });
        await exchange.send(jsonText.slice(0, 20));
        await cut(exchange);
      },
      expected: { ...truncated, tryStatus: '200' },
      check: ({ result }) => assertBroken(result, jsonText.slice(0, 20)),
    },
    'without close_notify at the end of a body that only the close ends': {
      why: /without a close_notify/,
      act: async (exchange) => {
        await exchange.head(200, json);
        await exchange.send(jsonText);
        await cut(exchange);
      },
      expected: { ...truncated, tryStatus: '200' },
      check: ({ result }) => assertBroken(result, jsonText),
    },
    'with close_notify at the end of such a body': {
      act: async (exchange) => {
        await exchange.head(200, json);
        await exchange.send(jsonText);
        exchange.end();
      },
      expected: { outcome: 'completed', tryStatus: '200' },
      check: ({ result }) => assert.deepEqual([result.end, result.body.toString()], ['complete', jsonText]),
    },
    'without close_notify after a body with Content-Length': {
      act: async (exchange) => {
        await exchange.json200(completion);
        await cut(exchange);
      },
      expected: { outcome: 'completed', tryStatus: '200' },
      check: ({ result }) => assert.deepEqual([result.end, result.body.toString()], ['complete', jsonText]),
    },
    'without close_notify in a stream': {
      why: /without a close_notify/,
      body: streamRequest,
      act: async (exchange) => {
        await exchange.streamHead();
        await exchange.chunk(wholeStream[0]);
        await cut(exchange);
      },
      expected: { ...truncated, tryStatus: '200' },
      check: ({ result }) => assertBroken(result, wholeStream[0]),
    },
  };
  for (const [name, { act, body, expected, check, why }] of Object.entries(cases)) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'])
      test(`${name}, ${maxVersion}`, () =>
        secureServer({ ...good, maxVersion }, act, async (port) => {
          const call = await callAt(port, { body });
          check(call);
          call.record.assertOutcome(expected);
          if (why) assert.match(whyOf(call), why);
        }));
  }
});

describe('a server that wants to shake hands again, as TLS 1.2 allows,', () => {
  const rehandshake = (exchange) => exchange.renegotiate();
  const secure = () => ({ ...good, maxVersion: 'TLSv1.2' });

  test('in mid-stream is refused, and breaks off by itself', () =>
    secureServer(
      secure(),
      async (exchange) => {
        await exchange.streamHead();
        await exchange.chunk(wholeStream[0]);
        await exchange.allArrived();
        assert.match(await rehandshake(exchange), /renegotiation/i);
      },
      async (port) => {
        const call = await callAt(port, { body: streamRequest });
        assertBroken(call.result, wholeStream[0]);
        call.record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_truncated' });
        assert.equal(call.record.growth('tls_handshakes_total', { type: 'upstream_socket', result: 'full' }), 1);
      },
    ));

  test('before its answer is refused, and breaks off by itself', () =>
    secureServer(
      secure(),
      async (exchange) => assert.match(await rehandshake(exchange), /renegotiation/i),
      async (port) => {
        const call = await callAt(port);
        assertGatewayError(call.result, 502, 'upstream_truncated');
        call.record.assertOutcome({ outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_truncated' });
      },
    ));
});

test('a certificate that is refused again and again is told once a second, with the number of lines left out', async () => {
  await secureServer(await stranger.issue(), null, async (port) => {
    const scene = await Scene.start({ openaiBaseUrl: `https://localhost:${port}/v1`, env: env() });
    try {
      const began = performance.now();
      let calls = 0;
      const fail = async () => {
        assert.equal((await scene.post({}, chatRequest)).status, 502);
        calls += 1;
      };
      while (calls < 20) await fail();
      await sleep(1100);
      await fail();
      for (const message of ['certificate refused', 'upstream failed']) {
        const all = () => scene.gateway.program.stderr.map((line) => JSON.parse(line));
        const lines = () => all().filter((line) => line.message === message);
        const told = () => lines().reduce((sum, { lines_left_out: leftOut }) => sum + 1 + leftOut, 0);
        await until(`${calls} lines, written or left out`, () => told() === calls);
        const most = 1 + (performance.now() - began) / 1000;
        assert.ok(lines().length >= 2 && lines().length <= most, `${lines().length} lines`);
      }
    } finally {
      await scene.stop();
    }
  });
});
