// Request bodies on their way to the provider: answers that come before they are whole, bodies that are slow or broken,
// and what the clock says of all that.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, requestBytes } from '../support/client.mjs';
import { chatRequest, completion, errorBody } from '../support/openai_chat.mjs';
import { Scene, chatPath } from '../support/scene.mjs';
import { within } from '../support/until.mjs';
import { chunk } from '../support/upstream.mjs';

const json = { 'Content-Type': 'application/json' };
const filesPath = '/v1/openai/files';

let scene;
before(async () => {
  scene = await Scene.start({
    env: { ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS: '2500', ARCHESTRA_CLIENT_BODY_TIMEOUT_MS: '600' },
  });
});
after(() => scene?.stop());

/** Runs act(client) with a connection of its own. */
async function withClient(act) {
  const client = await Client.connect(scene.gateway.apiPort);
  try {
    return await act(client);
  } finally {
    client.close();
  }
}

/** A call whose client sends `head` and then the pieces, and meanwhile waits for the answer. */
function callInPieces(head, pieces, options) {
  return scene.observe(
    (headers) =>
      withClient(async (client) => {
        await client.send(head(headers));
        const sending = (async () => {
          for await (const piece of pieces()) if (!(await client.send(piece))) return;
        })();
        const response = await client.response();
        client.close();
        await sending;
        return response;
      }),
    options,
  );
}

const bigMessage = 'x'.repeat(30 << 20);
const chatBodyOf = (content) => Buffer.from(JSON.stringify({ ...chatRequest, messages: [{ role: 'user', content }] }));
const bigBodies = {
  'a chat body': [chatPath, chatBodyOf(bigMessage)],
  'an upload': [filesPath, Buffer.from(bigMessage)],
};

describe('an answer that comes while the body is on its way', () => {
  const refusals = {
    '413 and the end of the connection': {
      status: 413,
      finish: (own) => own.end(),
    },
    '413 and a connection that is closed at once': {
      status: 413,
      finish: (own) => own.close(),
    },
    '401 and a provider that reads no further': {
      status: 401,
      finish: () => {},
    },
  };
  for (const [kind, [path, body]] of Object.entries(bigBodies)) {
    for (const [name, { status, finish }] of Object.entries(refusals)) {
      test(`${name}, in ${kind}, reaches the client`, async () => {
        const text = errorBody('invalid_request_error', `Refused with ${status}.`);
        const started = performance.now();
        const { result, record } = await callInPieces(
          (headers) => requestBytes('POST', path, { ...json, ...headers, 'Content-Length': body.length }),
          async function* () {
            yield body;
          },
          {
            upstreamHead: async (own) => {
              own.stopReading();
              await own.respond(status, json, text);
              await finish(own);
            },
          },
        );
        assert.equal(result?.status, status);
        assert.equal(result.end, 'complete');
        assert.equal(result.body.toString(), text);
        assert.equal(result.fields.get('x-archestra-error'), undefined);
        record.assertOutcome({ outcome: 'upstream_error', tryStatus: String(status), errorType: String(status) });
        assert.ok(performance.now() - started < 2000, `it took ${performance.now() - started} ms`);
      });
    }
  }

  for (const [kind, [path, body]] of Object.entries(bigBodies)) {
    test(`is only an interim one: ${kind} goes on`, async () => {
      const { result, record, caseName } = await callInPieces(
        (headers) => requestBytes('POST', path, { ...json, ...headers, 'Content-Length': body.length }),
        async function* () {
          yield body;
        },
        {
          upstreamHead: async (own) => {
            await own.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 1');
            await own.allArrived();
            await own.send('03 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n');
            return true;
          },
          upstream: (own) => own.json200(completion),
        },
      );
      assert.equal(result.status, 200);
      assert.deepEqual(JSON.parse(result.body), completion);
      assert.ok((await scene.upstream.only(caseName)).body.equals(body));
      record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    });
  }
});

describe('an upload', () => {
  const inChunks = (path) => (headers) => requestBytes('POST', path, { ...headers, 'Transfer-Encoding': 'chunked' });

  test('that runs beyond the time of a whole exchange ends', async () => {
    const started = performance.now();
    const { result, record } = await callInPieces(
      inChunks(filesPath),
      async function* () {
        for (;;) {
          yield chunk(randomBytes(1000));
          await sleep(100);
        }
      },
      { upstream: (own) => own.json200({}) },
    );
    const took = performance.now() - started;
    assert.equal(result?.status, 504);
    assert.equal(result.fields.get('x-archestra-error'), 'total_timeout');
    assert.ok(took > 2400 && took < 4000, `it took ${took} ms`);
    record.assertOutcome({ outcome: 'upstream_timeout', tryStatus: '0', errorType: 'total_timeout' });
  });

  test('whose chunks make no sense is 400, and one try that took its time', async () => {
    const { result, record } = await callInPieces(
      inChunks(filesPath),
      async function* () {
        yield chunk('a good one');
        await sleep(50);
        yield 'and no chunk\r\n';
      },
      { upstream: (own) => own.json200({}) },
    );
    assert.equal(result?.status, 400);
    assert.ok(result.fields.get('x-archestra-error'));
    assert.equal(record.outcome, 'invalid_request');
    assert.equal(record.tryStatus, '0');
    const took = record.client.end - record.client.start;
    assert.ok(took > 45_000_000n && took < 2_000_000_000n, `the CLIENT span lasts ${took} ns`);
    assert.ok(record.growth('llm_request_duration_seconds_sum') > 0.045);
  });

  test('that stands still is 408', async () => {
    const { result, record } = await callInPieces(
      (headers) => requestBytes('POST', filesPath, { ...headers, 'Content-Length': 1000 }),
      async function* () {
        yield 'not much';
      },
      { upstream: (own) => own.json200({}) },
    );
    assert.equal(result?.status, 408);
    assert.equal(record.outcome, 'invalid_request');
  });

  test('whose client leaves is client_cancelled', async () => {
    const { record } = await scene.observe(
      (headers) =>
        withClient(async (client) => {
          await client.send(requestBytes('POST', filesPath, { ...headers, 'Content-Length': 1000 }, 'not much'));
          await sleep(20);
        }),
      { upstream: (own) => own.json200({}) },
    );
    record.assertOutcome({ outcome: 'client_cancelled', tryStatus: '0' });
    assert.equal(record.httpLabels.status_code, '499');
  });
});

describe('a chat body', () => {
  const text = chatBodyOf('x'.repeat(60_000));
  const withLength = (headers) =>
    requestBytes('POST', chatPath, { ...json, ...headers, 'Content-Length': text.length });

  test('that comes slowly but steadily for longer than the time-out is taken', async () => {
    const pieces = 20; // of 3 KB every 50 ms: 60 KB/s for a second
    const { result, record } = await callInPieces(
      withLength,
      async function* () {
        const size = Math.ceil(text.length / pieces);
        for (let at = 0; at < text.length; at += size) {
          await sleep(50);
          yield text.subarray(at, at + size);
        }
      },
      { upstream: (own) => own.json200(completion) },
    );
    assert.equal(result?.status, 200);
    assert.ok(record.log.duration_ms > 900, `it took ${record.log.duration_ms} ms`);
    assertSmallGatewayTime(record);
  });

  test('that crawls is 408', async () => {
    const { result, record } = await callInPieces(
      withLength,
      async function* () {
        for (const byte of text) {
          yield Buffer.of(byte);
          await sleep(20);
        }
      },
      { tries: 0 },
    );
    assert.equal(result?.status, 408);
    assert.equal(result.fields.get('x-archestra-error'), 'request_timeout');
    assert.equal(record.outcome, 'invalid_request');
    assert.ok(record.log.duration_ms > 550 && record.log.duration_ms < 2000, `it took ${record.log.duration_ms} ms`);
    assertSmallGatewayTime(record);
  });

  test('whose chunks make no sense is 400, without a try', async () => {
    const { result, record } = await callInPieces(
      (headers) => requestBytes('POST', chatPath, { ...json, ...headers, 'Transfer-Encoding': 'chunked' }),
      async function* () {
        yield chunk('{"model":');
        yield 'no chunk\r\n';
      },
      { tries: 0 },
    );
    assert.equal(result?.status, 400);
    assert.equal(record.outcome, 'invalid_request');
    assert.equal(record.httpLabels.status_code, '400');
  });

  test('of 60 MB fits where all bodies may have 100 MB', async () => {
    const own = await Scene.start({ env: { ARCHESTRA_API_BODIES_LIMIT: '100MB', ARCHESTRA_THREADS: '1' } });
    try {
      const body = chatBodyOf('x'.repeat(60_000_000));
      const { result, caseName } = await own.observe((headers) => own.post(headers, body), {
        upstream: (exchanged) => exchanged.json200(completion),
      });
      assert.equal(result.status, 200);
      assert.ok((await own.upstream.only(caseName)).body.equals(body));
    } finally {
      await own.stop();
    }
  });
});

describe('the gateway\'s own time is small', () => {
  const stallMs = 300;
  const chatBody = JSON.stringify(chatRequest);

  test('when the provider stalls', async () => {
    const { record } = await scene.observe((headers) => scene.post(headers, chatRequest), {
      upstream: async (own) => {
        await sleep(stallMs);
        const text = JSON.stringify(completion);
        await own.head(200, { ...json, 'Content-Length': text.length });
        await own.send(text.slice(0, 20));
        await sleep(stallMs);
        await own.send(text.slice(20));
      },
    });
    assert.ok(record.log.duration_ms > 2 * stallMs - 10);
    assertSmallGatewayTime(record);
  });

  const silences = {
    'before the answer': (own) => own.closed,
    'within the answer': async (own) => {
      await own.streamHead();
      await own.closed;
    },
  };
  for (const [when, upstream] of Object.entries(silences)) {
    test(`when the client leaves after a wait ${when}`, async () => {
      const { record } = await scene.observe(
        (headers) =>
          withClient(async (client) => {
            await client.request('POST', chatPath, { headers, body: JSON.stringify({ ...chatRequest, stream: true }) });
            const { closed } = await scene.upstream.only(headers['x-case']);
            await sleep(stallMs);
            client.close();
            await within('the end of the upstream exchange', closed);
          }),
        { upstream },
      );
      assert.equal(record.outcome, 'client_cancelled');
      assert.ok(record.log.duration_ms > stallMs - 10);
      assertSmallGatewayTime(record);
    });
  }

  test('when the client takes the answer slowly', async () => {
    const big = randomBytes(12 << 20).toString('base64'); // more than the kernel keeps for it
    const { record } = await scene.observe(
      (headers) =>
        withClient(async (client) => {
          await client.request('GET', `${filesPath}/f/content`, { headers });
          const head = await client.head();
          client.bytes.pause();
          await sleep(2 * stallMs);
          client.bytes.resume();
          return client.body(head);
        }),
      { upstream: (own) => own.respond(200, json, big) },
    );
    assert.equal(record.outcome, 'completed');
    assert.ok(record.log.duration_ms > 2 * stallMs - 10, `it took ${record.log.duration_ms} ms`);
    assertSmallGatewayTime(record, 2 * stallMs - 100);
  });

  for (const [part, cut] of Object.entries({ head: 40, body: -10 })) {
    test(`when the client sends its ${part} slowly`, async () => {
      const { result, record } = await scene.observe(
        (headers) =>
          withClient(async (client) => {
            const bytes = requestBytes('POST', chatPath, { ...json, ...headers }, chatBody);
            await client.send(bytes.subarray(0, cut));
            await sleep(stallMs);
            await client.send(bytes.subarray(cut));
            return client.response();
          }),
        { upstream: (own) => own.json200(completion) },
      );
      assert.ok(record.log.duration_ms > stallMs - 10);
      assertSmallGatewayTime(record);
      const [, told] = /^gateway;dur=([\d.]+)/.exec(result.fields.get('server-timing'));
      assert.ok(Number(told) < stallMs / 2, result.fields.get('server-timing'));
    });
  }

  test('when the client sends an upload slowly', async () => {
    const { record } = await callInPieces(
      (headers) => requestBytes('POST', filesPath, { ...headers, 'Content-Length': 8 }),
      async function* () {
        yield 'half';
        await sleep(stallMs);
        yield 'half';
      },
      { upstream: (own) => own.json200({}) },
    );
    assert.equal(record.outcome, 'completed');
    assert.ok(record.log.duration_ms > stallMs - 10);
    assertSmallGatewayTime(record);
  });
});

describe('a Content-Length of 0 keeps the connection, with', () => {
  test('GET', () =>
    withClient(async (client) => {
      for (let i = 0; i < 3; i += 1) {
        await client.request('GET', '/health', { headers: { 'Content-Length': '0' } });
        const response = await client.response();
        assert.equal(response?.status, 200);
        assert.equal(response.fields.get('connection'), undefined);
      }
    }));

  for (const path of [chatPath, filesPath]) {
    test(`POST ${path}`, () =>
      withClient(async (client) => {
        const name = scene.script((own) => own.json200({}));
        for (let i = 0; i < 3; i += 1) {
          await client.request('POST', path, { headers: { 'Content-Length': '0', 'x-case': name } });
          const response = await client.response();
          assert.equal(response?.status, 200);
          assert.equal(response.fields.get('connection'), undefined);
        }
        assert.equal(scene.upstream.of(name)[0].fields.get('content-length'), '0');
      }));
  }
});

function assertSmallGatewayTime({ log }, limitMs = 150) {
  assert.ok(log.gateway_ms >= 0 && log.gateway_ms < limitMs, `gateway_ms ${log.gateway_ms} of ${log.duration_ms}`);
}
