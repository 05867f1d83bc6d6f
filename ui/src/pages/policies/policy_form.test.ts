import assert from 'node:assert/strict';
import test from 'node:test';
import type { ToolInvocationPolicy, TrustedDataPolicy } from '@/api/types.ts';
import { placeOfProblem, toBody, toForm } from './policy_form.ts';

const shared = {
  id: 'p',
  agentId: null,
  tool: 'send_email',
  conditions: [{ key: 'to', operator: 'equal' as const, value: '' }],
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
};

test('policies of both kinds come through the form unchanged', () => {
  const invocation: ToolInvocationPolicy = { ...shared, action: 'block_always', reason: 'No.', mode: 'observe' };
  const trusted: TrustedDataPolicy = { ...shared, agentId: 'a', action: 'mark_as_trusted', description: 'Ours.' };
  const { id, createdAt, updatedAt, ...fields } = invocation;
  assert.deepEqual(toBody('invocation', toForm(invocation)), fields);
  const { id: _, createdAt: __, updatedAt: ___, ...others } = trusted;
  assert.deepEqual(toBody('trusted', toForm(trusted)), others);
});

test('refusals of the API stand at their field', () => {
  const kKey = 'The key "a[" is no path: brackets hold a number.';
  assert.deepEqual(placeOfProblem(`Condition 2: ${kKey}`), { field: 'condition', index: 1, part: 'key', text: kKey });
  const kPattern = 'The pattern is no regular expression of RE2: missing ).';
  assert.deepEqual(placeOfProblem(`Condition 1: ${kPattern}`), { field: 'condition', index: 0, part: 'value', text: kPattern });
  assert.equal(placeOfProblem('"conditions[3].key" is missing.').index, 3);
  assert.equal(placeOfProblem('There are 101 conditions; a policy may have 100.').field, 'conditions');
  assert.equal(placeOfProblem("The tool's name has no character that could be seen.").field, 'tool');
  assert.equal(placeOfProblem('"tool" is missing.').field, 'tool');
  assert.equal(placeOfProblem('The reason has 2000 characters; it may have 1000.').field, 'text');
  assert.equal(placeOfProblem('"agentId" is the id of no agent.').field, 'agentId');
  assert.equal(placeOfProblem('The gateway does not answer.').field, 'form');
});
