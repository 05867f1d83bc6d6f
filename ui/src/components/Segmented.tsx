import { useId, type ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './Segmented.module.css';
import { tooltip } from './Tooltip.tsx';

/** One of a few choices, all in sight; the arrow keys go from one to the next. */
export function Segmented<V extends string>({
  label,
  value,
  onChange,
  options,
  small = false,
}: {
  label: string;
  value: V;
  onChange: (value: V) => void;
  /** `icon` stands for the label, which is then shown as a help. */
  options: { value: V; label: string; icon?: ReactNode }[];
  small?: boolean;
}) {
  const name = useId();
  return (
    <fieldset className={cx(styles['group'], small && styles['small'])}>
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles['item']} {...(option.icon ? tooltip(option.label) : {})}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className={styles['radio']}
          />
          {option.icon ? (
            <>
              {option.icon}
              <span className="visually-hidden">{option.label}</span>
            </>
          ) : (
            option.label
          )}
        </label>
      ))}
    </fieldset>
  );
}
