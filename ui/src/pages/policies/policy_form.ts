// What the editor of policies holds while somebody types, and what of it goes to the API.

import type { Condition, ToolInvocationPolicy, TrustedDataPolicy } from '@/api/types.ts';
import type { InvocationBody, Kind, TrustedBody } from './policies_data.ts';

/** A condition in the form; `row` stays the same while it changes. */
export interface ConditionRow extends Condition {
  row: number;
}

export interface PolicyForm {
  /** '' for all agents. */
  agentId: string;
  tool: string;
  conditions: ConditionRow[];
  action: string;
  /** The reason, or the description. */
  text: string;
  mode: ToolInvocationPolicy['mode'];
}

export const kActions: Record<Kind, { value: string; label: string; hint: string }[]> = {
  invocation: [
    { value: 'block_always', label: 'Block', hint: 'Such a call is refused. The answer reaches the client without its tool calls and says why.' },
    {
      value: 'block_when_context_is_untrusted',
      label: 'Block when the context is untrusted',
      hint: 'Refused once something that nobody trusts is in the history, such as a web page or a mail.',
    },
    {
      value: 'allow_when_context_is_untrusted',
      label: 'Allow when the context is untrusted',
      hint: 'An exception for agents that refuse tools in an untrusted context. It lifts no block.',
    },
  ],
  trusted: [
    { value: 'mark_as_trusted', label: 'Trust', hint: 'The result leaves the context as it is.' },
    { value: 'mark_as_untrusted', label: 'Distrust', hint: 'The context is untrusted from then on, whatever else trusts the result.' },
    { value: 'block_always', label: 'Block', hint: 'The model never sees the result; the description stands in its place.' },
  ],
};

export const kModes = [
  { value: 'enforce', label: 'Enforce', hint: 'It decides.' },
  {
    value: 'observe',
    label: 'Observe',
    hint: 'It decides nothing. Metrics, spans and the log say would_block where it would have refused: a way to see it at work first.',
  },
];

export function emptyForm(kind: Kind, tool = '', agentId = ''): PolicyForm {
  return { agentId, tool, conditions: [], action: kActions[kind][0]!.value, text: '', mode: 'enforce' };
}

export function toForm(policy: ToolInvocationPolicy | TrustedDataPolicy): PolicyForm {
  return {
    agentId: policy.agentId ?? '',
    tool: policy.tool,
    conditions: policy.conditions.map((condition, row) => ({ ...condition, row })),
    action: policy.action,
    text: 'reason' in policy ? policy.reason : policy.description,
    mode: 'mode' in policy ? policy.mode : 'enforce',
  };
}

export function toBody(kind: Kind, form: PolicyForm): InvocationBody | TrustedBody {
  const shared = {
    agentId: form.agentId === '' ? null : form.agentId,
    tool: form.tool,
    conditions: form.conditions.map(({ key, operator, value }) => ({ key, operator, value })),
  };
  return kind === 'invocation'
    ? { ...shared, action: form.action as ToolInvocationPolicy['action'], reason: form.text, mode: form.mode }
    : { ...shared, action: form.action as TrustedDataPolicy['action'], description: form.text };
}

export interface ProblemPlace {
  field: 'agentId' | 'tool' | 'conditions' | 'condition' | 'text' | 'form';
  /** Of a condition. */
  index?: number;
  part?: 'key' | 'value';
}

/** Where in the form a refusal of the API belongs, and what of it is still to be said there. */
export function placeOfProblem(message: string): ProblemPlace & { text: string } {
  const condition = /^Condition (\d+): (.*)$/s.exec(message);
  if (condition !== null) {
    const text = condition[2]!;
    return { field: 'condition', index: Number(condition[1]) - 1, part: /^The key\b/.test(text) ? 'key' : 'value', text };
  }
  const member = /^"conditions\[(\d+)\]\.?(\w*)"/.exec(message);
  if (member !== null)
    return { field: 'condition', index: Number(member[1]), part: member[2] === 'key' ? 'key' : 'value', text: message };
  if (/^There are \d+ conditions/.test(message)) return { field: 'conditions', text: message };
  if (/^The tool's name\b|^"tool"/.test(message)) return { field: 'tool', text: message };
  if (/^The (?:reason|description)\b|^"(?:reason|description)"/.test(message)) return { field: 'text', text: message };
  if (/^"agentId"/.test(message)) return { field: 'agentId', text: message };
  return { field: 'form', text: message };
}
