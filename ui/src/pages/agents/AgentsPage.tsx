import { PageHeader } from '@/components/PageHeader.tsx';

export default function AgentsPage() {
  return <PageHeader title="Agents" />;
}
