import { PageHeader } from '@/components/PageHeader.tsx';

export default function PoliciesPage() {
  return <PageHeader title="Policies" />;
}
