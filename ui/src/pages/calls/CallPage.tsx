import { PageHeader } from '@/components/PageHeader.tsx';

export default function CallPage() {
  return <PageHeader title="Call" />;
}
