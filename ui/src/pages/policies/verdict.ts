// What becomes of the calls of a tool, at a glance: the rules of the gateway (decision 0008) as far as they can be told
// without a call.

import type { Agent, Tool, ToolInvocationPolicy, TrustedDataPolicy } from '@/api/types.ts';

export type VerdictId = 'allowed' | 'blocked' | 'conditional' | 'observed';

export interface Verdict {
  id: VerdictId;
  /** Why, in a sentence. */
  why: string;
}

// The same name but for letter case and look. The gateway folds a little more; this is for showing, not for judging.
function folded(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .trim()
    .replace(/^(?:default_api[.:]\s*)+(?=.)/, '');
}

function isFor(policy: { agentId: string | null; tool: string }, tool: Tool, exactly: boolean): boolean {
  if (policy.agentId !== null && policy.agentId !== tool.agentId) return false;
  return exactly ? policy.tool === tool.name : folded(policy.tool) === folded(tool.name);
}

/** Policies that look at calls of this tool, in the order in which they were made. */
export function invocationPoliciesFor(tool: Tool, policies: ToolInvocationPolicy[]): ToolInvocationPolicy[] {
  return policies.filter((policy) => isFor(policy, tool, policy.action === 'allow_when_context_is_untrusted'));
}

/** Policies that look at results of this tool. */
export function trustedPoliciesFor(tool: Tool, policies: TrustedDataPolicy[]): TrustedDataPolicy[] {
  return policies.filter((policy) => isFor(policy, tool, policy.action === 'mark_as_trusted'));
}

type AgentRules = Pick<Agent, 'considerContextUntrusted' | 'denyToolsInUntrustedContext'>;

/** `policies` are those of the tool, `agent` is what declared it. */
export function verdictOf(tool: Tool, agent: AgentRules, policies: ToolInvocationPolicy[]): Verdict {
  const enforced = policies.filter(({ mode }) => mode === 'enforce');
  const isUnconditional = (policy: ToolInvocationPolicy) => policy.conditions.length === 0;
  const always = enforced.filter(({ action }) => action === 'block_always');
  const untrusted = enforced.filter(({ action }) => action === 'block_when_context_is_untrusted');
  const allows = enforced.filter(({ action }) => action === 'allow_when_context_is_untrusted');

  if (always.some(isUnconditional)) return { id: 'blocked', why: 'A policy refuses every call.' };
  if (agent.considerContextUntrusted && untrusted.some(isUnconditional))
    return { id: 'blocked', why: 'A policy refuses it in an untrusted context, which the context of this agent always is.' };

  const isDenied = agent.denyToolsInUntrustedContext && !tool.usableWithUntrustedData && !allows.some(isUnconditional);
  if (isDenied && agent.considerContextUntrusted && allows.length === 0)
    return {
      id: 'blocked',
      why: 'The agent refuses tools in an untrusted context, which its context always is, and nothing allows this one.',
    };

  if (always.length > 0) return { id: 'conditional', why: 'A policy refuses some calls.' };
  if (isDenied && agent.considerContextUntrusted) return { id: 'conditional', why: 'Only calls that a policy allows pass.' };
  if (untrusted.length > 0) return { id: 'conditional', why: 'A policy refuses calls while the context is untrusted.' };
  if (isDenied)
    return {
      id: 'conditional',
      why:
        allows.length > 0
          ? 'While the context is untrusted, only calls that a policy allows pass.'
          : 'The agent refuses it while the context is untrusted.',
    };

  if (policies.some(({ mode, action }) => mode === 'observe' && action !== 'allow_when_context_is_untrusted'))
    return { id: 'observed', why: 'Every call passes; a policy counts those that it would have refused.' };
  return { id: 'allowed', why: 'Nothing refuses a call.' };
}
