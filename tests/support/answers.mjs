// What a client can get beside a whole answer of its provider.

import assert from 'node:assert/strict';

/** Each dialect's own words for an error: the body's members by which its SDK knows it. */
const shapes = {
  openai: (body) => assert.deepEqual(Object.keys(body.error).sort(), ['code', 'message', 'param', 'type']),
  anthropic: (body) => {
    assert.equal(body.type, 'error');
    assert.deepEqual(Object.keys(body.error).sort(), ['message', 'type']);
  },
  gemini: (body, status) => {
    assert.deepEqual(Object.keys(body.error).sort(), ['code', 'message', 'status']);
    assert.equal(body.error.code, status);
  },
};

/** The gateway answered instead of the provider: in the shape of its dialect, and saying so. */
export function assertGatewayError(response, status, code, dialect = 'openai') {
  assert.equal(response?.status, status);
  assert.equal(response.end, 'complete');
  assert.equal(response.fields.get('x-archestra-error'), code);
  assert.match(response.fields.get('content-type'), /^application\/json/);
  const body = JSON.parse(response.body);
  assert.equal(typeof body.error.message, 'string');
  shapes[dialect](body, status);
}

/** The provider's answer began and could not be finished: the client must not take it for whole. */
export function assertBroken(response, received) {
  assert.equal(response.status, 200);
  assert.notEqual(response.end, 'complete');
  assert.equal(response.body.toString(), received);
}

/** Answers with a whole stream of events. */
export async function streamOf(exchange, parts) {
  await exchange.streamHead();
  for (const part of parts) await exchange.chunk(part);
  await exchange.lastChunk();
}
