import assert from 'node:assert/strict';
import test from 'node:test';
import { readFilters, writeFilters } from './url_state.ts';

const kDefaults = { minutes: '60', provider: '', model: '' };

test('what the URL does not name has its default', () => {
  assert.deepEqual(readFilters('?model=gpt%2F4&other=1', kDefaults), { minutes: '60', provider: '', model: 'gpt/4' });
});

test('what equals its default is not written', () => {
  assert.equal(writeFilters({ minutes: '60', provider: '', model: '' }, kDefaults), '');
  assert.equal(writeFilters({ minutes: '15', provider: '', model: 'a&b' }, kDefaults), '?minutes=15&model=a%26b');
});

test('filters survive the way through the URL', () => {
  const filters = { minutes: '1440', provider: 'ö&=?#', model: '<b>' };
  assert.deepEqual(readFilters(writeFilters(filters, kDefaults), kDefaults), filters);
});
