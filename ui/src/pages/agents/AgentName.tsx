import { Link } from 'wouter';
import { Skeleton } from '@/components/states.tsx';
import { useAgentsById } from './agents_data.ts';

/** The name of an agent as a link to it; `id` null stands for all agents. */
export function AgentName({ id }: { id: string | null }) {
  const agent = useAgentsById().get(id ?? '');
  if (id === null) return <span className="muted">All agents</span>;
  if (agent === undefined) return <Skeleton width="6rem" />;
  return (
    <Link href={`/agents/${id}`} title={agent.name}>
      <bdi>{agent.name}</bdi>
    </Link>
  );
}
