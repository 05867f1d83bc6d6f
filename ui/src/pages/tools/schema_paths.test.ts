import assert from 'node:assert/strict';
import test from 'node:test';
import { schemaPaths } from './schema_paths.ts';

const text = { type: 'string' };

test('paths lead through objects and lists to what has a value', () => {
  const to = { type: 'array', items: { type: 'object', properties: { address: text, 'a.b': text } } };
  assert.deepEqual(schemaPaths({ type: 'object', properties: { to, subject: text, '*': text } }), [
    'to[*].address',
    'to[*]["a.b"]',
    'subject',
    '["*"]',
  ]);
});

test('of what is no schema there are none', () => {
  for (const schema of [null, 7, 'x', [], {}, { properties: 3 }, { items: null }]) assert.deepEqual(schemaPaths(schema), []);
});

test('a schema within itself ends', () => {
  const node: Record<string, unknown> = { type: 'object' };
  node['properties'] = { child: node, name: text };
  assert.ok(schemaPaths(node).length < 10);
});
