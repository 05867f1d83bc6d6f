// /metrics as a server that strangers may find, and figures that must be right beyond their count.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, exchange, requestBytes } from '../support/client.mjs';
import { Gateway } from '../support/gateway.mjs';
import { chatRequest, completion, events, streamRequest } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { until, within } from '../support/until.mjs';

describe('the server of /metrics', () => {
  const secret = 'a secret of the scraper';
  let open;
  let guarded;
  before(async () => {
    open = await Gateway.start();
    guarded = await Gateway.start({ env: { ARCHESTRA_METRICS_SECRET: secret } });
  });
  after(async () => {
    await open?.stop();
    await guarded?.stop();
  });

  const wrong = {
    'without a token': {},
    'with another token': { Authorization: 'Bearer another secret of it' },
    'with a part of the token': { Authorization: `Bearer ${secret.slice(0, -1)}` },
    'with more than the token': { Authorization: `Bearer ${secret}!` },
    'with the token under another scheme': { Authorization: `Basic ${secret}` },
  };
  for (const [name, headers] of Object.entries(wrong)) {
    test(`that wants a token answers 401 ${name}`, async () => {
      const response = await exchange(guarded.metricsPort, 'GET', '/metrics', { headers });
      assert.equal(response.status, 401);
      assert.match(response.fields.get('www-authenticate'), /^Bearer/);
      assert.ok(!response.body.includes('http_request'));
    });
  }

  test('that wants a token answers with it', async () => {
    const headers = { Authorization: `Bearer ${secret}` };
    const response = await exchange(guarded.metricsPort, 'GET', '/metrics', { headers });
    assert.equal(response.status, 200);
    assert.ok(response.body.includes('http_request_duration_seconds'));
    assert.ok(![...guarded.program.stdout, ...guarded.program.stderr].some((line) => line.includes(secret)));
  });

  test('answers HEAD without a body, on a connection that goes on', async () => {
    const client = await Client.connect(open.metricsPort);
    try {
      await client.request('HEAD', '/metrics');
      const head = await client.response({ method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.fields.get('transfer-encoding'), 'chunked', 'as GET would');
      await client.request('GET', '/metrics');
      assert.equal((await client.response()).status, 200);
    } finally {
      client.close();
    }
  });

  const text = 'text/plain; version=0.0.4; charset=utf-8';
  const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
  const protobuf = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
  const formats = {
    'text to who asks for nothing': [{}, text, '# HELP http_request_duration_seconds '],
    'text to who asks for what is not there': [{ Accept: 'image/png' }, text, '# HELP http_request_duration_seconds '],
    'OpenMetrics to who asks for it': [{ Accept: openMetrics }, openMetrics, '# TYPE http_request_duration_seconds '],
    'protobuf to who asks for it': [{ Accept: protobuf }, protobuf, /^..\x0a\x1dhttp_request_duration_seconds\x12/s],
    'what several fields ask for': [
      { Accept: 'text/plain;q=0.5', accept: 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8' },
      `${openMetrics}; escaping=allow-utf-8`,
      '# TYPE http_request_duration_seconds ',
    ],
  };
  for (const [name, [headers, type, start]] of Object.entries(formats)) {
    test(`answers with ${name}`, async () => {
      const response = await exchange(open.metricsPort, 'GET', '/metrics', { headers });
      assert.equal(response.status, 200);
      assert.equal(response.fields.get('content-type'), type);
      const page = response.body.toString('latin1');
      assert.ok(start.exec ? start.test(page) : page.startsWith(start), page.slice(0, 100));
      assert.equal(page.endsWith('\n# EOF\n'), type.startsWith(openMetrics));
    });
  }

  test('answers 405 to POST, and 404 elsewhere', async () => {
    const post = await exchange(open.metricsPort, 'POST', '/metrics');
    assert.equal(post.status, 405);
    assert.equal(post.fields.get('allow'), 'GET, HEAD');
    assert.equal((await exchange(open.metricsPort, 'GET', '/')).status, 404);
    assert.equal((await exchange(guarded.metricsPort, 'GET', '/metrics/more')).status, 404);
  });

  test('answers 503 while too many scrapers do not take their pages', async () => {
    const statusOf = async () => (await exchange(open.metricsPort, 'GET', '/metrics')).status;
    // More pages than its socket holds, asked for by who reads none.
    const idlers = Array.from({ length: 8 }, () => {
      const idler = net.connect(open.metricsPort, '127.0.0.1').pause();
      idler.on('error', () => {});
      idler.write('GET /metrics HTTP/1.1\r\nHost: idler\r\n\r\n'.repeat(400));
      return idler;
    });
    try {
      await until('no more pages', async () => (await statusOf()) === 503);
      assert.equal((await exchange(open.metricsPort, 'GET', '/')).status, 404, 'which is no page');
    } finally {
      for (const idler of idlers) idler.destroy();
    }
    await until('pages again', async () => (await statusOf()) === 200);
  });

  const framings = {
    'that is announced': ['Content-Length', '1000000000', 'x'.repeat(1000)],
    'in chunks': ['Transfer-Encoding', 'chunked', `3e8\r\n${'x'.repeat(1000)}\r\n`],
  };
  for (const [name, [field, value, begin]] of Object.entries(framings)) {
    test(`answers 413 to a large body ${name}, before it has come`, async () => {
      const client = await Client.connect(open.metricsPort);
      try {
        await client.send(requestBytes('POST', '/metrics', { [field]: value }, begin));
        const response = await client.response();
        assert.equal(response?.status, 413);
        assert.notEqual(await within('the end of the connection', client.bytes.over), 'open');
      } finally {
        client.close();
      }
    });
  }
});

describe('durations', () => {
  let scene;
  before(async () => (scene = await Scene.start({ env: { ARCHESTRA_CLIENT_HEAD_TIMEOUT_MS: '400' } })));
  after(() => scene?.stop());

  const slackSeconds = 0.5; // a busy machine
  const assertAbout = (seconds, expected, what) => {
    assert.ok(seconds > expected - 0.005 && seconds < expected + slackSeconds, `${what}: ${seconds} s`);
  };

  test('of a JSON answer are those of the provider', async () => {
    const { record } = await scene.observe((headers) => scene.post(headers, chatRequest), {
      upstream: async (own) => {
        await sleep(200);
        await own.json200(completion);
      },
    });
    assertAbout(record.growth('llm_request_duration_seconds_sum'), 0.2, 'llm_request_duration_seconds');
    const labels = { route: '/v1/openai/chat/completions' };
    assertAbout(record.growth('http_request_duration_seconds_sum', labels), 0.2, 'http_request_duration_seconds');
  });

  test('of a stream last to its end, its first token to that', async () => {
    const { record } = await scene.observe((headers) => scene.post(headers, streamRequest), {
      upstream: async (own) => {
        await own.streamHead();
        await own.chunk(events.role);
        await sleep(100);
        await own.chunk(events.word('one'));
        await sleep(200);
        await own.chunk(events.word('two') + events.stop + events.done);
        await own.lastChunk();
      },
    });
    assertAbout(record.growth('llm_time_to_first_token_seconds_sum'), 0.1, 'llm_time_to_first_token_seconds');
    assertAbout(record.growth('llm_request_duration_seconds_sum'), 0.3, 'llm_request_duration_seconds');
    const labels = { route: '/v1/openai/chat/completions' };
    assertAbout(record.growth('http_request_duration_seconds_sum', labels), 0.3, 'http_request_duration_seconds');
  });

  test('begin with the first byte of the head', async () => {
    const { record } = await scene.observe(
      async (headers) => {
        const client = await Client.connect(scene.gateway.apiPort);
        try {
          const bytes = requestBytes('POST', '/v1/openai/chat/completions', headers, JSON.stringify(chatRequest));
          await client.send(bytes.subarray(0, 30));
          await sleep(200);
          await client.send(bytes.subarray(30));
          return await client.response();
        } finally {
          client.close();
        }
      },
      { upstream: (own) => own.json200(completion) },
    );
    const labels = { route: '/v1/openai/chat/completions' };
    assertAbout(record.growth('http_request_duration_seconds_sum', labels), 0.2, 'http_request_duration_seconds');
    assertAbout(record.growth('llm_request_duration_seconds_sum'), 0, 'llm_request_duration_seconds');
  });

  const refused = {
    400: ['GET /health HTTP/1.1\r\nno colon\r\n\r\n', 0],
    414: [`GET /${'x'.repeat(100_000)} HTTP/1.1\r\n`, 0],
    431: [`GET /health HTTP/1.1\r\nHost: a\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`, 0],
    408: ['GET /health HTTP/1.1\r\nHo', 0.4],
  };
  for (const [status, [bytes, seconds]] of Object.entries(refused)) {
    test(`count a head that is refused: ${status}`, async () => {
      const earlier = await scene.gateway.scrape();
      const client = await Client.connect(scene.gateway.apiPort);
      try {
        client.send(bytes);
        assert.equal((await client.response())?.status, Number(status));
      } finally {
        client.close();
      }
      let later;
      await until('the request in the metrics', async () => {
        later = await scene.gateway.scrape();
        return later.since(earlier, 'http_request_duration_seconds_count') > 0;
      });
      const [{ labels, value }, ...others] = later.grown(earlier, 'http_request_duration_seconds_count');
      assert.deepEqual(others, []);
      assert.deepEqual({ ...labels, value }, { method: '_OTHER', route: 'unmatched', status_code: status, value: 1 });
      assertAbout(later.since(earlier, 'http_request_duration_seconds_sum'), seconds, 'http_request_duration_seconds');
    });
  }
});
