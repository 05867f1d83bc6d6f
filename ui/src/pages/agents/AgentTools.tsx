import { Link } from 'wouter';
import type { Agent } from '@/api/types.ts';
import { Card } from '@/components/Card.tsx';
import { Skeleton } from '@/components/states.tsx';
import { formatCount } from '@/format/numbers.ts';
import { useInvocationPolicies } from '@/pages/policies/policies_data.ts';
import { invocationPoliciesFor, verdictOf } from '@/pages/policies/verdict.ts';
import { useTools } from '@/pages/tools/tools_data.ts';
import { VerdictBadge } from '@/pages/tools/VerdictBadge.tsx';
import styles from './AgentPage.module.css';

const kShown = 8;

/** What the agent may call, at a glance. */
export function AgentTools({ agent }: { agent: Agent }) {
  const tools = useTools({ agentId: agent.id, limit: kShown, sortBy: 'name' });
  const policies = useInvocationPolicies();
  const more = (tools.data?.pagination.total ?? 0) - kShown;
  return (
    <Card title="What it may call" actions={<Link href={`/tools?agent=${agent.id}`}>Tools</Link>}>
      {tools.isError || policies.isError ? (
        <p className={styles['hint']}>{(tools.error ?? policies.error)?.message}</p>
      ) : tools.data === undefined || policies.data === undefined ? (
        <Skeleton height="4rem" />
      ) : tools.data.data.length === 0 ? (
        <p className={styles['hint']}>No tools yet. They are here once a request declares them.</p>
      ) : (
        <ul className={styles['tools']}>
          {tools.data.data.map((tool) => (
            <li key={tool.id}>
              <Link href={`/tools?agent=${agent.id}&tool=${tool.id}`} className="truncate" title={tool.name}>
                <bdi>{tool.name}</bdi>
              </Link>
              <VerdictBadge verdict={verdictOf(tool, agent, invocationPoliciesFor(tool, policies.data))} />
            </li>
          ))}
          {more > 0 && <li className={styles['hint']}>and {formatCount(more)} more</li>}
        </ul>
      )}
    </Card>
  );
}
