import assert from 'node:assert/strict';
import test from 'node:test';
import type { Figures, Overview } from '../../api/types.ts';
import { callsByResult, countSeries, errorShareSeries, groupFilter, groupName, knownLengths, shownGroups, stepLengths, wholeSteps } from './figures.ts';

const none = { p50: null, p95: null, p99: null };

function figures(calls: number[], errors = calls.map(() => 0)): Figures {
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const zeros = calls.map(() => 0);
  const nothing = { p50: calls.map(() => null), p95: calls.map(() => null), p99: calls.map(() => null) };
  return {
    totals: {
      calls: sum(calls),
      errors: sum(errors),
      inputTokens: 0,
      outputTokens: 0,
      blockedToolCalls: 0,
      latency: none,
      timeToFirstToken: none,
      gateway: none,
    },
    series: {
      calls,
      errors,
      inputTokens: zeros,
      outputTokens: zeros,
      blockedToolCalls: zeros,
      latency: nothing,
      timeToFirstToken: nothing,
      gateway: nothing,
    },
  };
}

function overview(all: Figures, groups: Record<string, Figures> = {}, foldedGroups = 0): Overview {
  return {
    from: '',
    to: '',
    knownFrom: new Date(0).toISOString(),
    stepSeconds: 30,
    times: [0, 30, 60],
    groupBy: 'model',
    all,
    groups: Object.entries(groups).map(([key, value]) => ({ key, name: key, ...value })),
    foldedGroups,
    foldedCalls: 0,
  };
}

test('counts are per minute, the last step by the time it has had', () => {
  const given = overview(figures([5, 10, 5]));
  assert.deepEqual(stepLengths(given, 77), [30, 30, 15]);
  assert.deepEqual(countSeries(given, [], 'calls', stepLengths(given, 77), 'Calls')[0]!.values, [10, 20, 20]);
});

test('of what was before the gateway began nothing is known, not that there was nothing', () => {
  const given = { ...overview(figures([0, 5, 5])), knownFrom: new Date(45_000).toISOString() };
  assert.deepEqual(knownLengths(given, 77), [0, 15, 15]);
  assert.deepEqual(countSeries(given, [], 'calls', knownLengths(given, 77), 'Calls')[0]!.values, [null, 20, 20]);
});

test('a step that is too young is left out', () => {
  const given = overview(figures([5, 10, 5]), { a: figures([5, 10, 5]) });
  assert.deepEqual(wholeSteps(given, 91).times, [0, 30]);
  assert.deepEqual(wholeSteps(given, 91).groups[0]!.series.latency.p50, [null, null]);
  assert.equal(wholeSteps(given, 92), given);
  const long = { ...given, stepSeconds: 600, times: [0, 600, 1200] };
  assert.deepEqual(wholeSteps(long, 1501).times, [0, 600]);
  assert.equal(wholeSteps(long, 1502), long);
});

test('what no shown group has is the rest', () => {
  const groups = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => [key, figures([1, 1, 1])]));
  const given = overview(figures([10, 8, 8]), groups);
  const series = countSeries(given, shownGroups(given), 'calls', [30, 30, 30], 'Calls');
  assert.equal(series.length, 8);
  assert.deepEqual(series.at(-1)!.values, [6, 2, 2]);
  assert.equal(series.at(-1)!.total, 5);
});

test('the group in which most failed is among the shown ones', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const groups = Object.fromEntries(keys.map((key) => [key, figures([1], [key === 'h' ? 1 : 0])]));
  assert.deepEqual(
    shownGroups(overview(figures([8], [1]), groups)).map((group) => group.key),
    ['a', 'b', 'c', 'd', 'e', 'f', 'h'],
  );
});

test('groups that overtake each other keep their colours', () => {
  const colors = (order: string[]) =>
    Object.fromEntries(
      shownGroups(overview(figures([1, 1, 1]), Object.fromEntries(order.map((key) => [key, figures([1, 1, 1])])))).map(
        (group) => [group.key, group.color],
      ),
    );
  assert.deepEqual(colors(['b', 'a', 'c']), colors(['c', 'b', 'a']));
});

test('failed calls and the others are all calls', () => {
  const given = overview(figures([4, 2, 0], [1, 2, 0]));
  const [failed, fine] = callsByResult(given, [60, 60, 60]);
  assert.deepEqual(failed!.values, [1, 2, 0]);
  assert.deepEqual(fine!.values, [3, 0, 0]);
});

test('no calls have no share of errors', () => {
  assert.deepEqual(errorShareSeries(overview(figures([4, 2, 0], [1, 2, 0])), [])[0]!.values, [0.25, 1, null]);
});

test('groups that are none have a name and no filter', () => {
  assert.equal(groupName('label:team', { key: '', name: '' }), 'No team');
  assert.equal(groupFilter('label:team', { key: '' }), null);
  assert.equal(groupFilter('model', { key: '__overflow__' }), null);
  assert.deepEqual(groupFilter('label:team', { key: 'a:b' }), { label: 'team:a:b' });
  assert.deepEqual(groupFilter('agent', { key: 'unknown' }), { agentId: 'unknown' });
});
