import { useId } from 'react';
import styles from './RadioList.module.css';

/** One of a few choices, each with what it means. */
export function RadioList<V extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: V;
  onChange: (value: V) => void;
  options: { value: V; label: string; hint: string }[];
}) {
  const name = useId();
  return (
    <fieldset className={styles['list']}>
      <legend>{label}</legend>
      {options.map((option) => (
        <div key={option.value} className={styles['item']}>
          <input
            type="radio"
            id={`${name}-${option.value}`}
            name={name}
            checked={option.value === value}
            aria-describedby={`${name}-${option.value}-hint`}
            onChange={() => onChange(option.value)}
          />
          <label htmlFor={`${name}-${option.value}`}>{option.label}</label>
          <p id={`${name}-${option.value}-hint`}>{option.hint}</p>
        </div>
      ))}
    </fieldset>
  );
}
