import { Combobox } from '@base-ui/react/combobox';
import { Check, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import field from './Field.module.css';
import popup from './popup.module.css';
import styles from './SearchSelect.module.css';
import type { Option } from './Select.tsx';

const kShown = 100;

/** One of so many options that one has to search among them. `label` is its name for screen readers. */
export function SearchSelect({
  label,
  prefix,
  value,
  onChange,
  options,
  id,
  placeholder = 'Search…',
  none = 'None fits.',
  wide = false,
  ...aria
}: {
  label: string;
  prefix?: ReactNode;
  value: string;
  onChange: (value: string) => void;
  options: Option[];
  id?: string;
  placeholder?: string;
  /** What the list says when no option fits. */
  none?: string;
  /** As wide as its place, for forms. */
  wide?: boolean;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: boolean | undefined;
}) {
  const chosen = options.find((option) => option.value === value) ?? { value, label: value };
  return (
    <Combobox.Root
      items={options}
      value={chosen}
      onValueChange={(next) => next !== null && onChange(next.value)}
      itemToStringLabel={(option: Option) => option.label}
      isItemEqualToValue={(a: Option, b: Option) => a.value === b.value}
      limit={kShown}
      autoHighlight
    >
      <Combobox.Trigger {...aria} id={id} aria-label={`${label}: ${chosen.label}`} className={cx(field['control'], styles['trigger'], wide && styles['wide'])}>
        {prefix !== undefined && <span className={styles['prefix']}>{prefix}</span>}
        <span className="truncate">{chosen.label}</span>
        <ChevronsUpDown aria-hidden="true" />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner className={popup['positioner']} sideOffset={4} align="start">
          <Combobox.Popup className={popup['popup']} aria-label={label}>
            <div className={styles['search']}>
              <Combobox.Input placeholder={placeholder} aria-label={`Search: ${label}`} />
            </div>
            <Combobox.Empty className={styles['empty']}>{none}</Combobox.Empty>
            <Combobox.List>
              {(option: Option) => (
                <Combobox.Item key={option.value} value={option} className={popup['item']}>
                  <span className={popup['mark']}>
                    <Combobox.ItemIndicator>
                      <Check aria-hidden="true" />
                    </Combobox.ItemIndicator>
                  </span>
                  <span className="truncate">{option.label}</span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
