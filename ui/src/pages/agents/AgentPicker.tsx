import { useMemo } from 'react';
import { SearchSelect } from '@/components/SearchSelect.tsx';
import { useAgents } from './agents_data.ts';

/** One agent by its id, or '' for all of them. */
export function AgentPicker({
  value,
  onChange,
  wide = false,
  prefix,
  ...ids
}: {
  value: string;
  onChange: (id: string) => void;
  wide?: boolean;
  prefix?: string;
  id?: string;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: boolean | undefined;
}) {
  const agents = useAgents();
  const options = useMemo(
    () => [{ value: '', label: 'All agents' }, ...(agents.data ?? []).map(({ id, name }) => ({ value: id, label: name }))],
    [agents.data],
  );
  return (
    <SearchSelect
      {...ids}
      label="Agent"
      prefix={prefix}
      wide={wide}
      value={value}
      onChange={onChange}
      options={options}
      placeholder="Search agents"
      none={agents.isPending ? 'Loading…' : 'No agent has this in its name.'}
    />
  );
}
