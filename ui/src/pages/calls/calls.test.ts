import assert from 'node:assert/strict';
import test from 'node:test';
import type { Call, CallDetails, CallTry, RecentCalls } from '../../api/types.ts';
import { callsQuery, kFilters, kFollowedMax, withNewest, type Pages } from './recent_calls.ts';
import { axisTicks, phasesOfTry, place, tokensPerSecond, waterfallEnd, waterfallRows } from './waterfall.ts';

const aTry: CallTry = {
  spanId: 'a',
  startedAfter: 1,
  duration: 10,
  statusCode: 200,
  outcome: 'completed',
  errorType: null,
  serverAddress: 'api.example',
  serverPort: 443,
  timeToFirstByte: 2,
  timeToFirstByteSent: 2.1,
  timeToFirstToken: 3,
  timeToLastToken: 9,
  stallCount: 1,
  stalls: [{ after: 4, duration: 1.5 }],
  retriedAfter: null,
};

function call(tries: CallTry[], duration: number): CallDetails {
  return { id: 'c', route: '/r', duration, outputTokens: 60, tryDetails: tries } as unknown as CallDetails;
}

test('a try is cut into phases without gaps', () => {
  assert.deepEqual(phasesOfTry(aTry), [
    { kind: 'waiting', from: 1, to: 3 },
    { kind: 'reasoning', from: 3, to: 4 },
    { kind: 'streaming', from: 4, to: 10 },
    { kind: 'ending', from: 10, to: 11 },
  ]);
  assert.deepEqual(phasesOfTry({ ...aTry, timeToFirstToken: null, timeToLastToken: null }), [
    { kind: 'waiting', from: 1, to: 3 },
    { kind: 'receiving', from: 3, to: 11 },
  ]);
  assert.deepEqual(phasesOfTry({ ...aTry, timeToFirstByte: null, timeToFirstToken: null, timeToLastToken: null }), [
    { kind: 'waiting', from: 1, to: 11 },
  ]);
});

test('figures that contradict each other still make a timeline', () => {
  const phases = phasesOfTry({ ...aTry, timeToFirstByte: 20, timeToFirstToken: 3, timeToLastToken: 1 });
  assert.deepEqual(phases, [{ kind: 'waiting', from: 1, to: 11 }]);
});

test('a call has a row for itself, each try and each pause', () => {
  const failed = { ...aTry, outcome: 'upstream_error' as const, duration: 1, retriedAfter: 0.5 };
  const rows = waterfallRows(call([failed, { ...aTry, spanId: 'b', startedAfter: 2.5 }], 13));
  assert.deepEqual(
    rows.map((row) => [row.name, row.from, row.to, row.isBad]),
    [
      ['Call', 0, 13, false],
      ['Try 1', 1, 2, true],
      ['Pause', 2, 2.5, false],
      ['Try 2', 2.5, 12.5, false],
    ],
  );
  assert.deepEqual(rows[0]!.phases, [
    { kind: 'gateway', from: 0, to: 1 },
    { kind: 'gateway', from: 12.5, to: 13 },
  ]);
  assert.deepEqual(rows[3]!.stalls, [{ from: 6.5, to: 8 }]);
  assert.ok(Math.abs(rows[3]!.relayedAfter! - 0.1) < 1e-9);
  assert.equal(waterfallEnd(rows), 13);
});

test('a call that reached no provider was in the gateway all the time', () => {
  const [row] = waterfallRows(call([], 0.002));
  assert.deepEqual(row!.phases, [{ kind: 'gateway', from: 0, to: 0.002 }]);
});

test('the axis has round moments', () => {
  assert.deepEqual(axisTicks(10), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(axisTicks(0.0013), [0, 0.0005, 0.001]);
  for (const end of [1e-6, 0.3, 7, 59, 3600]) assert.ok(axisTicks(end).length <= 7, String(end));
});

test('what is short can be seen', () => {
  assert.deepEqual(place(5, 5, 10), { left: 'min(50.000%, 100% - 2px)', width: 'max(0.000%, 2px)' });
});

test('tokens per second are those between the first token and the last', () => {
  assert.equal(tokensPerSecond(call([aTry], 11)), 10);
  assert.equal(tokensPerSecond(call([{ ...aTry, timeToLastToken: 3 }], 11)), null);
  assert.equal(tokensPerSecond(call([], 11)), null);
});

const page = (ids: string[], next: string | null = null): RecentCalls => ({
  data: ids.map((id) => ({ id }) as Call),
  pagination: { limit: 50, next },
  held: 9,
  capacity: 10,
  oldestAt: null,
});
const pages = (...all: RecentCalls[]): Pages => ({ pages: all, pageParams: all.map(() => undefined) });
const ids = (given: Pages) => given.pages.map((one) => one.data.map((entry) => entry.id).join(''));

test('new calls come in front, each once', () => {
  const next = withNewest(pages(page(['c', 'b'], 'p2'), page(['a'])), page(['e', 'd', 'c']));
  assert.deepEqual(ids(next), ['edcb', 'a']);
  assert.equal(next.pages[0]!.pagination.next, 'p2');
});

test('where calls were missed, the list begins anew', () => {
  assert.deepEqual(ids(withNewest(pages(page(['b', 'a'])), page(['f', 'e'], 'p2'))), ['fe']);
  const many = page(Array.from({ length: kFollowedMax }, (_, index) => String(index)));
  assert.deepEqual(ids(withNewest(pages(many), page(['x', '0']))), ['x0']);
  assert.deepEqual(ids(withNewest(pages(page([])), page(['a']))), ['a']);
  assert.deepEqual(ids(withNewest(undefined, page(['a']))), ['a']);
});

test('the API is asked for what is filtered by', () => {
  assert.deepEqual(callsQuery({ ...kFilters, model: 'm', follow: '1' }), { model: 'm' });
});
