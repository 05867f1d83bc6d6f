import { PageHeader } from '@/components/PageHeader.tsx';

export default function ToolsPage() {
  return <PageHeader title="Tools" />;
}
