import { PageHeader } from '@/components/PageHeader.tsx';

export default function AgentPage() {
  return <PageHeader title="Agent" />;
}
