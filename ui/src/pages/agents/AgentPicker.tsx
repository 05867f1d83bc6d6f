import { useMemo } from 'react';
import { SearchSelect } from '@/components/Combobox.tsx';
import { useAgents } from './agents_data.ts';

/** One agent by its id, or '' for all of them. */
export function AgentPicker({
  value,
  onChange,
  ...rest
}: {
  value: string;
  onChange: (id: string) => void;
  prefix?: string;
  prefixWidth?: string;
  className?: string;
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
      {...rest}
      label={rest.id === undefined ? 'Agent' : undefined}
      value={value}
      onChange={onChange}
      options={options}
      none={agents.isPending ? 'Loading…' : 'No agent has this in its name.'}
    />
  );
}
