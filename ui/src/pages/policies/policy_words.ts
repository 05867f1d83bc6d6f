// What a policy does, in a sentence.

import type { Condition, ToolInvocationPolicy, TrustedDataPolicy } from '@/api/types.ts';

export type InvocationDraft = Pick<ToolInvocationPolicy, 'tool' | 'conditions' | 'action' | 'mode'>;
export type TrustedDraft = Pick<TrustedDataPolicy, 'tool' | 'conditions' | 'action' | 'description'>;

const kVerbs: Record<Condition['operator'], string> = {
  equal: 'is',
  notEqual: 'is not',
  contains: 'contains',
  notContains: 'does not contain',
  startsWith: 'begins with',
  endsWith: 'ends with',
  regex: 'matches the pattern',
};

export const kInvocationActions: Record<ToolInvocationPolicy['action'], string> = {
  block_always: 'Block',
  block_when_context_is_untrusted: 'Block when untrusted',
  allow_when_context_is_untrusted: 'Allow when untrusted',
};

export const kTrustActions: Record<TrustedDataPolicy['action'], string> = {
  mark_as_trusted: 'Trust',
  mark_as_untrusted: 'Distrust',
  block_always: 'Block',
};

/** Whether a path can lead to several values. */
function isSeveral(key: string): boolean {
  return /\*/.test(key);
}

/** What restricts holds where one of several values fits, what permits only where all do. */
export function conditionWords({ key, operator, value }: Condition, whole: string, restricts: boolean): string {
  const what = key === '' ? whole : isSeveral(key) ? `${restricts ? 'a value' : 'every value'} of ${key}` : key;
  return `${what} ${kVerbs[operator]} “${value}”`;
}

function conditionsWords(conditions: Condition[], whole: string, restricts: boolean): string {
  return conditions.map((condition) => conditionWords(condition, whole, restricts)).join(' and ');
}

const named = (tool: string) => (tool.trim() === '' ? 'the tool' : tool);

/** `agent` is the name of the agent it is for, or null for all. */
export function invocationWords({ tool, conditions, action, mode }: InvocationDraft, agent: string | null): string {
  const whom = agent === null ? 'by any agent' : `by ${agent}`;
  const restricts = action !== 'allow_when_context_is_untrusted';
  const when = conditionsWords(conditions, 'the whole of its arguments', restricts);
  const call = conditions.length === 0 ? `every call of ${named(tool)} ${whom}` : `a call of ${named(tool)} ${whom} when ${when}`;
  const isObserved = mode === 'observe';
  switch (action) {
    case 'block_always':
      return isObserved
        ? `Lets everything pass, and counts as “would_block” ${call}.`
        : `Refuses ${call}. The model and the user are told the reason.`;
    case 'block_when_context_is_untrusted':
      return isObserved
        ? `Lets everything pass, and counts as “would_block”, while the context is untrusted, ${call}.`
        : `Refuses, while the context is untrusted, ${call}. In a trusted context it does nothing.`;
    case 'allow_when_context_is_untrusted':
      return isObserved
        ? 'Does nothing: an allowance that only observes allows nothing.'
        : `Allows, also while the context is untrusted, ${call}. It matters for agents that refuse tools in an untrusted context, and lifts no block.`;
  }
}

export function trustedWords({ tool, conditions, action, description }: TrustedDraft, agent: string | null): string {
  const to = agent === null ? 'any agent' : agent;
  const when = conditionsWords(conditions, 'the whole result', action !== 'mark_as_trusted');
  const results =
    conditions.length === 0 ? `every result of ${named(tool)} to ${to}` : `a result of ${named(tool)} to ${to} when ${when}`;
  switch (action) {
    case 'mark_as_trusted':
      return `Trusts ${results}. It no longer makes the context untrusted.`;
    case 'mark_as_untrusted':
      return `Distrusts ${results}, whatever else trusts it. The context is untrusted from then on.`;
    case 'block_always':
      return `Keeps from the model ${results}. In its place stands “[Content blocked by policy: ${description}]”.`;
  }
}
