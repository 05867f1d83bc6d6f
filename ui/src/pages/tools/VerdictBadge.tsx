import { Badge, type Tone } from '@/components/Badge.tsx';
import type { Verdict, VerdictId } from '@/pages/policies/verdict.ts';

const kLooks: Record<VerdictId, { tone: Tone; text: string }> = {
  allowed: { tone: 'good', text: 'Allowed' },
  blocked: { tone: 'bad', text: 'Blocked' },
  conditional: { tone: 'warn', text: 'Conditional' },
  observed: { tone: 'accent', text: 'Observed' },
};

export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  const { tone, text } = kLooks[verdict.id];
  return (
    <span title={verdict.why}>
      <Badge tone={tone} dot>
        {text}
      </Badge>
    </span>
  );
}
