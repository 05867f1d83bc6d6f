import { Badge } from '@/components/Badge.tsx';
import type { ToolInvocationPolicy, TrustedDataPolicy } from '@/api/types.ts';
import { kInvocationActions, kTrustActions } from './policy_words.ts';

export function InvocationBadge({ policy }: { policy: Pick<ToolInvocationPolicy, 'action' | 'mode'> }) {
  const isBlock = policy.action !== 'allow_when_context_is_untrusted';
  // What only observes is not shown in the colour of what it would do.
  const tone = policy.mode === 'observe' ? 'accent' : isBlock ? 'bad' : 'good';
  return <Badge tone={tone}>{kInvocationActions[policy.action]}</Badge>;
}

export function TrustBadge({ policy }: { policy: Pick<TrustedDataPolicy, 'action'> }) {
  const tone = { mark_as_trusted: 'good', mark_as_untrusted: 'warn', block_always: 'bad' } as const;
  return <Badge tone={tone[policy.action]}>{kTrustActions[policy.action]}</Badge>;
}

export function ModeBadge({ mode }: { mode: ToolInvocationPolicy['mode'] }) {
  return mode === 'observe' ? <Badge tone="accent">Observes</Badge> : <Badge>Enforced</Badge>;
}
