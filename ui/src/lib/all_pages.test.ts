import assert from 'node:assert/strict';
import test from 'node:test';
import { allPages } from './all_pages.ts';

test('pages are fetched one after the other until all items are there', async () => {
  const offsets: number[] = [];
  const items = await allPages(async ({ limit, offset }) => {
    offsets.push(offset);
    return { data: Array.from({ length: Math.min(limit, 2300 - offset) }, (_, i) => offset + i), pagination: { total: 2300 } };
  });
  assert.deepEqual(offsets, [0, 1000, 2000]);
  assert.equal(items.length, 2300);
  assert.equal(items[2299], 2299);
});

test('a list that shrinks meanwhile ends with its last page', async () => {
  const items = await allPages(async ({ offset }) => ({ data: offset === 0 ? ['a'] : [], pagination: { total: 5 } }));
  assert.deepEqual(items, ['a']);
});
