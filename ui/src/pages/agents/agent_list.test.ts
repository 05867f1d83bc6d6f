import assert from 'node:assert/strict';
import test from 'node:test';
import type { Agent } from '@/api/types.ts';
import { matches, sorted, toRows } from './agent_list.ts';

const agent = (name: string, labels: Agent['labels'] = [], updatedAt = '2026-01-01T00:00:00Z'): Agent => ({
  id: `id-${name}`,
  name,
  labels,
  isDefault: false,
  considerContextUntrusted: false,
  denyToolsInUntrustedContext: false,
  onClientDisconnect: { action: 'cancel' },
  captureContent: false,
  createdAt: updatedAt,
  updatedAt,
});

const traffic = (agentId: string, calls: number) => ({
  agentId,
  calls: [calls],
  totals: { calls, errors: 0, inputTokens: 0, outputTokens: 0 },
});

test('each word is looked for in the name, the labels and the id', () => {
  const bot = agent('Support Bot', [{ key: 'team', value: 'Support' }, { key: 'tier', value: '' }]);
  assert.ok(matches(bot, ''));
  assert.ok(matches(bot, 'bot SUPPORT'));
  assert.ok(matches(bot, 'team:support'));
  assert.ok(matches(bot, 'id-support'));
  assert.ok(!matches(bot, 'bot finance'));
});

test('agents without traffic count as none and stand by name', () => {
  const rows = toRows([agent('b10'), agent('b9'), agent('a')], { stepSeconds: 60, data: [traffic('id-b9', 3)] });
  const names = (list: typeof rows) => list.map((row) => row.agent.name);
  assert.deepEqual(names(sorted(rows, 'calls', true)), ['b9', 'a', 'b10']);
  assert.deepEqual(names(sorted(rows, 'name', false)), ['a', 'b9', 'b10']);
  assert.deepEqual(names(sorted(rows, 'name', true)), ['b10', 'b9', 'a']);
});
