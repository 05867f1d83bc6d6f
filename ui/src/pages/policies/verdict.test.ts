import assert from 'node:assert/strict';
import test from 'node:test';
import type { Tool, ToolInvocationPolicy, TrustedDataPolicy } from '@/api/types.ts';
import { invocationPoliciesFor, trustedPoliciesFor, verdictOf } from './verdict.ts';

const kNow = '2026-01-01T00:00:00Z';
const tool = (change: Partial<Tool> = {}): Tool => ({
  id: 't',
  agentId: 'a',
  name: 'send_email',
  description: '',
  resultTreatment: 'untrusted',
  usableWithUntrustedData: false,
  createdAt: kNow,
  updatedAt: kNow,
  ...change,
});
const policy = (change: Partial<ToolInvocationPolicy> = {}): ToolInvocationPolicy => ({
  id: 'p',
  agentId: null,
  tool: 'send_email',
  conditions: [],
  action: 'block_always',
  reason: '',
  mode: 'enforce',
  createdAt: kNow,
  updatedAt: kNow,
  ...change,
});
const some = [{ key: 'to', operator: 'equal' as const, value: 'x' }];
const open = { considerContextUntrusted: false, denyToolsInUntrustedContext: false };
const denying = { ...open, denyToolsInUntrustedContext: true };
const suspicious = { considerContextUntrusted: true, denyToolsInUntrustedContext: true };

const id = (agent: typeof open, policies: Partial<ToolInvocationPolicy>[], change: Partial<Tool> = {}) =>
  verdictOf(tool(change), agent, policies.map(policy)).id;

test('without a policy an open agent calls, and one that denies calls in a trusted context only', () => {
  assert.equal(id(open, []), 'allowed');
  assert.equal(id(denying, []), 'conditional');
  assert.equal(id(denying, [], { usableWithUntrustedData: true }), 'allowed');
  assert.equal(id(suspicious, []), 'blocked');
});

test('a block without conditions is a block, with conditions it depends', () => {
  assert.equal(id(open, [{}]), 'blocked');
  assert.equal(id(open, [{ conditions: some }]), 'conditional');
  assert.equal(id(open, [{ action: 'block_when_context_is_untrusted' }]), 'conditional');
  assert.equal(id({ ...open, considerContextUntrusted: true }, [{ action: 'block_when_context_is_untrusted' }]), 'blocked');
});

test('an allowance lifts what the agent denies, and no block', () => {
  const allow = { action: 'allow_when_context_is_untrusted' } as const;
  assert.equal(id(suspicious, [allow]), 'allowed');
  assert.equal(id(suspicious, [{ ...allow, conditions: some }]), 'conditional');
  assert.equal(id(suspicious, [{ ...allow, mode: 'observe' }]), 'blocked');
  assert.equal(id(suspicious, [allow, {}]), 'blocked');
});

test('what only observes refuses nothing', () => {
  assert.equal(id(open, [{ mode: 'observe' }]), 'observed');
  assert.equal(id(open, [{ mode: 'observe' }, { conditions: some }]), 'conditional');
});

test('blocks and distrust follow a name however it is written, what permits is exact', () => {
  const odd = tool({ name: 'Send_Email\u200b' });
  assert.equal(invocationPoliciesFor(odd, [policy()]).length, 1);
  assert.equal(invocationPoliciesFor(odd, [policy({ action: 'allow_when_context_is_untrusted' })]).length, 0);
  assert.equal(invocationPoliciesFor(tool(), [policy({ agentId: 'b' }), policy({ tool: 'send' })]).length, 0);
  const trust = (action: TrustedDataPolicy['action']) => ({ ...policy(), description: '', action }) as TrustedDataPolicy;
  assert.equal(trustedPoliciesFor(odd, [trust('mark_as_trusted'), trust('mark_as_untrusted')]).length, 1);
});
