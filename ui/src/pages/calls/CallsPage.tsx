import { PageHeader } from '@/components/PageHeader.tsx';

export default function CallsPage() {
  return <PageHeader title="Calls" />;
}
