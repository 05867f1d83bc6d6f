import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import field from './Field.module.css';
import popup from './popup.module.css';

export interface Option {
  value: string;
  label: string;
  /** Options of one group stand together below its name. */
  group?: string;
}

/** One of some options. `label` is its name for screen readers; `prefix` is shown before the value ("Group by"). */
export function Select({
  label,
  prefix,
  value,
  onChange,
  options,
  small = false,
  disabled = false,
  id,
}: {
  label: string;
  prefix?: ReactNode;
  value: string;
  onChange: (value: string) => void;
  options: Option[];
  small?: boolean;
  disabled?: boolean;
  id?: string;
}) {
  const groups = [...new Set(options.map((option) => option.group ?? ''))];
  const item = (option: Option) => (
    <Base.Item key={option.value} value={option.value} className={popup['item']}>
      <span className={popup['mark']}>
        <Base.ItemIndicator>
          <Check aria-hidden="true" />
        </Base.ItemIndicator>
      </span>
      <Base.ItemText className="truncate">{option.label}</Base.ItemText>
    </Base.Item>
  );
  return (
    <Base.Root
      items={options}
      value={value}
      onValueChange={(next) => onChange(next ?? '')}
      disabled={disabled}
    >
      <Base.Trigger id={id} aria-label={label} className={cx(field['control'], field['select'], small && field['small'])}>
        {prefix !== undefined && <span className={field['prefix']}>{prefix}</span>}
        <Base.Value className="truncate" />
        <Base.Icon className={field['icon']}>
          <ChevronsUpDown aria-hidden="true" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={popup['positioner']} sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className={popup['popup']}>
            <Base.List>
              {groups.map((group) => (
                <Base.Group key={group}>
                  {group !== '' && <Base.GroupLabel className={popup['groupLabel']}>{group}</Base.GroupLabel>}
                  {options.filter((option) => (option.group ?? '') === group).map(item)}
                </Base.Group>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
