// How the gateway handles HTTP: bodies that stream through, connections, limits, and its distrust of what two parsers
// could read differently.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Client, exchange, requestBytes } from '../support/client.mjs';
import { chatRequest, completion, streamRequest, wholeStream } from '../support/openai_chat.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { until } from '../support/until.mjs';
import { chunk } from '../support/upstream.mjs';

const json = { 'Content-Type': 'application/json' };
const chatText = JSON.stringify(chatRequest);
/** A path of what only passes through. */
const filesPath = '/v1/openai/files';

let scene;
let port;
before(async () => {
  scene = await Scene.start();
  port = scene.gateway.apiPort;
});
after(() => scene.stop());

describe('passing through', () => {
  test('keeps method, path and query', async () => {
    const { caseName, record } = await pass('DELETE', `${filesPath}/a%2Fb?limit=2&after=x%20y&empty=`, (own) =>
      own.send('HTTP/1.1 204 No Content\r\n\r\n'),
    );
    const { method, target } = await scene.upstream.only(caseName);
    assert.equal(`${method} ${target}`, 'DELETE /v1/files/a%2Fb?limit=2&after=x%20y&empty=');
    record.assertOutcome({ outcome: 'completed', tryStatus: '204' });
    assert.equal(record.httpLabels.route, '/v1/openai/*');
  });

  test('takes /v1 in the path as well', async () => {
    const { caseName } = await pass('GET', '/v1/openai/v1/models', (own) => own.json200({ data: [] }));
    assert.equal((await scene.upstream.only(caseName)).target, '/v1/models');
  });

  test('relays what is no JSON, and HEAD without a body', async () => {
    const bytes = randomBytes(300_000);
    const answer = (own) =>
      own.method === 'HEAD'
        ? own.head(200, { 'Content-Length': bytes.length })
        : own.respond(200, { 'Content-Type': 'audio/mpeg' }, bytes);
    const got = await pass('GET', `${filesPath}/f/content`, answer);
    assert.ok(got.result.body.equals(bytes));
    const head = await pass('HEAD', `${filesPath}/f/content`, answer);
    assert.equal(head.result.fields.get('content-length'), String(bytes.length));
  });

  for (const framing of ['Content-Length', 'chunks']) {
    test(`streams an upload through: ${framing}`, async () => {
      const content = multipart(randomBytes(3_000_000));
      const half = content.length >> 1;
      const { caseName, result } = await scene.observe(
        async (headers) => {
          const client = await Client.connect(port);
          const length = framing === 'chunks' ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': content.length };
          const fields = { 'Content-Type': 'multipart/form-data; boundary=edge', ...length, ...headers };
          const wire = (bytes) => (framing === 'chunks' ? chunk(bytes) : bytes);
          await client.send(requestBytes('POST', filesPath, fields));
          await client.send(wire(content.subarray(0, half)));
          await until('the head at the provider, before the body is whole', () =>
            scene.upstream.heads.some(({ fields: seen }) => seen.get('x-case') === headers['x-case']),
          );
          await client.send(wire(content.subarray(half)));
          if (framing === 'chunks') await client.send('0\r\n\r\n');
          const response = await client.response();
          client.close();
          return response;
        },
        { upstream: (own) => own.json200({ id: 'file-1' }) },
      );
      assert.equal(result.status, 200);
      const seen = await scene.upstream.only(caseName);
      assert.ok(seen.body.equals(content));
      assert.equal(seen.fields.get('content-type'), 'multipart/form-data; boundary=edge');
    });
  }

  test('pauses the provider while the client does not read', async () => {
    const block = randomBytes(1 << 16);
    const blocks = 512;
    let sent = 0;
    const { result } = await scene.observe(
      async (headers) => {
        const client = await Client.connect(port);
        await client.request('GET', `${filesPath}/big/content`, { headers });
        const head = await client.head();
        client.bytes.pause();
        await until('the provider to stand still', stoodStill(() => sent));
        assert.ok(sent < blocks * 0.75, `${sent} of ${blocks} blocks left the provider although nobody read`);
        client.bytes.resume();
        const response = await client.body(head);
        client.close();
        return response;
      },
      {
        upstream: async (own) => {
          await own.head(200, { 'Content-Length': block.length * blocks });
          for (; sent < blocks; sent += 1) await own.send(block);
        },
      },
    );
    assert.equal(result.end, 'complete');
    const expected = createHash('sha256');
    for (let i = 0; i < blocks; i += 1) expected.update(block);
    assert.equal(createHash('sha256').update(result.body).digest('hex'), expected.digest('hex'));
  });
});

describe('connections', () => {
  test('are kept, and answer pipelined requests in order', async () => {
    const delays = [80, 0, 20];
    const client = await Client.connect(port);
    const requests = delays.map((delay) => {
      const name = scene.script(async (own) => {
        await new Promise((resolve) => setTimeout(resolve, delay));
        await own.json200({ ...completion, id: `after-${delay}` });
      });
      return requestBytes('POST', chatPath, { ...json, 'x-case': name }, chatText);
    });
    await client.send(Buffer.concat([...requests, requestBytes('GET', '/health')]));
    for (const delay of delays) assert.equal(JSON.parse((await client.response()).body).id, `after-${delay}`);
    assert.equal((await client.response()).status, 200);
    await client.request('GET', '/ready');
    assert.equal((await client.response()).status, 200);
    client.close();
  });

  test('to the provider are used again', async () => {
    const numbers = new Set();
    for (let i = 0; i < 10; i += 1) {
      const { caseName } = await scene.observe((headers) => scene.post(headers, chatRequest), { upstream: answerChat });
      numbers.add((await scene.upstream.only(caseName)).connection);
    }
    assert.ok(numbers.size <= 2, `10 calls one after the other took ${numbers.size} connections with two shards`);
  });

  test('close when the client asks for it', async () => {
    const client = await Client.connect(port);
    await client.request('GET', '/health', { headers: { Connection: 'close' } });
    assert.equal((await client.response()).status, 200);
    assert.equal(await client.bytes.over, 'ended');
    client.close();
  });

  test('of HTTP/1.0 get a body without chunks, and close', async () => {
    const name = scene.script(answerStream);
    const client = await Client.connect(port);
    const text = JSON.stringify(streamRequest);
    await client.send(
      `POST ${chatPath} HTTP/1.0\r\nx-case: ${name}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
    const response = await client.response();
    assert.equal(response.status, 200);
    assert.equal(response.fields.get('transfer-encoding'), undefined);
    assert.equal(response.end, 'complete');
    assert.ok(response.body.toString().endsWith('data: [DONE]\n\n'));
    client.close();
  });

  test('get 100 Continue before a body that waits for it', async () => {
    const name = scene.script(answerChat);
    const client = await Client.connect(port);
    const headers = { ...json, 'x-case': name, Expect: '100-continue', 'Content-Length': chatText.length };
    await client.send(requestBytes('POST', chatPath, headers));
    assert.equal((await client.head()).status, 100);
    await client.send(chatText);
    assert.equal((await client.response()).status, 200);
    client.close();
  });

  test('may dribble a request byte by byte', async () => {
    const name = scene.script(answerChat);
    const client = await Client.connect(port);
    for (const byte of requestBytes('POST', chatPath, { ...json, 'x-case': name }, chatText)) {
      await client.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await client.response()).status, 200);
    assert.equal((await scene.upstream.only(name)).body.toString(), chatText);
    client.close();
  });
});

describe('limits', () => {
  test('431 for a head that is too big', async () => {
    const headers = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x-long-${i}`, 'x'.repeat(8000)]));
    await assertRefused(requestBytes('GET', '/health', headers), [431]);
  });

  test('414 for a target that is too long', async () => {
    await assertRefused(requestBytes('GET', `/health?${'x'.repeat(100_000)}`), [414]);
  });

  describe('413 for a body that is too big', () => {
    let small;
    before(async () => {
      small = await Scene.start({ env: { ARCHESTRA_API_BODY_LIMIT: '100KB' } });
    });
    after(() => small.stop());

    const big = { ...chatRequest, messages: [{ role: 'user', content: 'x'.repeat(150_000) }] };
    const wires = {
      'Content-Length': (headers, body) => requestBytes('POST', chatPath, headers, body),
      chunks: (headers, body) =>
        Buffer.concat([
          requestBytes('POST', chatPath, { ...headers, 'Transfer-Encoding': 'chunked' }),
          chunk(body),
          Buffer.from('0\r\n\r\n'),
        ]),
    };
    for (const [framing, wire] of Object.entries(wires)) {
      test(framing, async () => {
        const { result, record } = await small.observe(
          async (headers) => {
            const client = await Client.connect(small.gateway.apiPort);
            client.send(wire({ ...json, ...headers }, JSON.stringify(big)));
            const response = await client.response();
            client.close();
            return response;
          },
          { tries: 0 },
        );
        assert.equal(result.status, 413);
        assert.ok(result.fields.get('x-archestra-error'));
        assert.equal(typeof JSON.parse(result.body).error.message, 'string');
        assert.equal(record.outcome, 'invalid_request');
        assert.equal(small.upstream.heads.length, 0);
      });
    }
  });
});

describe('what two parsers could read differently is refused', () => {
  const smuggled = 'GET /v1/openai/smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  const cases = {
    'both framings': 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'two lengths': 'Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd',
    'a list of lengths': 'Content-Length: 4, 4\r\n\r\nabcd',
    'a signed length': 'Content-Length: +4\r\n\r\nabcd',
    'a hexadecimal length': 'Content-Length: 0x4\r\n\r\nabcd',
    'a coding that is not known': 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    'chunked not last': 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    'chunked twice': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'a space before the colon': 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
    'a folded line': 'x-folded: a\r\n b\r\nContent-Length: 0\r\n\r\n',
    'a bare line feed': 'x-a: 1\nContent-Length: 0\r\n\r\n',
    'a null byte': 'x-a: 1\0\r\nContent-Length: 0\r\n\r\n',
    'a second Host': 'Host: b\r\nContent-Length: 0\r\n\r\n',
    'a chunk size that is no number': 'Transfer-Encoding: chunked\r\n\r\nzz\r\n',
    'a chunk longer than its size': 'Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
  };
  for (const [name, rest] of Object.entries(cases)) {
    test(name, async () => {
      const before = scene.upstream.heads.length;
      await assertRefused(`POST ${chatPath} HTTP/1.1\r\nHost: a\r\n${rest}${smuggled}`, [400, 501]);
      assert.equal(scene.upstream.heads.length, before, 'nothing of it reaches the provider');
    });
  }

  for (const target of ['/v1/openai/../secret', '/v1/openai/files/%2e%2E/secret', '/v1/openai/./models']) {
    test(`dot segments: ${target}`, async () => {
      const before = scene.upstream.heads.length;
      const response = await exchange(port, 'GET', target);
      assert.equal(response.status, 400);
      assert.equal(scene.upstream.heads.length, before, 'the provider is not asked');
    });
  }

  test('no Host', async () => assertRefused('GET /health HTTP/1.1\r\n\r\n', [400]));
  test('a method that is no token', async () => assertRefused('G@T /health HTTP/1.1\r\nHost: a\r\n\r\n', [400]));
  test('another version', async () => assertRefused('GET /health HTTP/2.0\r\nHost: a\r\n\r\n', [400, 505]));
});

/** One answer with one of these statuses, then the end of the connection: what follows is never read as a request. */
async function assertRefused(bytes, statuses) {
  const client = await Client.connect(port);
  client.send(Buffer.from(bytes, 'latin1'));
  const response = await client.response();
  assert.ok(statuses.includes(response?.status), `answered ${response?.status}`);
  assert.equal(await client.response(), null, 'a second answer');
  assert.notEqual(client.bytes.state, 'open');
  client.close();
}

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

function multipart(content) {
  const part = (name, type) =>
    `--edge\r\nContent-Disposition: form-data; name="${name}"; filename="a.bin"\r\nContent-Type: ${type}\r\n\r\n`;
  return Buffer.concat([Buffer.from(part('file', 'application/octet-stream')), content, Buffer.from('\r\n--edge--\r\n')]);
}

/** A probe that is true once count() has not changed for half a second. */
function stoodStill(count) {
  let last = -1;
  let since = 0;
  return () => {
    if (count() !== last) [last, since] = [count(), performance.now()];
    return performance.now() - since > 500;
  };
}
