// The closed set of outcomes, and what each means for every signal. A test says what happened to its call; what must then
// stand in metric, spans and log line follows from here.

import assert from 'node:assert/strict';

import { StatusCode } from './collector.mjs';

const { UNSET, ERROR } = StatusCode;

/**
 * `clientSpan` is the status of the CLIENT span. `answer` is what the client gets where no head of an answer came from
 * the provider; where one came it gets that. `isBroken`: the answer is not whole, so that the SERVER span is an error
 * whatever its status. What is refused before any try has no CLIENT span.
 *
 * refused_auth and refused_limit are not here: nothing makes them yet, as there are no credentials of ours, nor limits on
 * what is used. internal_error is not here: it must never be, and every Record and Scene looks for it.
 */
const rows = {
  completed: { clientSpan: UNSET },
  upstream_error: { clientSpan: ERROR },
  upstream_unreachable: { clientSpan: ERROR, answer: '502' },
  upstream_timeout: { clientSpan: ERROR, answer: '504', isBroken: true },
  upstream_truncated: { clientSpan: ERROR, answer: '502', isBroken: true },
  client_cancelled: { clientSpan: UNSET, answer: '499' },
  refused_overload: { clientSpan: ERROR, answer: '503' }, // a CLIENT span only where no connection became free
  invalid_request: { clientSpan: ERROR }, // a CLIENT span only where the fault showed while the body streamed upstream
  shutdown: { clientSpan: ERROR, answer: '503', isBroken: true },
};

/** Whether a CLIENT span of this outcome has status ERROR, or else UNSET. */
export function clientSpanStatus(outcome) {
  return rowOf(outcome).clientSpan;
}

/**
 * {status, serverSpan}: what the client got and what the SERVER span's status is, for a call whose last try has
 * `tryStatus` (none: it was refused before).
 */
export function answerOf(outcome, tryStatus, httpStatus) {
  const { answer, isBroken = false } = rowOf(outcome);
  const hasHead = tryStatus !== undefined && tryStatus !== '0' && outcome !== 'client_cancelled';
  const status = httpStatus ?? (hasHead ? tryStatus : answer);
  assert.ok(status, `a test of ${outcome} has to say what the client gets`);
  const isError = Number(status) >= 500 || (isBroken && Number(status) < 400);
  return { status, serverSpan: isError ? ERROR : UNSET };
}

function rowOf(outcome) {
  const row = rows[outcome];
  assert.ok(row, `outcome ${outcome} is not expected of any call`);
  return row;
}
