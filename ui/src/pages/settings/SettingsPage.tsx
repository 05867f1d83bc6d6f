import { PageHeader } from '@/components/PageHeader.tsx';

export default function SettingsPage() {
  return <PageHeader title="Settings" />;
}
