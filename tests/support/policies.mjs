// Agents with policies, and what the gateway says of the tool calls of one call.

import assert from 'node:assert/strict';

/** Makes an agent with `settings` and these policies; answers its id. */
export async function agentWith(gateway, { settings = {}, invocation = [], trust = [] } = {}) {
  const agentId = await make(gateway, '/agents', { name: 'Guarded', ...settings });
  for (const policy of invocation) await make(gateway, '/tool-invocation-policies', { agentId, ...policy });
  for (const policy of trust) await make(gateway, '/trusted-data-policies', { agentId, ...policy });
  return agentId;
}

async function make(gateway, path, fields) {
  const { status, json } = await gateway.api('POST', path, fields);
  assert.equal(status, 201, JSON.stringify(json));
  return json.id;
}

/** A policy that blocks a tool, whatever it is called with. */
export const block = (tool, fields = {}) => ({ tool, action: 'block_always', reason: `${tool} is not for you.`, ...fields });

/** The events about tool calls on a CLIENT span: [{tool, decision, policyId, reason}]. */
export function decisionsOf(span) {
  const own = 'archestra.tool_decision';
  return span.events
    .filter(({ name }) => name === own)
    .map(({ attributes }) => ({
      tool: attributes['gen_ai.tool.name'],
      decision: attributes[`${own}.decision`],
      policyId: attributes[`${own}.policy_id`],
      reason: attributes[`${own}.reason`],
    }));
}

/**
 * That metrics, span and log say the same of a call whose answer had tool calls of these names, which were all decided
 * `decision` about.
 */
export function assertDecided(record, names, decision) {
  const events = decisionsOf(record.client);
  assert.deepEqual(events.map(({ tool }) => tool), names);
  const blocked = decision === 'blocked' ? names.length : 0;
  for (const name of ['llm_blocked_tool_total', 'llm_blocked_tools_total'])
    assert.equal(record.growth(name), blocked, name);
  assert.equal(record.log.blocked_tool_calls ?? 0, blocked, 'blocked_tool_calls in the log');
  assert.equal(record.growth('llm_tool_calls_total'), names.length, 'llm_tool_calls_total');
  for (const tool of new Set(names)) {
    const counted = events.filter((event) => event.tool === tool);
    for (const each of new Set(counted.map((event) => event.decision))) {
      const count = counted.filter((event) => event.decision === each).length;
      assert.equal(record.growth('llm_tool_calls_total', { tool, decision: each }), count, `${each} calls of ${tool}`);
    }
  }
  return events;
}
