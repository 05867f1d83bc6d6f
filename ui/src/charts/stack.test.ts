import assert from 'node:assert/strict';
import test from 'node:test';
import { describe, lonelyPoints, stack } from './stack.ts';

test('series lie on those after them', () => {
  const series = [
    [1, 2, null],
    [10, 20, 30],
    [100, null, 300],
  ];
  assert.deepEqual(
    stack(series, () => false),
    [
      [111, 22, 330],
      [110, 20, 330],
      [100, 0, 300],
    ],
  );
  assert.deepEqual(stack(series, (index) => index === 1)[0], [101, 2, 300]);
  assert.deepEqual(
    stack([], () => false),
    [],
  );
});

test('a value between gaps is found', () => {
  assert.deepEqual(lonelyPoints([1, null, 2, 3, null, 4]), [0, 5]);
  assert.deepEqual(lonelyPoints([null, null]), []);
});

test('a series in words', () => {
  assert.equal(describe('p95', [1, null, 3, 2], String), 'p95: between 1 and 3, at last 2.');
  assert.equal(describe('p95', [null], String), 'p95: nothing.');
  assert.equal(describe('p95', [2, 2], String), 'p95: 2 throughout.');
});
