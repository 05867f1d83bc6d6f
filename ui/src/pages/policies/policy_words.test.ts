import assert from 'node:assert/strict';
import test from 'node:test';
import type { Condition } from '@/api/types.ts';
import { invocationWords, trustedWords, type InvocationDraft } from './policy_words.ts';

const draft = (change: Partial<InvocationDraft>): InvocationDraft => ({
  tool: 'send_email',
  conditions: [],
  action: 'block_always',
  mode: 'enforce',
  ...change,
});
const outside: Condition = { key: 'to[*].address', operator: 'notContains', value: '@example.com' };

test('a block names whom it is for and when it holds', () => {
  assert.equal(
    invocationWords(draft({}), null),
    'Refuses every call of send_email by any agent. The model and the user are told the reason.',
  );
  assert.equal(
    invocationWords(draft({ conditions: [outside, { key: '', operator: 'regex', value: '^a' }] }), 'Support Bot'),
    'Refuses a call of send_email by Support Bot when a value of to[*].address does not contain “@example.com” and the whole of its arguments matches the pattern “^a”. The model and the user are told the reason.',
  );
});

test('what permits wants all values, what restricts one', () => {
  const allow = invocationWords(draft({ action: 'allow_when_context_is_untrusted', conditions: [outside] }), null);
  assert.match(allow, /when every value of to\[\*\]\.address does not contain/);
  const trust = trustedWords({ tool: 't', conditions: [outside], action: 'mark_as_trusted', description: '' }, null);
  assert.match(trust, /when every value of/);
  const distrust = trustedWords({ tool: 't', conditions: [outside], action: 'mark_as_untrusted', description: '' }, null);
  assert.match(distrust, /when a value of/);
});

test('what observes is said to let everything pass', () => {
  for (const action of ['block_always', 'block_when_context_is_untrusted'] as const)
    assert.match(invocationWords(draft({ action, mode: 'observe' }), null), /^Lets everything pass/);
  assert.match(invocationWords(draft({ action: 'allow_when_context_is_untrusted', mode: 'observe' }), null), /^Does nothing/);
});

test('what stands in the place of a blocked result is shown', () => {
  const words = trustedWords({ tool: 'web', conditions: [], action: 'block_always', description: 'An injection.' }, 'A');
  assert.equal(
    words,
    'Keeps from the model every result of web to A. In its place stands “[Content blocked by policy: An injection.]”.',
  );
});
