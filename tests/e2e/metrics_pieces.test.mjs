// A page of /metrics is made while it is sent: of any size, in chunks or to the end of the connection, zipped or not, to
// scrapers that read slowly, leave, or come all at once.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { Client, exchange } from '../support/client.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { Metrics } from '../support/metrics.mjs';
import { chatRequest } from '../support/openai_chat.mjs';
import { until, within } from '../support/until.mjs';

const models = 1200; // more than what sockets hold

let simulator;
let gateway;
before(async () => {
  simulator = await Simulator.start();
  gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
  const client = await Client.connect(gateway.apiPort);
  for (let i = 0; i < models; ++i) {
    const body = JSON.stringify({ ...chatRequest, model: `model-${i}` });
    const headers = { 'Content-Type': 'application/json', 'x-sim-tokens': '2' };
    await client.request('POST', '/v1/openai/chat/completions', { headers, body });
    assert.equal((await client.response()).status, 200);
  }
  client.close();
  await until('all calls counted', async () => (await gateway.scrape()).sum('llm_requests_total') === models);
});
after(async () => {
  await gateway?.stop();
  await simulator?.stop();
});

const scrape = (headers = {}) => exchange(gateway.metricsPort, 'GET', '/metrics', { headers });
const openMetrics = { Accept: 'application/openmetrics-text;version=1.0.0' };

/** The lines of what calls counted, which nothing changes meanwhile. */
const callLines = (page) => page.toString('utf8').split('\n').filter((line) => line.startsWith('llm_'));

/** A connection that has asked for a page and reads none of it. */
function askWithoutReading(request = 'GET /metrics HTTP/1.1\r\nHost: slow\r\n\r\n') {
  const socket = net.connect(gateway.metricsPort, '127.0.0.1').pause();
  socket.on('error', () => {});
  socket.write(request);
  return socket;
}

/** A page that is begun: its client, which has read the head. */
async function openPage(encoding) {
  const client = await Client.connect(gateway.metricsPort);
  await client.request('GET', '/metrics', { headers: { 'Accept-Encoding': encoding } });
  return { client, ...(await client.head()) };
}

/** What `ask` answers once it is no 503: there are eight places for pages, and who left gives up his a moment later. */
async function eventually(ask) {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    answer.client?.close();
  }
}

async function allPlacesAreFree() {
  const clients = await Promise.all(Array.from({ length: 8 }, () => openPage('identity')));
  for (const { client } of clients) client.close();
  return clients.every(({ status }) => status === 200);
}

test('the page is large, and whole', async () => {
  const { status, fields, body, end } = await scrape();
  assert.deepEqual([status, end, fields.get('transfer-encoding')], [200, 'complete', 'chunked']);
  assert.ok(body.length > 10_000_000, `${body.length} bytes`);
  assert.equal(fields.get('vary'), 'Accept, Accept-Encoding');
  assert.equal(fields.get('content-encoding'), undefined, 'nobody asked for one');
  const metrics = new Metrics(body.toString('utf8'));
  assert.equal(metrics.samples('llm_requests_total').length, models);
  const families = [...metrics.families.keys()];
  assert.equal(metrics.samples('telemetry_series').length, families.length);
});

describe('zipped', () => {
  for (const [name, headers] of Object.entries({ text: {}, OpenMetrics: openMetrics })) {
    test(`is the same page as ${name}`, async () => {
      const plain = await scrape(headers);
      const zipped = await scrape({ ...headers, 'Accept-Encoding': 'gzip' });
      assert.equal(zipped.fields.get('content-encoding'), 'gzip');
      assert.equal(zipped.fields.get('content-type'), plain.fields.get('content-type'));
      assert.equal(zipped.end, 'complete');
      assert.ok(zipped.body.length * 10 < plain.body.length, `${zipped.body.length} of ${plain.body.length}`);
      assert.deepEqual(callLines(gunzipSync(zipped.body)), callLines(plain.body));
    });
  }

  const accepted = {
    'gzip;q=0': undefined,
    identity: undefined,
    'br, deflate': undefined,
    '*;q=0': undefined,
    'identity, gzip;q=0.5': undefined,
    '*': 'gzip',
    'deflate;q=0.5, GZIP;q=0.1': 'gzip',
  };
  for (const [value, expected] of Object.entries(accepted)) {
    test(`${expected ? 'for' : 'not for'} who says ${value}`, async () => {
      const response = await exchange(gateway.metricsPort, 'HEAD', '/metrics', { headers: { 'Accept-Encoding': value } });
      assert.equal(response.status, 200);
      assert.equal(response.fields.get('content-encoding'), expected);
    });
  }
});

test('to HTTP/1.0 it ends with the connection', async () => {
  for (const more of ['', 'Connection: keep-alive\r\n', 'Accept-Encoding: gzip\r\n']) {
    const client = await Client.connect(gateway.metricsPort);
    await client.send(`GET /metrics HTTP/1.0\r\n${more}\r\n`);
    const { status, fields, body, end } = await client.response();
    client.close();
    assert.deepEqual([status, end], [200, 'complete']);
    assert.equal(fields.get('transfer-encoding'), undefined);
    assert.equal(fields.get('connection'), 'close');
    const page = fields.get('content-encoding') === 'gzip' ? gunzipSync(body) : body;
    assert.equal(new Metrics(page.toString('utf8')).samples('llm_requests_total').length, models);
  }
});

test('a connection goes on after it, with requests that waited', async () => {
  const client = await Client.connect(gateway.metricsPort);
  try {
    for (let i = 0; i < 3; ++i) await client.request('GET', '/metrics', { headers: { 'Accept-Encoding': 'gzip' } });
    for (let i = 0; i < 3; ++i) {
      const { status, body } = await client.response();
      assert.equal(status, 200);
      assert.equal(callLines(gunzipSync(body)).length > 50 * models, true);
    }
  } finally {
    client.close();
  }
});

test('who reads slowly holds nobody up, and gets a whole page', async () => {
  const client = await Client.connect(gateway.metricsPort);
  const sockets = Array.from({ length: 4 }, () => askWithoutReading());
  try {
    await client.request('GET', '/metrics');
    const head = await client.head();
    const others = await Promise.all([scrape(), scrape({ 'Accept-Encoding': 'gzip' }), scrape(openMetrics)]);
    for (const { status, end } of others) assert.deepEqual([status, end], [200, 'complete']);
    assert.equal((await exchange(gateway.apiPort, 'GET', '/health')).status, 200);
    const { body, end } = await client.body(head);
    assert.equal(end, 'complete');
    assert.equal(new Metrics(body.toString('utf8')).samples('llm_requests_total').length, models);
  } finally {
    client.close();
    for (const socket of sockets) socket.destroy();
  }
});

test('who leaves in the middle leaves nothing behind', async () => {
  const handles = async () => {
    const page = await eventually(() => scrape());
    return new Metrics(page.body.toString('utf8')).sum('runtime_active_handles');
  };
  const before = await handles();
  for (const encoding of ['identity', 'gzip']) {
    for (let round = 0; round < 3; ++round) {
      const clients = [];
      for (let i = 0; i < 7; ++i) {
        const { client } = await eventually(() => openPage(encoding));
        clients.push(client);
      }
      clients.forEach((client, i) => (i % 2 === 0 ? client.reset() : client.close()));
    }
  }
  await until('their connections are gone', async () => (await handles()) <= before);
  await until('all places are free', allPlacesAreFree);
});

test('eight at once get a whole page each, whatever they ask for', async () => {
  await until('all places are free', allPlacesAreFree);
  const asked = Array.from({ length: 8 }, (_, i) => ({
    ...(i % 2 === 0 ? {} : openMetrics),
    ...(i % 4 < 2 ? {} : { 'Accept-Encoding': 'gzip' }),
  }));
  const pages = await Promise.all(asked.map((headers) => within('a page', eventually(() => scrape(headers)), 60_000)));
  const lines = pages.map(({ status, end, fields, body }) => {
    assert.deepEqual([status, end], [200, 'complete']);
    return callLines(fields.get('content-encoding') === 'gzip' ? gunzipSync(body) : body);
  });
  for (const own of lines) assert.deepEqual(own, lines[0]);
});
