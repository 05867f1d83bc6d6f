// The table of hostile requests, each as the bytes it is, in front of a provider that keeps every byte it gets: what the
// client is answered, whether its connection ends, and what the provider saw. However a request was cut on its way, the
// verdict is the same.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client, exchange } from '../support/client.mjs';
import { Gateway } from '../support/gateway.mjs';
import { hostileRequests } from '../support/hostile_requests.mjs';
import { RecordingUpstream } from '../support/recording_upstream.mjs';
import { readBody } from '../support/socket_bytes.mjs';
import { until } from '../support/until.mjs';

/** Behind whatever is refused: were the end of that mistaken, this would be answered, or reach the provider. */
const smuggled = 'GET /v1/openai/smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
/** Behind whatever is not: it is answered where the end of that was found. */
const next = 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n';
const nextBody = /^\{"status":"Archestra Platform API"/;

let upstream;
let gateway;
before(async () => {
  upstream = await RecordingUpstream.start();
  gateway = await Gateway.start({
    openaiBaseUrl: `http://127.0.0.1:${upstream.port}/v1`,
    env: { ARCHESTRA_API_BODY_LIMIT: '1MB' },
  });
});
after(async () => {
  try {
    await gateway.stop();
  } finally {
    await upstream.stop();
  }
});

test('the table is as long as it was promised to be', () => assert.ok(hostileRequests.length >= 150));

describe('a hostile request', () => {
  for (const row of hostileRequests) {
    test(`${row.name} (${row.rule})`, async () => {
      upstream.take();
      await assertAnswers(row, [wireOf(row)]);
      await assertSeen(row);
      await assertNormalCall();
    });
  }
});

// What is refused must never reach the provider, so that many can be tried at once and one look at the end is enough.
test('a hostile request that is refused is refused however it is cut', async () => {
  upstream.take();
  const tries = hostileRequests
    .filter(({ seen }) => seen.length === 0)
    .flatMap((row) => offsets(wireOf(row)).map((offset) => ({ row, offset })));
  await inParallel(32, tries, ({ row, offset }) => assertAnswers(row, cut(wireOf(row), offset), ` cut at ${offset}`));
  assert.ok(tries.length > 1000, `${tries.length} cuts`);
  assert.deepEqual(upstream.take(), { bytes: 0, requests: [] });
  await assertNormalCall();
});

test('a hostile request that is passed on is read alike however it is cut', async () => {
  const rows = hostileRequests.filter(({ seen }) => seen.length > 0);
  for (const row of rows) {
    for (const offset of offsets(wireOf(row), 6)) {
      upstream.take();
      await assertAnswers(row, cut(wireOf(row), offset), ` cut at ${offset}`);
      await assertSeen(row);
    }
  }
});

test('hostile requests have broken nothing, and every call was accounted for', async () => {
  let metrics;
  await until('no call in flight', async () => {
    metrics = await gateway.scrape();
    return metrics.sum('llm_requests_in_flight') === 0;
  });
  assert.equal(metrics.sum('llm_requests_total', { outcome: 'internal_error' }), 0);
  assert.ok(metrics.sum('llm_accounting_started_total') > hostileRequests.length);
  assert.equal(metrics.sum('llm_accounting_finalized_total'), metrics.sum('llm_accounting_started_total'));
});

function wireOf({ bytes, open, tail = open ? next : smuggled }) {
  return Buffer.concat([bytes, Buffer.from(tail)]);
}

/** Sends the parts, each on its own, and reads the connection to its end. */
async function assertAnswers(row, parts, where = '') {
  const client = await Client.connect(gateway.apiPort);
  try {
    for (const [index, part] of parts.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, 1));
      client.send(part);
    }
    const expected = row.open ? [...row.answers, 200] : row.answers;
    const answers = [];
    const startsWithHead = row.bytes.toString('latin1', 0, 5) === 'HEAD ';
    for (const index of expected.keys()) answers.push(await readAnswer(client, startsWithHead && index === 0));
    const statuses = answers.map((answer) => answer?.status);
    assert.deepEqual(statuses, expected, `answers to "${row.name}"${where}`);
    if (row.open) {
      assert.match(answers.at(-1).body.toString(), nextBody, `the request behind "${row.name}"${where}`);
    } else {
      assert.equal(await client.head(), null, `another answer to "${row.name}"${where}`);
      assert.notEqual(client.bytes.state, 'open');
    }
    for (const { status, fields } of answers)
      if (status >= 400) assert.ok(fields.get('x-archestra-error'), `"${row.name}" is refused by the gateway${where}`);
  } finally {
    client.close();
  }
}

/** `isHead`: this answers a HEAD, and has no body. */
async function readAnswer(client, isHead) {
  const head = await client.head();
  if (!head || head.status < 200 || isHead) return head;
  return { ...head, ...(await readBody(client.bytes, head.fields, { untilClose: true })) };
}

async function assertSeen(row) {
  if (row.seen.length === 0) return assert.deepEqual(upstream.take(), { bytes: 0, requests: [] });
  const isCut = row.seen === 'cut';
  const expected = isCut ? [{ line: 'POST /v1/files HTTP/1.1' }] : row.seen;
  await until('the provider to have read everything', () => upstream.settled >= expected.length);
  const { requests } = upstream.take();
  assert.deepEqual(
    requests.map(({ line }) => line),
    expected.map(({ line }) => line),
  );
  if (isCut) return assert.notEqual(requests[0].end, 'complete', 'a body that never became whole');
  expected.forEach(({ body, fields = {} }, index) => {
    const seen = requests[index];
    assert.deepEqual([seen.body, seen.end], [body, 'complete']);
    for (const [name, value] of Object.entries(fields)) assert.equal(seen.fields.get(name), value ?? undefined, name);
  });
  return undefined;
}

async function assertNormalCall() {
  const body = '{"model":"m","messages":[]}';
  const response = await exchange(gateway.apiPort, 'POST', '/v1/openai/chat/completions', { body });
  assert.equal(response?.status, 200);
  const { requests } = upstream.take();
  assert.deepEqual(
    requests.map((seen) => `${seen.line} ${seen.body}`),
    [`POST /v1/chat/completions HTTP/1.1 ${body}`],
  );
}

const cut = (bytes, offset) => [bytes.subarray(0, offset), bytes.subarray(offset)];

/** Where to cut: around each end of a line, and at even distances; `most` of them. */
function offsets(bytes, most = 16) {
  const all = new Set();
  for (let at = bytes.indexOf('\n'); at >= 0 && all.size < most; at = bytes.indexOf('\n', at + 1)) {
    all.add(at);
    all.add(at + 1);
  }
  for (let i = 1; i < most; i += 1) all.add(Math.floor((bytes.length * i) / most));
  return [...all].filter((at) => at > 0 && at < bytes.length).slice(0, 2 * most);
}

async function inParallel(width, items, act) {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of rest) await act(item);
    }),
  );
}
