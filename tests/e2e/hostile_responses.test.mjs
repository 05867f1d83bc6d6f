// The table of hostile responses, each as the bytes it is: what the client gets, what is recorded, that the connection is
// never used again where it may hold something that is not known, and that the next call gets its own answer.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { assertGatewayError } from '../support/answers.mjs';
import { exchange } from '../support/client.mjs';
import { hostileResponses } from '../support/hostile_responses.mjs';
import { chatRequest } from '../support/openai_chat.mjs';
import { Scene } from '../support/scene.mjs';
import { within } from '../support/until.mjs';

const env = {
  ARCHESTRA_THREADS: '1', // one pool: a connection that was kept would be the next call's
  ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '1000',
};

let scene;
before(async () => (scene = await Scene.start({ env })));
after(() => scene.stop());

test('the table is as long as it was promised to be', () => assert.ok(hostileResponses.length >= 60));

describe('a hostile response', () => {
  for (const row of hostileResponses) {
    test(`${row.name} (${row.rule})`, async () => {
      const used = await assertRow(row);
      const next = await normalCall();
      if (row.reused) assert.equal(next.connection, used.connection, 'a connection without fault is kept');
      else assert.notEqual(next.connection, used.connection, 'the connection is never used again');
    });
  }
});

/** Makes the call of a row; the exchange of it. */
async function assertRow(row) {
  const { method = 'GET', path = '/v1/openai/files' } = row;
  const answered = Promise.withResolvers();
  const body = method === 'POST' ? JSON.stringify(chatRequest) : undefined;
  const { result, record, caseName } = await scene.observe(
    async (headers) => {
      const response = await exchange(scene.gateway.apiPort, method, path, { headers, body });
      answered.resolve();
      return response;
    },
    { upstream: (own) => act(own, row, answered.promise) },
  );
  assertResult(row, result);
  const { outcome, tryStatus, errorType, error } = row;
  record.assertOutcome({ outcome, tryStatus, errorType, httpStatus: error ? `${row.status}` : undefined });
  const used = await scene.upstream.only(caseName);
  if (!row.reused) assert.notEqual(await within('the end of the connection', used.closed), 'open');
  return used;
}

/** What the upstream does. */
async function act(own, { bytes, late, closes, dripMs }, answered) {
  if (dripMs) {
    for (let at = 0; at < bytes.length && own.closedAt === null; at += 1) {
      await own.send(bytes.subarray(at, at + 1));
      await sleep(dripMs);
    }
  } else {
    await own.send(bytes);
  }
  if (late) {
    await answered;
    await own.send(Buffer.from(late));
  }
  if (closes) own.end();
}

function assertResult({ method = 'GET', status, body, error, isBroken, fields = {} }, result) {
  if (error && method !== 'HEAD') return assertGatewayError(result, status, error);
  assert.equal(result?.status, status);
  assert.equal(result.fields.get('x-archestra-error'), error);
  for (const [name, value] of Object.entries(fields)) assert.equal(result.fields.get(name), value, name);
  if (body !== undefined) assert.equal(result.body.toString('latin1'), body);
  assert.equal(result.end === 'complete', !isBroken, `the body is ${result.end}`);
  return undefined;
}

/** A call with an answer of its own; its exchange. */
async function normalCall() {
  const own = { id: randomUUID() };
  const { result, record, caseName } = await scene.observe(
    (headers) => exchange(scene.gateway.apiPort, 'GET', '/v1/openai/files', { headers }),
    { upstream: (upstream) => upstream.json200(own) },
  );
  assert.equal(result?.status, 200);
  assert.deepEqual(JSON.parse(result.body), own);
  record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
  return scene.upstream.only(caseName);
}
