import { ChevronsUpDown } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './Field.module.css';

export interface Option {
  value: string;
  label: string;
  /** Options of one group stand together below its name. */
  group?: string;
}

/**
 * One of some options. Outside of a Field, `label` is its name for screen readers; `prefix` stands before the value
 * ("Group by") and takes `prefixWidth`.
 */
export function Select({
  label,
  prefix,
  prefixWidth,
  value,
  onChange,
  options,
  small = false,
  ...rest
}: {
  label?: string;
  prefix?: ReactNode;
  prefixWidth?: string;
  value: string;
  onChange: (value: string) => void;
  options: Option[];
  small?: boolean;
} & Omit<ComponentProps<'select'>, 'onChange' | 'value' | 'prefix' | 'children' | 'className'>) {
  const groups = [...new Set(options.map((option) => option.group ?? ''))];
  const choices = (group: string) =>
    options
      .filter((option) => (option.group ?? '') === group)
      .map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ));
  return (
    <span className={styles['selectBox']}>
      {prefix !== undefined && (
        <span className={styles['prefix']} aria-hidden="true">
          {prefix}
        </span>
      )}
      <select
        aria-label={label}
        {...rest}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={cx(styles['control'], styles['select'], small && styles['small'])}
        style={prefix === undefined ? undefined : { paddingInlineStart: `calc(0.875rem + ${prefixWidth ?? '3rem'})` }}
      >
        {groups.map((group) =>
          group === '' ? (
            choices(group)
          ) : (
            <optgroup key={group} label={group}>
              {choices(group)}
            </optgroup>
          ),
        )}
      </select>
      <ChevronsUpDown className={styles['chevron']} aria-hidden="true" />
    </span>
  );
}
